//! What must lie where the `scale` of a custom resource looks for its numbers.
//!
//! Source: apiextensions-apiserver v0.34.3, pkg/registry/customresource/validator.go; apimachinery v0.34,
//! pkg/apis/meta/v1/unstructured/helpers.go.

use super::cause;
use crate::json::Value;
use crate::store::kind::ScalePaths;
use crate::store::patch::check::go_type;
use crate::store::patch::refusal::go_text;
use crate::store::status::Cause;

/// What is wrong with the number of replicas that an object asks for.
pub(crate) fn spec_faults(paths: &ScalePaths, object: &Value) -> Vec<Cause> {
    replicas_fault(&paths.spec_replicas, object)
        .into_iter()
        .collect()
}

/// What is wrong with what the status of an object tells.
pub(crate) fn status_faults(paths: &ScalePaths, object: &Value) -> Vec<Cause> {
    let replicas = replicas_fault(&paths.status_replicas, object);
    let selector = || match find(object, &paths.selector) {
        Ok(None | Some(Value::String(_))) => None,
        Ok(Some(other)) => Some(mistyped(&paths.selector, other, "string")),
        Err(why) => Some(why),
    };
    let selector = (!paths.selector.is_empty()).then(selector).flatten();
    let selector = selector.map(|why| cause::invalid(&*paths.selector, &"".into(), &why));
    replicas.into_iter().chain(selector).collect()
}

fn replicas_fault(path: &str, object: &Value) -> Option<Cause> {
    let found = match find(object, path) {
        Ok(None) => return None,
        Ok(Some(found)) => found.as_i64().ok_or_else(|| mistyped(path, found, "int64")),
        Err(why) => Err(why),
    };
    let detail = match &found {
        Err(why) => why.clone(),
        Ok(..0) => "should be a non-negative integer".to_owned(),
        Ok(replicas) if *replicas > i64::from(i32::MAX) => {
            format!("should be less than or equal to {}", i32::MAX)
        }
        Ok(_) => return None,
    };
    let shown = found.unwrap_or(0);
    Some(cause::invalid(path, &shown.into(), &detail))
}

/// The value at a path such as `.spec.replicas`, if there is one.
fn find<'v>(object: &'v Value, path: &str) -> Result<Option<&'v Value>, String> {
    let mut found = object;
    let mut passed = String::new();
    for step in path.trim_start_matches('.').split('.') {
        passed = format!("{passed}.{step}");
        match found {
            Value::Null => return Ok(None),
            Value::Object(fields) => match fields.get(step) {
                Some(below) => found = below,
                None => return Ok(None),
            },
            other => return Err(mistyped(&passed, other, "map[string]interface{}")),
        }
    }
    Ok(Some(found))
}

fn mistyped(path: &str, found: &Value, expected: &str) -> String {
    format!(
        ".{} accessor error: {} is of the type {}, expected {expected}",
        path.trim_start_matches('.'),
        go_text(found),
        go_type(found)
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn told(causes: &[Cause]) -> Vec<String> {
        causes.iter().map(Cause::to_string).collect()
    }

    #[rstest]
    #[case::nothing(json!({}), &[])]
    #[case::numbers(json!({"spec": {"replicas": 1}, "status": {"replicas": 2, "selector": "a=b"}}), &[])]
    #[case::null(json!({"spec": null}), &[])]
    #[case::negative(json!({"spec": {"replicas": -1}}), &[".spec.replicas: Invalid value: -1: should be a non-negative integer"])]
    #[case::too_large(json!({"status": {"replicas": 2_147_483_648_u64}}), &[".status.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647"])]
    #[case::a_list_on_the_way(json!({"spec": ["x"]}), &[".spec.replicas: Invalid value: 0: .spec.replicas accessor error: [x] is of the type []interface {}, expected map[string]interface{}"])]
    #[case::a_text(json!({"spec": {"replicas": "x"}}), &[".spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64"])]
    #[case::no_selector(json!({"status": {"selector": 5}}), &[".status.selector: Invalid value: \"\": .status.selector accessor error: 5 is of the type int64, expected string"])]
    fn what_a_scale_cannot_read(#[case] object: Value, #[case] expected: &[&str]) {
        let paths = ScalePaths {
            spec_replicas: ".spec.replicas".to_owned(),
            status_replicas: ".status.replicas".to_owned(),
            selector: ".status.selector".to_owned(),
        };
        let causes = [spec_faults(&paths, &object), status_faults(&paths, &object)];
        assert_eq!(told(&causes.concat()), expected);
    }
}
