//! Role bindings.

use serde_json::{Value, json};

use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

/// A binding stays with its role.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if old.is_none_or(|old| old["roleRef"] == new["roleRef"]) {
        return Vec::new();
    }
    let role = &new["roleRef"];
    let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
    vec![invalid_json(
        "roleRef",
        &shown.to_string(),
        "cannot change roleRef",
    )]
}
