//! How long a client is willing to wait, as far as that can be read.
//!
//! Source: apiserver v0.34.3, pkg/endpoints/filters/request_deadline.go; Go 1.24 `time`, `ParseDuration`.

use super::call::Call;
use super::caller;
use super::query::Query;
use super::route::Route;
use crate::store::status::Status;

const UNITS: [&str; 8] = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
/// Subresources whose requests take as long as they take.
const LONG: [&str; 5] = ["attach", "exec", "proxy", "log", "portforward"];

/// Refuses a request whose `timeout` is no duration, unless it may take any time.
pub(super) fn check(call: &Call, route: &Route) -> Result<(), Status> {
    let query = call.uri.query().filter(|query| query.contains("timeout="));
    let Some(query) = query.map(Query::parse) else {
        return Ok(());
    };
    let is_long = match route {
        Route::Resource(target) => {
            let part = target.subresource.split('/').next().unwrap_or_default();
            caller::verb(call, target) == "watch" || LONG.contains(&part)
        }
        _ => false,
    };
    let fault = query.get("timeout").filter(|_| !is_long).and_then(fault);
    fault.map_or(Ok(()), |why| {
        Err(Status::bad_request(format!(
            "invalid timeout specified in the request URL - {why}"
        )))
    })
}

/// Why a text is no duration to Go.
fn fault(text: &str) -> Option<String> {
    let invalid = || Some(format!("time: invalid duration {text:?}"));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return None;
    }
    if rest.is_empty() {
        return invalid();
    }
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, behind) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        let is_digit = |byte: u8| byte.is_ascii_digit();
        if !number.bytes().any(is_digit) || number.matches('.').count() > 1 {
            return invalid();
        }
        let (unit, next) = behind.split_at(behind.find(is_number).unwrap_or(behind.len()));
        if unit.is_empty() {
            return Some(format!("time: missing unit in duration {text:?}"));
        }
        if !UNITS.contains(&unit) {
            return Some(format!("time: unknown unit {unit:?} in duration {text:?}"));
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Source: kube-apiserver v1.34.3.
    #[rstest]
    #[case("0", None)]
    #[case("-5s", None)]
    #[case("1.5h3m", None)]
    #[case("abc", Some("time: invalid duration \"abc\""))]
    #[case(".s", Some("time: invalid duration \".s\""))]
    #[case("-", Some("time: invalid duration \"-\""))]
    #[case("5", Some("time: missing unit in duration \"5\""))]
    #[case("5x", Some("time: unknown unit \"x\" in duration \"5x\""))]
    fn a_duration_is_what_go_takes_for_one(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(fault(text).as_deref(), expected);
    }
}
