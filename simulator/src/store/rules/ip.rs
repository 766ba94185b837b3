//! Addresses: what is one, where one may lie, and to whom it belongs.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateEndpointIP`, and
//! `pkg/apis/networking/validation/validation.go`; apimachinery v0.34 `pkg/util/validation/ip.go`.

use std::net::IpAddr;

use super::ingress::ADDRESS;
use crate::json::Value;
use crate::store::naming::{path_segment_fault, subdomain_fault};
use crate::store::schema::cause::{invalid, invalid_shown, required};
use crate::store::status::Cause;

/// What is wrong with the record of an address that is in use, which stays with whom it belongs to.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let parent = &new["spec"]["parentRef"];
    let mut causes = Vec::new();
    if let Some(old) = old {
        if old["spec"]["parentRef"] != *parent {
            let text = shown(parent);
            let why = "field is immutable";
            causes.push(invalid_shown("spec.parentRef", &text, why));
        }
        return causes;
    }
    strict_faults("metadata.name", &new["metadata"]["name"], &mut causes);
    if parent.is_null() {
        causes.push(required("spec.parentRef", ""));
        return causes;
    }
    let text = |field: &str| parent[field].as_str().unwrap_or_default();
    let at = |field: &str| format!("spec.parentRef.{field}");
    if !text("group").is_empty()
        && let Some(why) = subdomain_fault(text("group"))
    {
        causes.push(invalid(at("group"), &parent["group"], &why));
    }
    for field in ["resource", "name", "namespace"] {
        match path_segment_fault(text(field)) {
            _ if text(field).is_empty() && field == "namespace" => {}
            _ if text(field).is_empty() => causes.push(required(at(field), "")),
            Some(why) => causes.push(invalid(at(field), &parent[field], &why)),
            None => {}
        }
    }
    causes
}

/// What is wrong with a range of the addresses of services, which stays what it is: at most one of each family.
pub(super) fn range_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let (ranges, field) = (&new["spec"]["cidrs"], "spec.cidrs");
    let list = ranges.as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(old) = old {
        let old = &old["spec"]["cidrs"];
        let is_kept = old.as_array().is_none_or(|old| list.starts_with(old));
        return match is_kept {
            true => Vec::new(),
            false => vec![invalid(field, ranges, "field is immutable")],
        };
    }
    match list.len() {
        0 => return vec![required(field, "at least one CIDR required")],
        1 | 2 => {}
        _ => {
            let text = format!("{{\"CIDRs\":{ranges}}}");
            let why = "may only hold up to 2 values";
            return vec![invalid_shown(field, &text, why)];
        }
    }
    let mut causes = Vec::new();
    let families = list.iter().map(|range| {
        let text = range.as_str().unwrap_or_default();
        text.split_once('/')?
            .0
            .parse()
            .ok()
            .map(|ip: IpAddr| ip.is_ipv4())
    });
    let families = Vec::from_iter(families.flatten());
    if families.len() == 2 && families[0] == families[1] {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        causes.push(invalid(field, ranges, why));
    }
    for (index, range) in list.iter().enumerate() {
        causes.extend(range_fault(range).map(|why| {
            let field = format!("{field}[{index}]");
            invalid(field, range, &why)
        }));
    }
    causes
}

/// What is wrong with a range that is written in the one form that it has.
///
/// Source: apimachinery v0.34 `pkg/util/validation/ip.go`, `IsValidCIDR`.
fn range_fault(range: &Value) -> Option<String> {
    let text = range.as_str().unwrap_or_default();
    let parsed = text.split_once('/').and_then(|(address, bits)| {
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= most)?;
        Some((address, bits, most))
    });
    let Some((address, bits, most)) = parsed else {
        let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        return Some(why.to_owned());
    };
    let number = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    if number.trailing_zeros() < most - bits && number != 0 {
        return Some("must not have bits set beyond the prefix length".to_owned());
    }
    let canonical = format!("{address}/{bits}");
    (canonical != text).then(|| format!("must be in canonical form ({canonical:?})"))
}

/// A reference as Go shows its struct.
fn shown(parent: &Value) -> String {
    let text = |field: &str| parent[field].as_str().unwrap_or_default();
    format!(
        "{{\"Group\":{:?},\"Resource\":{:?},\"Namespace\":{:?},\"Name\":{:?}}}",
        text("group"),
        text("resource"),
        text("namespace"),
        text("name")
    )
}

/// What is wrong with an address that is written in the one form that it has.
pub(super) fn strict_faults(field: &str, address: &Value, causes: &mut Vec<Cause>) {
    let text = address.as_str().unwrap_or_default();
    match text.parse::<IpAddr>() {
        Err(_) => causes.push(invalid(field, address, ADDRESS)),
        Ok(parsed) if parsed.to_string() != text => {
            let why = format!("must be in canonical form (\"{parsed}\")");
            causes.push(invalid(field, address, &why));
        }
        Ok(_) => {}
    }
}

/// What is wrong with the address of somebody who is to be reached.
pub(super) fn reach_faults(field: &str, address: &Value, causes: &mut Vec<Cause>) {
    let text = address.as_str().unwrap_or_default();
    let Ok(parsed) = text.parse::<IpAddr>() else {
        causes.push(invalid(field, address, "must be a valid IP address"));
        return;
    };
    let (is_local, is_local_group) = match parsed.to_canonical() {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            (first & 0xffc0 == 0xfe80, first & 0xff0f == 0xff02)
        }
    };
    let unspecified = format!("may not be unspecified ({text})");
    let wrongs = [
        (parsed.is_unspecified(), unspecified.as_str()),
        (
            parsed.to_canonical().is_loopback(),
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            is_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (
            is_local_group,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    ];
    for (_, why) in wrongs.into_iter().filter(|(is_wrong, _)| *is_wrong) {
        causes.push(invalid(field, address, why));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.0.0.1", &[])]
    #[case("2001:db8::1", &[])]
    #[case("x", &["Invalid value: \"x\": must be a valid IP address"])]
    #[case("0.0.0.0", &["Invalid value: \"0.0.0.0\": may not be unspecified (0.0.0.0)"])]
    #[case("::1", &["Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"])]
    #[case("169.254.1.1", &["Invalid value: \"169.254.1.1\": may not be in the link-local range (169.254.0.0/16, fe80::/10)"])]
    #[case("224.0.0.9", &["Invalid value: \"224.0.0.9\": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"])]
    fn an_endpoint_lies_where_it_can_be_reached(#[case] address: &str, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        reach_faults("ip", &address.into(), &mut causes);
        let found: Vec<_> = causes.into_iter().map(|cause| cause.message).collect();
        assert_eq!(found, expected);
    }
}
