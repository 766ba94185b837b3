//! Label and field selectors.
//!
//! Source: `spec/kube-api.md` §1.10.

mod field;
mod label;

use crate::json::{Map, Value};

use field::Term;
use label::Requirement;

use super::kind::{Kind, Origin};
use super::object::Object;
use super::status::Status;

/// Which objects of a collection are meant; empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

/// A label selector that an object holds; without requirements it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelSelector(Vec<Requirement>);

impl LabelSelector {
    /// Reads what validation has passed.
    pub(super) fn read(selector: &Value) -> Self {
        Self(label::read(selector))
    }

    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `labels` are those of something selected.
    pub(super) fn selects(&self, labels: Option<&Map>) -> bool {
        self.0.iter().all(|requirement| requirement.is_met(labels))
    }
}

/// One requirement on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    path: Vec<String>,
    equal: bool,
    value: String,
}

impl Selectors {
    /// Parses `labelSelector` and `fieldSelector` of a request to `kind`.
    ///
    /// # Errors
    /// 400 in the words of kube-apiserver.
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, Status> {
        Ok(Self {
            labels: label::parse(labels).map_err(Status::bad_request)?,
            fields: field::parse(fields)
                .map_err(Status::bad_request)?
                .into_iter()
                .map(|term| read_field(kind, term))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether nothing is asked, so that every object is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The one name that is asked for.
    ///
    /// Source: apimachinery v0.34 `pkg/fields/selector.go`, `RequiresExactMatch`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let mut named = self.fields.iter().filter(|field| field.is_name());
        let found = named.find(|field| field.equal);
        found.map(|field| field.value.as_str())
    }

    /// Asks for the one object of this name; `false` if other fields, or another name, are asked for already.
    pub(crate) fn narrow(&mut self, name: &str) -> bool {
        if self.fields.is_empty() {
            self.fields.push(Field {
                path: vec!["metadata".to_owned(), "name".to_owned()],
                equal: true,
                value: name.to_owned(),
            });
        }
        self.name() == Some(name)
    }

    /// Whether `object` is selected.
    #[must_use]
    pub fn select(&self, object: &Object) -> bool {
        self.labels
            .iter()
            .all(|requirement| requirement.is_met(object.labels()))
            && self.fields.iter().all(|f| f.is_met(object.value()))
    }
}

/// The count of pods of a Job, which is zero where it is not.
const SUCCEEDED: &str = "succeeded";

impl Field {
    fn is_name(&self) -> bool {
        self.path == ["metadata", "name"]
    }

    fn is_met(&self, object: &Value) -> bool {
        let mut at = object;
        for step in &self.path {
            at = &at[step.as_str()];
        }
        let holds = match at {
            Value::String(text) => *text == self.value,
            Value::Bool(flag) => self.value == flag.to_string(),
            Value::Number(number) => self.value == number.to_string(),
            Value::Null if self.path.last().is_some_and(|last| last == SUCCEEDED) => {
                self.value == "0"
            }
            Value::Null => self.value.is_empty() || self.value == "false",
            Value::Array(_) | Value::Object(_) => false,
        };
        holds == self.equal
    }
}

/// Whether a text can be read as a label selector.
pub(crate) fn is_label_selector(text: &str) -> bool {
    label::parse(text).is_ok()
}

/// Whether a text can be read as a field selector of whatever kind.
pub(crate) fn is_field_selector(text: &str) -> bool {
    field::parse(text).is_ok()
}

fn read_field(kind: &Kind, term: Term) -> Result<Field, Status> {
    Ok(Field {
        path: field_path(kind, &term.name)?,
        equal: term.equal,
        value: term.value,
    })
}

fn field_path(kind: &Kind, name: &str) -> Result<Vec<String>, Status> {
    let dotted = format!(".{name}");
    let is_known = matches!(name, "metadata.name" | "metadata.namespace")
        || kind.selectable_fields.contains(&dotted);
    if !is_known {
        return Err(Status::bad_request(unknown_field(kind, name)));
    }
    let path = match (kind.kind.as_str(), name) {
        ("Event", "source") => "source.component",
        ("Event", "reportingController") => "reportingComponent",
        ("Event", name) if name.starts_with("regarding.") => {
            let field = name.trim_start_matches("regarding.");
            return Ok(vec!["involvedObject".to_owned(), field.to_owned()]);
        }
        ("Job", "status.successful") => "status.succeeded",
        _ => name,
    };
    Ok(path.split('.').map(str::to_owned).collect())
}

fn unknown_field(kind: &Kind, name: &str) -> String {
    match kind.origin {
        Origin::BuiltIn if kind.kind == "Job" => {
            format!("field label {name:?} not supported for Job")
        }
        Origin::BuiltIn if kind.selectable_fields.is_empty() => format!(
            "{name:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        Origin::BuiltIn | Origin::Custom => format!("field label not supported: {name}"),
    }
}
