//! The objects that a binding gives to its policy.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/policy/generic/policy_dispatcher.go, `CollectParams`.

use std::sync::Arc;

use super::binding::{Binding, ParameterReference};
use crate::json::Value;
use crate::store::form::to_version;
use crate::store::kernel::Kernel;
use crate::store::object::Key;
use crate::store::registry::Served;

/// `paramKind`.
#[derive(Debug)]
pub(super) struct ParameterKind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

impl ParameterKind {
    /// Reads what validation has passed.
    pub(super) fn read(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_default();
        let api_version = text("apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text("kind").to_owned(),
        }
    }
}

impl Kernel {
    /// The resource of a kind of parameters.
    ///
    /// # Errors
    /// It is not served.
    pub(super) fn parameter_resource(
        &self,
        wanted: &ParameterKind,
    ) -> Result<&Arc<Served>, String> {
        let ParameterKind {
            group,
            version,
            kind,
        } = wanted;
        let is_it = |served: &&Arc<Served>| {
            let known = &served.kind;
            known.group == *group && known.version == *version && known.kind == *kind
        };
        self.registry.all().find(is_it).ok_or_else(|| {
            format!(
                "failed to find resource referenced by paramKind: '{group}/{version}, Kind={kind}'"
            )
        })
    }

    /// What `params` stands for, once for each evaluation; null where the policy or the binding asks for none.
    ///
    /// # Errors
    /// There are none, and there should be; or they cannot be looked for.
    pub(super) fn parameters(
        &self,
        resource: Option<&Arc<Served>>,
        binding: &Binding,
        namespace: &str,
    ) -> Result<Vec<Value>, String> {
        let (Some(served), Some(reference)) = (resource, &binding.parameters) else {
            return Ok(vec![Value::Null]);
        };
        let namespace = parameter_namespace(served, reference, namespace)?;
        let objects = self.log.objects(served.table);
        let found: Vec<Value> = if reference.name.is_empty() {
            let all = objects
                .values()
                .filter(|object| object.namespace() == namespace);
            all.filter(|object| reference.selector.selects(object.labels()))
                .map(|object| to_version(served, object))
                .collect()
        } else {
            let key = Key::new(namespace, &reference.name);
            let object = objects.get(&key).into_iter();
            object.map(|object| to_version(served, object)).collect()
        };
        if found.is_empty() && reference.denies_absence {
            return Err(
                "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned(),
            );
        }
        Ok(found)
    }
}

fn parameter_namespace<'a>(
    served: &Served,
    reference: &'a ParameterReference,
    namespace: &'a str,
) -> Result<&'a str, String> {
    match (served.kind.namespaced, reference.namespace.as_str()) {
        (true, "") if namespace.is_empty() => Err(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                .to_owned(),
        ),
        (true, "") => Ok(namespace),
        (true, own) => Ok(own),
        (false, "") => Ok(""),
        (false, _) => Err(
            "paramRef.namespace must not be provided for a cluster-scoped `paramKind`".to_owned(),
        ),
    }
}
