//! What classes make of new pods: how important they are, and what the program that runs them takes and needs. Of the
//! classes of importance one at most is the default.
//!
//! Source: kubernetes v1.34 `plugin/pkg/admission/priority/admission.go` and
//! `plugin/pkg/admission/runtimeclass/admission.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::Attempt;
use super::kernel::Kernel;
use super::kind::Kind;
use super::object::{Key, Object};
use super::quota::Amount;
use super::request::Request;
use super::status::Status;
use crate::ids::Ids;
use crate::json::{Value, json};

const SCHEDULING: &str = "scheduling.k8s.io";

impl Kernel {
    /// Refuses a new pod whose account or classes are missing, or that contradicts them.
    pub(super) fn admit_pod(&self, request: &Request, value: &Value) -> Result<(), Status> {
        self.admit_account(request, value)?;
        if !request.served.kind.is("", "Pod") {
            return Ok(());
        }
        let why = self.contradiction(&value["spec"]);
        why.map_or(Ok(()), |why| {
            let metadata = &value["metadata"];
            let text = |field: &str| metadata[field].as_str().filter(|text| !text.is_empty());
            let name = text("name").or(text("generateName")).unwrap_or_default();
            let resource = request.served.kind.resource();
            Err(Status::forbidden(&resource, name, &why))
        })
    }

    /// Writes what accounts and classes give a new object.
    pub(super) fn complete(&self, request: &Request, value: &mut Value, ids: &mut Ids) {
        self.give_account(request, value, ids);
        self.give_classes(&request.served.kind, value);
    }

    /// Writes what its classes give a new pod, and the default class into what names none.
    pub(super) fn give_classes(&self, kind: &Kind, value: &mut Value) {
        self.give_default_class(kind, value);
        if !kind.is("", "Pod") || !value["spec"].is_object() {
            return;
        }
        let spec = &mut value["spec"];
        if let Some(class) = self.importance(spec) {
            let class = class.value();
            spec["priorityClassName"] = class["metadata"]["name"].clone();
            spec["priority"] = class["value"].as_i64().unwrap_or(0).into();
            spec["preemptionPolicy"] = class["preemptionPolicy"].clone();
        }
        let Some(runtime) = self.runtime(spec) else {
            return;
        };
        let runtime = runtime.value();
        if runtime["overhead"].is_object() {
            spec["overhead"] = runtime["overhead"]["podFixed"].clone();
        }
        let scheduling = &runtime["scheduling"];
        for (label, wanted) in scheduling["nodeSelector"].as_object().into_iter().flatten() {
            spec["nodeSelector"][label.as_str()] = wanted.clone();
        }
        let tolerations = scheduling["tolerations"].as_array().into_iter().flatten();
        for toleration in tolerations {
            match spec.get_mut("tolerations").and_then(Value::as_array_mut) {
                Some(list) if list.contains(toleration) => {}
                Some(list) => list.push(toleration.clone()),
                None => spec["tolerations"] = json!([toleration]),
            }
        }
    }

    /// Refuses a second class of importance that is the default.
    pub(super) fn admit_default_class(&self, attempt: &Attempt) -> Result<(), Status> {
        let kind = &attempt.request.served.kind;
        let is_default = attempt.new.is_some_and(|new| new["globalDefault"] == true);
        if !is_default || !kind.is(SCHEDULING, "PriorityClass") {
            return Ok(());
        }
        match self.default_class() {
            Some(present) if present.name() != attempt.name => {
                let why = format!(
                    "PriorityClass {} is already marked as default. Only one default can exist",
                    present.name()
                );
                Err(Status::forbidden(&kind.resource(), attempt.name, &why))
            }
            _ => Ok(()),
        }
    }

