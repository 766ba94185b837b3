//! A binding: where a policy counts, with which parameters, and what follows from a denial.

use crate::json::Value;
use crate::store::admission::{Resources, Target};
use crate::store::object::{Object, texts};
use crate::store::selector::LabelSelector;

/// A ValidatingAdmissionPolicyBinding.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) policy: String,
    /// `None` for whatever the policy is about.
    resources: Option<Resources>,
    pub(super) parameters: Option<ParameterReference>,
    pub(super) denies: bool,
    pub(super) warns: bool,
}

/// `paramRef`.
#[derive(Debug)]
pub(super) struct ParameterReference {
    /// Empty if they are selected.
    pub(super) name: String,
    /// Empty for the namespace of the request.
    pub(super) namespace: String,
    pub(super) selector: LabelSelector,
    /// Whether it is a denial if there are none.
    pub(super) denies_absence: bool,
}

impl Binding {
    /// Reads what validation has passed.
    pub(super) fn read(object: &Object) -> Self {
        let spec = &object.value()["spec"];
        let given = |field: &str| spec.get(field).filter(|value| value.is_object());
        let actions = texts(&spec["validationActions"]);
        Self {
            name: object.name().to_owned(),
            policy: text(spec, "policyName"),
            resources: given("matchResources").map(Resources::read),
            parameters: given("paramRef").map(ParameterReference::read),
            denies: actions.contains(&"Deny"),
            warns: actions.contains(&"Warn"),
        }
    }

    /// Whether it is about a write that its policy is about.
    pub(super) fn is_about(&self, target: &Target) -> bool {
        let resources = self.resources.as_ref();
        resources.is_none_or(|resources| resources.matched(target).is_some())
    }
}

impl ParameterReference {
    fn read(value: &Value) -> Self {
        Self {
            name: text(value, "name"),
            namespace: text(value, "namespace"),
            selector: LabelSelector::read(&value["selector"]),
            denies_absence: value["parameterNotFoundAction"] == "Deny",
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
