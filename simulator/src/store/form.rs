//! Objects in the version of a request and as they are stored, with their type and without it.

use super::object::Object;
use super::registry::{Conversion, Served};
use super::rules;
use crate::json::Value;

/// The stored form of an object in the version of the request.
pub(super) fn stored_form(served: &Served, value: Value) -> Value {
    match served.conversion {
        Conversion::None | Conversion::Webhook => value,
        Conversion::Events => rules::to_core_event(value),
        Conversion::Autoscalers => rules::to_new_autoscaler(value),
    }
}

/// A stored object in the version of the request, with `apiVersion` and `kind`.
pub(super) fn to_version(served: &Served, object: &Object) -> Value {
    let mut value = served.view(object).into_owned();
    name_type(served, &mut value);
    value
}

pub(super) fn name_type(served: &Served, value: &mut Value) {
    value["apiVersion"] = served.kind.api_version().into();
    value["kind"] = served.kind.kind.clone().into();
}

/// Drops `apiVersion` and `kind`.
pub(super) fn drop_type(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
}
