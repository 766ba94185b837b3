//! The patch of a mutating webhook.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/webhook/mutating/dispatcher.go; gopkg.in/evanphx/json-patch.v4 4.12.0.

use crate::json::{List, Value, json, parsed};
use crate::store::json_type::json_type;
use crate::store::patch::json::json_patch;

/// The operations of a patch.
///
/// # Errors
/// It is none, in the words of the library that kube-apiserver uses.
pub(super) fn operations(patch: &[u8]) -> Result<List, String> {
    match parsed(patch)? {
        Value::Array(operations) => Ok(operations),
        Value::Null => Ok(List::default()),
        other => {
            let found = json_type(&other);
            Err(format!(
                "json: cannot unmarshal {found} into Go value of type jsonpatch.Patch"
            ))
        }
    }
}

/// What operations make of `object`.
///
/// # Errors
/// The first that does not apply, in the words of that library.
pub(super) fn patched(object: &Value, operations: &[Value]) -> Result<Value, String> {
    let apply = |patched: Value, operation: &Value| {
        let one = json!([operation]).to_string();
        json_patch(&patched, one.as_bytes()).map_err(|_| misfit(&patched, operation))
    };
    operations.iter().try_fold(object.clone(), apply)
}

/// Why an operation does not apply to `object`.
fn misfit(object: &Value, operation: &Value) -> String {
    let text = |field: &str| operation[field].as_str().unwrap_or_default();
    let (op, path) = (text("op"), text("path"));
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", path));
    // The object as a whole lies in nothing.
    let has_parent = path.contains('/') && object.pointer(parent).is_some();
    match (op, has_parent) {
        ("add" | "remove", false) => {
            format!("{op} operation does not apply: doc is missing path: {path:?}: missing value")
        }
        ("remove", true) => format!(
            "error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
        ),
        ("replace", false) => {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        }
        ("replace", true) => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        ("test", _) => format!("testing value {path} failed: test failed"),
        ("add", true) => {
            format!(
                "error in add for path: '{path}': Unable to access invalid index: {key}: invalid index referenced"
            )
        }
        ("move" | "copy", _) => {
            let from = text("from");
            format!(
                "{op} operation does not apply: doc is missing from path: {from}: missing value"
            )
        }
        (op, _) => format!("Unexpected kind: {op}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::added(r#"[{"op": "add", "path": "/a/c", "value": 2}]"#, Ok(json!({"a": {"b": 1, "c": 2}})))]
    #[case::nothing("null", Ok(json!({"a": {"b": 1}})))]
    #[case::no_list(
        "{}",
        Err("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    )]
    #[case::no_field(
        r#"[{"op": "remove", "path": "/a/c"}]"#,
        Err(
            "error in remove for path: '/a/c': Unable to remove nonexistent key: c: missing value"
        )
    )]
    #[case::no_parent(
        r#"[{"op": "add", "path": "/x/y", "value": 1}]"#,
        Err("add operation does not apply: doc is missing path: \"/x/y\": missing value")
    )]
    #[case::whole(
        r#"[{"op": "remove", "path": ""}]"#,
        Err("remove operation does not apply: doc is missing path: \"\": missing value")
    )]
    #[case::test(
        r#"[{"op": "test", "path": "/a/b", "value": 2}]"#,
        Err("testing value /a/b failed: test failed")
    )]
    #[case::unknown(r#"[{"op": "put", "path": "/a"}]"#, Err("Unexpected kind: put"))]
    fn a_patch_is_applied_or_says_why_not(
        #[case] patch: &str,
        #[case] expected: Result<Value, &str>,
    ) {
        let object = json!({"a": {"b": 1}});
        let patched = operations(patch.as_bytes()).and_then(|all| patched(&object, &all));
        assert_eq!(patched, expected.map_err(str::to_owned));
    }
}
