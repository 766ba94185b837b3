//! What Go leaves out of an object: numbers, texts, lists and maps that are zero, where their fields are no pointers.
//!
//! What is in the spec of a pod stands in `pod_zero`.
//!
//! Source: kubernetes v1.34 `staging/src/k8s.io/api` and `kube-aggregator`, the fields with `omitempty`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::pod_zero::is_zero;
use crate::json::Value;
use crate::store::kind::Kind;

/// A line for each kind: its version, its name, and its fields. Those that are left out have a dash; what is in a field, or
/// in the elements of a list, stands in braces.
const ZEROS: &str = include_str!("zeros.txt");

static TABLE: LazyLock<BTreeMap<Name<'static>, Vec<Field>>> =
    LazyLock::new(|| ZEROS.lines().filter_map(of_kind).collect());

/// Group, version and name of a kind.
type Name<'a> = (&'a str, &'a str, &'a str);

/// A field, and what is in it.
#[derive(Debug, PartialEq)]
struct Field {
    name: &'static str,
    is_left_out: bool,
    below: Vec<Field>,
}

/// Leaves out of an object of a built-in kind what is zero, so that defaults take its place.
pub(in crate::store) fn leave_out_zeros(kind: &Kind, value: &mut Value) {
    let key = (
        kind.group.as_str(),
        kind.version.as_str(),
        kind.kind.as_str(),
    );
    if let Some(fields) = TABLE.get(&key) {
        leave_out(fields, value);
    }
}

fn leave_out(fields: &[Field], value: &mut Value) {
    match value {
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| leave_out(fields, element)),
        Value::Object(map) => {
            for field in fields {
                let Some(value) = map.get_mut(field.name) else {
                    continue;
                };
                leave_out(&field.below, value);
                if field.is_left_out && is_zero(value) {
                    map.remove(field.name);
                }
            }
        }
        _ => {}
    }
}

fn of_kind(line: &'static str) -> Option<(Name<'static>, Vec<Field>)> {
    let (version, rest) = line.split_once(' ')?;
    let (kind, mut rest) = rest.split_once(' ')?;
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    Some(((group, version, kind), fields(&mut rest)))
}

/// Reads fields up to the brace that closes them.
fn fields(rest: &mut &'static str) -> Vec<Field> {
    let mut fields = Vec::new();
    loop {
        *rest = rest.trim_start();
        let is_left_out = rest.starts_with('-');
        *rest = rest.trim_start_matches('-');
        let end = rest.find([' ', '{', '}']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        *rest = after;
        if name.is_empty() {
            *rest = rest.strip_prefix('}').unwrap_or(rest);
            return fields;
        }
        let mut below = Vec::new();
        if let Some(inside) = rest.strip_prefix('{') {
            *rest = inside;
            below = self::fields(rest);
        }
        fields.push(Field {
            name,
            is_left_out,
            below,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(TABLE.len(), ZEROS.lines().count());
        let is_read = |fields: &Vec<Field>| !fields.is_empty();
        assert!(TABLE.values().all(is_read));
    }

    #[test]
    fn what_is_zero_is_left_out_of_elements_too() {
        let fields = TABLE.get(&("", "v1", "Service")).unwrap();
        let mut service = json!({"spec": {
            "ports": [{"name": "", "port": 0}], "selector": {}, "publishNotReadyAddresses": false, "type": "",
            "allocateLoadBalancerNodePorts": false,
        }});
        leave_out(fields, &mut service);
        let expected = json!({"ports": [{"port": 0}], "allocateLoadBalancerNodePorts": false});
        assert_eq!(service["spec"], expected);
    }
}
