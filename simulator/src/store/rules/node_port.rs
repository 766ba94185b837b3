//! Ports of services on nodes, which the server gives out.
//!
//! Source: kubernetes v1.34 `pkg/registry/core/service/storage/alloc.go` and `pkg/registry/core/service/portallocator`.

use std::collections::BTreeSet;

use crate::json::Value;
use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

/// The range of `--service-node-port-range`.
const RANGE: std::ops::Range<i64> = 30_000..32_768;

/// Gives each of `ports` that names none the lowest that nobody has.
///
/// # Errors
/// What the server says of one that is out of range, or that another service has.
pub(super) fn give(ports: &mut Value, taken: &BTreeSet<i64>) -> Result<(), Vec<Cause>> {
    let mut own = BTreeSet::new();
    let mut causes = Vec::new();
    for (index, port) in ports.as_array().into_iter().flatten().enumerate() {
        let wanted = port["nodePort"].as_i64().unwrap_or(0);
        let why = match fault(wanted, taken) {
            _ if wanted == 0 => continue,
            Some(why) => why,
            None => {
                own.insert(wanted);
                continue;
            }
        };
        let field = format!("spec.ports[{index}].nodePort");
        causes.push(invalid_json(&field, &wanted.to_string(), why));
    }
    if !causes.is_empty() {
        return Err(causes);
    }
    let open = ports.as_array_mut().into_iter().flatten();
    for port in open.filter(|port| port["nodePort"].as_i64().unwrap_or(0) == 0) {
        let is_free = |free: &i64| !taken.contains(free) && !own.contains(free);
        if let Some(free) = RANGE.into_iter().find(is_free) {
            own.insert(free);
            port["nodePort"] = free.into();
        }
    }
    Ok(())
}

/// Gives a port that is to be this, or the lowest that nobody has if it is zero.
///
/// # Errors
/// What the server says of one that is out of range, or that somebody has.
pub(super) fn one(wanted: i64, taken: &BTreeSet<i64>) -> Result<i64, &'static str> {
    if wanted == 0 {
        let free = RANGE.into_iter().find(|port| !taken.contains(port));
        return Ok(free.unwrap_or_default());
    }
    fault(wanted, taken).map_or(Ok(wanted), Err)
}

fn fault(wanted: i64, taken: &BTreeSet<i64>) -> Option<&'static str> {
    if !RANGE.contains(&wanted) {
        Some("provided port is not in the valid range. The range of valid ports is 30000-32767")
    } else if taken.contains(&wanted) {
        Some("provided port is already allocated")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::free(json!([{}, {}]), Ok(json!([{"nodePort": 30001}, {"nodePort": 30002}])))]
    #[case::wanted(json!([{}, {"nodePort": 30001}]), Ok(json!([{"nodePort": 30002}, {"nodePort": 30001}])))]
    #[case::taken(json!([{}, {"nodePort": 30000}]), Err("spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated"))]
    #[case::out_of_range(json!([{"nodePort": 80}]), Err("spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"))]
    fn every_port_is_given_once(#[case] mut ports: Value, #[case] expected: Result<Value, &str>) {
        let given = give(&mut ports, &BTreeSet::from([30_000]));
        let told = given.map_err(|causes| format!("{}: {}", causes[0].field, causes[0].message));
        assert_eq!(told.map(|()| ports), expected.map_err(str::to_owned));
    }
}
