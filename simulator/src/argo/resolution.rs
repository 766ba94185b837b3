//! From a call to the template that it means. Source: `spec/argo.md` §10.

use crate::json::{self, Map, Value};

use super::lookup::Missing;
use super::merge;
use super::pass::{Halt, Pass};
use super::spec::{Template, TemplateRef, WorkflowStep};

/// Who calls, which decides how the local scope names the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The Workflow itself, or a hook.
    Workflow,
    /// A step.
    Step,
}

/// A call of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'c> {
    pub(crate) caller: Caller,
    /// Name of the step or task.
    pub(crate) name: &'c str,
    pub(crate) template: &'c str,
    pub(crate) template_ref: Option<&'c TemplateRef>,
    pub(crate) inline: Option<&'c Template>,
}

impl<'c> Call<'c> {
    /// A call that names nothing.
    pub(crate) const NONE: Call<'static> = Call {
        caller: Caller::Workflow,
        name: "",
        template: "",
        template_ref: None,
        inline: None,
    };

    /// The call of a template by name.
    pub(crate) fn by_name(template: &'c str) -> Self {
        Call {
            template,
            ..Call::NONE
        }
    }

    /// The call that a step makes.
    pub(crate) fn of_step(step: &'c WorkflowStep) -> Self {
        Call {
            caller: Caller::Step,
            name: &step.name,
            template: &step.template,
            template_ref: step.template_ref.as_ref(),
            inline: step.inline.as_deref(),
        }
    }
}

/// Where plain template names are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// The Workflow, or what its `workflowTemplateRef` gave.
    Local,
    /// A WorkflowTemplate.
    Namespaced(String),
    /// A ClusterWorkflowTemplate.
    Cluster(String),
}

impl Home {
    fn of(reference: &TemplateRef) -> Self {
        if reference.cluster_scope {
            Self::Cluster(reference.name.clone())
        } else {
            Self::Namespaced(reference.name.clone())
        }
    }

    fn path(&self) -> Option<String> {
        match self {
            Self::Local => None,
            Self::Namespaced(name) => Some(format!("namespaced/{name}")),
            Self::Cluster(name) => Some(format!("cluster/{name}")),
        }
    }

    fn missing(&self) -> Option<Missing> {
        match self {
            Self::Local => None,
            Self::Namespaced(name) => Some(Missing::WorkflowTemplate(name.clone())),
            Self::Cluster(name) => Some(Missing::ClusterWorkflowTemplate(name.clone())),
        }
    }
}