    /// What of a new pod contradicts its classes.
    fn contradiction(&self, spec: &Value) -> Option<String> {
        let text = |field: &str| spec[field].as_str().filter(|text| !text.is_empty());
        let class = self.importance(spec);
        if let (Some(name), None) = (text("priorityClassName"), class) {
            return Some(format!("no PriorityClass with name {name} was found"));
        }
        let priority = class.and_then(|class| class.value()["value"].as_i64());
        let priority = priority.unwrap_or(0);
        if let Some(told) = spec["priority"].as_i64().filter(|told| *told != priority) {
            return Some(format!(
                "the integer value of priority ({told}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
            ));
        }
        let policy = class.and_then(|class| class.value()["preemptionPolicy"].as_str());
        let policy = policy.unwrap_or("PreemptLowerPriority");
        if let Some(told) = spec["preemptionPolicy"]
            .as_str()
            .filter(|told| *told != policy)
        {
            return Some(format!(
                "the string value of PreemptionPolicy ({told}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
            ));
        }
        let runtime = self.runtime(spec);
        if let (Some(name), None) = (spec["runtimeClassName"].as_str(), runtime) {
            return Some(format!("pod rejected: RuntimeClass {name:?} not found"));
        }
        let runtime = runtime.map(Object::value).unwrap_or(&Value::Null);
        overhead_conflict(spec, runtime).or_else(|| selector_conflict(spec, runtime))
    }

    /// The class of importance of a pod: the one that it names, or the default.
    fn importance(&self, spec: &Value) -> Option<&Object> {
        match spec["priorityClassName"].as_str().unwrap_or_default() {
            "" => self.default_class(),
            name => self.class(SCHEDULING, "priorityclasses", name),
        }
    }

    fn runtime(&self, spec: &Value) -> Option<&Object> {
        let name = spec["runtimeClassName"].as_str()?;
        self.class("node.k8s.io", "runtimeclasses", name)
    }

    fn class(&self, group: &str, plural: &str, name: &str) -> Option<&Object> {
        let table = self.registry.get(group, "v1", plural).table;
        self.log.get(table, &Key::new("", name)).map(AsRef::as_ref)
    }

    fn default_class(&self) -> Option<&Object> {
        let table = self.registry.get(SCHEDULING, "v1", "priorityclasses").table;
        let classes = self.log.objects(table).values().map(Arc::as_ref);
        let defaults = classes.filter(|class: &&Object| class.value()["globalDefault"] == true);
        defaults.min_by_key(|class| class.value()["value"].as_i64())
    }
}

/// Whether a pod says that running it takes something else than its runtime says.
fn overhead_conflict(spec: &Value, runtime: &Value) -> Option<String> {
    let amounts = |list: &Value| -> BTreeMap<String, Amount> {
        let list = list.as_object().into_iter().flatten();
        let read = |amount: &Value| match amount.as_str() {
            Some(text) => Amount::read(text),
            None => Amount::read(&amount.to_string()),
        };
        list.filter_map(|(name, amount)| Some((name.to_string(), read(amount)?)))
            .collect()
    };
    let told = amounts(&spec["overhead"]);
    let why = match &runtime["overhead"] {
        _ if told.is_empty() => return None,
        Value::Null => "Pod Overhead set without corresponding RuntimeClass defined Overhead",
        overhead if amounts(&overhead["podFixed"]) != told => {
            "Pod's Overhead doesn't match RuntimeClass's defined Overhead"
        }
        _ => return None,
    };
    Some(format!("pod rejected: {why}"))
}

fn selector_conflict(spec: &Value, runtime: &Value) -> Option<String> {
    let wanted = runtime["scheduling"]["nodeSelector"].as_object();
    wanted.into_iter().flatten().find_map(|(label, wanted)| {
        let told = spec["nodeSelector"][label.as_str()].as_str()?;
        let wanted = wanted.as_str().unwrap_or_default();
        (told != wanted).then(|| {
            format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{label}] = {wanted}; pod.spec.nodeSelector[{label}] = {told}"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::silent(json!({}), json!({"overhead": {"podFixed": {"cpu": "1"}}}), false)]
    #[case::the_same(json!({"overhead": {"cpu": "1000m"}}), json!({"overhead": {"podFixed": {"cpu": "1"}}}), false)]
    #[case::more(json!({"overhead": {"cpu": "2"}}), json!({"overhead": {"podFixed": {"cpu": "1"}}}), true)]
    #[case::of_no_class(json!({"overhead": {"cpu": 1}}), json!({}), true)]
    #[case::elsewhere(json!({"nodeSelector": {"a": "c"}}), json!({"scheduling": {"nodeSelector": {"a": "b"}}}), true)]
    fn a_pod_does_not_contradict_its_runtime(
        #[case] spec: Value,
        #[case] runtime: Value,
        #[case] is_refused: bool,
    ) {
        let why = overhead_conflict(&spec, &runtime).or_else(|| selector_conflict(&spec, &runtime));
        assert_eq!(why.is_some(), is_refused, "{why:?}");
    }
}