impl Pass<'_> {
    /// How `home` is written into nodes.
    pub(crate) fn scope_of(&self, home: &Home) -> String {
        let referred = self.input.workflow.data["spec"]
            .get("workflowTemplateRef")
            .is_some();
        match home {
            Home::Local if referred => "local/".to_owned(),
            Home::Local => format!("local/{}", self.identity.name),
            Home::Namespaced(name) => format!("namespaced/{name}"),
            Home::Cluster(name) => format!("cluster/{name}"),
        }
    }

    /// The home that a node's scope names.
    pub(crate) fn home_of_scope(scope: &str) -> Home {
        match scope.split_once('/') {
            Some(("namespaced", name)) => Home::Namespaced(name.to_owned()),
            Some(("cluster", name)) => Home::Cluster(name.to_owned()),
            _ => Home::Local,
        }
    }

    /// The template that `call` means when made at `home`, and the home of that template's own calls.
    pub(crate) fn resolve(&mut self, call: &Call, home: &Home) -> Result<(Value, Home), Halt> {
        let inner = call.template_ref.map_or_else(|| home.clone(), Home::of);
        let stored = self.stored_key(call, home);
        if let Some(template) = stored
            .as_ref()
            .and_then(|key| self.status.stored_templates.get(key))
        {
            return Ok((template.clone(), inner));
        }
        let template = self.find(call, home)?;
        if type_of(&template).is_none() {
            let name = template["name"].as_str().unwrap_or_default();
            return Err(Halt::error(format!("template '{name}' type is unknown")));
        }
        if let Some(key) = stored {
            self.status.stored_templates.insert(key, template.clone());
            self.updated = true;
        }
        Ok((template, inner))
    }

    /// The template that `call` means when made at `home`, without storing it.
    pub(crate) fn peek(&self, call: &Call, home: &Home) -> Option<Value> {
        let stored = self.stored_key(call, home);
        match stored.and_then(|key| self.status.stored_templates.get(&key)) {
            Some(template) => Some(template.clone()),
            None => self.find(call, home).ok(),
        }
    }

    fn stored_key(&self, call: &Call, home: &Home) -> Option<String> {
        if let Some(reference) = call.template_ref {
            return Some(format!(
                "{}/{}",
                Home::of(reference).path()?,
                reference.template
            ));
        }
        let path = match home {
            Home::Local if !self.differences.stores_referenced_templates => None,
            Home::Local => {
                let reference = &self.spec.workflow_template_ref.as_ref()?;
                let scope = if reference.cluster_scope {
                    "cluster"
                } else {
                    "namespaced"
                };
                Some(format!("{scope}/{}", reference.name))
            }
            Home::Namespaced(_) | Home::Cluster(_) => home.path(),
        }?;
        Some(match call.inline {
            Some(_) => format!("{path}/inline/{}", call.name),
            None => format!("{path}/{}", call.template),
        })
    }

    fn find(&self, call: &Call, home: &Home) -> Result<Value, Halt> {
        if let Some(template) = call.inline {
            return Ok(to_value(template));
        }
        if let Some(reference) = call.template_ref {
            let spec = self.foreign(&Home::of(reference))?.ok_or_else(|| {
                Halt::error(format!("workflow template {} not found", reference.name))
            })?;
            let message = format!(
                "template {} not found in workflow template {}",
                reference.template, reference.name
            );
            return named(
                &spec["templates"],
                &reference.template,
                &spec["podMetadata"],
            )
            .ok_or(Halt::Template(message));
        }
        let not_found = || Halt::error(format!("template {} not found", call.template));
        match self.foreign(home)? {
            Some(spec) => named(&spec["templates"], call.template, &spec["podMetadata"]),
            None => named(
                &self.templates,
                call.template,
                &to_value(&self.spec.pod_metadata),
            ),
        }
        .ok_or_else(not_found)
    }

    fn foreign(&self, home: &Home) -> Result<Option<&Value>, Halt> {
        match home.missing() {
            None => Ok(None),
            Some(missing) => Ok(self
                .input
                .lookups
                .get(missing)?
                .map(|object| &object.data["spec"])),
        }
    }

    /// Lays a template over the defaults for all templates; what the defaults say for other types does not count.
    pub(crate) fn with_defaults(&self, template: Value) -> Value {
        let Some(defaults) = &self.spec.template_defaults else {
            return template;
        };
        let own = type_of(&template);
        let mut defaults = to_value(defaults);
        if let Some(fields) = defaults.as_object_mut() {
            fields
                .retain(|field, _| !TYPES.contains(&field.as_str()) || Some(field.as_str()) == own);
        }
        merge::merge(defaults, &template)
    }
}

const TYPES: [&str; 10] = [
    "container",
    "containerSet",
    "steps",
    "script",
    "resource",
    "dag",
    "data",
    "suspend",
    "http",
    "plugin",
];

/// The field that says what kind of template it is.
fn type_of(template: &Value) -> Option<&'static str> {
    TYPES.into_iter().find(|field| !template[*field].is_null())
}

fn named(templates: &Value, name: &str, pod_metadata: &Value) -> Option<Value> {
    let mut template = templates
        .as_array()?
        .iter()
        .find(|t| t["name"] == name)?
        .clone();
    if let (Some(extra), Some(fields)) = (pod_metadata.as_object(), template.as_object_mut()) {
        let own = fields.remove("metadata").unwrap_or(Value::Null);
        let low = Value::Object(extra.clone());
        fields.insert(
            "metadata",
            merge::merge(
                low,
                &match own {
                    Value::Null => Value::Object(Map::new()),
                    own => own,
                },
            ),
        );
    }
    Some(template)
}

/// The JSON of something that always has one.
pub(crate) fn to_value<T: serde::Serialize>(value: &T) -> Value {
    json::to_value(value).expect("wire structs have text keys and no failing parts")
}
