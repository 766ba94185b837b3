//! The `Status` body of a refused request, with exactly the words of kube-apiserver.
//!
//! Source: `spec/kube-api.md` §1.9 (kube-apiserver v1.34).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::json::{Value, json};

/// A request that the API server refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The HTTP status, also `code` of the body.
    pub code: u16,
    /// The machine-readable reason, such as `NotFound`; empty where the real server gives none.
    pub reason: Cow<'static, str>,
    /// What a person reads.
    pub message: String,
    /// The `details` object; `None` leaves it out.
    pub details: Option<Value>,
}

/// A group and resource (`widgets.ex.io`) or a group and kind (`Widget.ex.io`), as messages print them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Qualified<'a> {
    /// Empty for the core group.
    pub group: &'a str,
    /// Plural resource or kind.
    pub name: &'a str,
}

impl std::fmt::Display for Qualified<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.group.is_empty() {
            write!(f, "{}", self.name)
        } else {
            write!(f, "{}.{}", self.name, self.group)
        }
    }
}

/// One field that makes an object invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, `FieldValueTypeInvalid`, `FieldValueNotSupported`, …
    pub reason: &'static str,
    /// The text after `field: `, such as `Required value` or `Invalid value: 0: must be positive`.
    pub message: String,
    /// Path such as `spec.artifacts[0].type`.
    pub field: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Several texts as one: a single one as it is, others in brackets.
///
/// Source: apimachinery v0.34.3, pkg/util/errors/errors.go, `aggregate.Error`.
pub(super) fn aggregate(texts: &[String]) -> String {
    match texts {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// What is wrong, each text once.
///
/// Source: apimachinery v0.34.3, pkg/util/validation/field/errors.go, `ErrorList.ToAggregate`.
fn texts_once(causes: &[Cause]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let texts = causes.iter().map(Cause::to_string);
    texts.filter(|text| seen.insert(text.clone())).collect()
}

impl Status {
    /// 404 for an object.
    #[must_use]
    pub fn not_found(resource: &Qualified, name: &str) -> Self {
        Self {
            code: 404,
            reason: "NotFound".into(),
            message: format!("{resource} \"{name}\" not found"),
            details: Some(lookup(resource, name)),
        }
    }

    /// 405 for a verb that a resource does not know.
    pub(crate) fn unsupported(verb: &str, resource: &Qualified) -> Self {
        let mut details = json!({"kind": resource.name});
        if !resource.group.is_empty() {
            details["group"] = resource.group.into();
        }
        Self {
            code: 405,
            reason: "MethodNotAllowed".into(),
            message: format!("{verb} is not supported on resources of kind \"{resource}\""),
            details: Some(details),
        }
    }

    /// 409 for a name that is taken.
    #[must_use]
    pub fn already_exists(resource: &Qualified, name: &str) -> Self {
        Self {
            code: 409,
            reason: "AlreadyExists".into(),
            message: format!("{resource} \"{name}\" already exists"),
            details: Some(lookup(resource, name)),
        }
    }

    /// 409 for a write that does not fit what is there.
    #[must_use]
    pub fn conflicting(resource: &Qualified, name: &str, why: &str) -> Self {
        Self {
            message: format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}"),
            ..Self::conflict(resource, name)
        }
    }

    /// 409 for a write that names an old resource version.
    #[must_use]
    pub fn conflict(resource: &Qualified, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {resource} \"{name}\": the object has been modified; please apply your changes to the latest version and try again"
        );
        Self {
            code: 409,
            reason: "Conflict".into(),
            message,
            details: Some(lookup(resource, name)),
        }
    }

    /// 403 with the server's reason after the fixed words; the name is empty where there is none.
    #[must_use]
    pub fn forbidden(resource: &Qualified, name: &str, why: &str) -> Self {
        let mut details = lookup(resource, name);
        let message = match name {
            "" => {
                details.as_object_mut().map(|fields| fields.remove("name"));
                format!("{resource} is forbidden: {why}")
            }
            name => format!("{resource} \"{name}\" is forbidden: {why}"),
        };
        Self {
            code: 403,
            reason: "Forbidden".into(),
            message,
            details: Some(details),
        }
    }

    /// 400 with free text and no details.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            code: 400,
            reason: "BadRequest".into(),
            message: message.into(),
            details: None,
        }
    }

    /// 422 naming every field at fault; `kind` is a group and kind.
    #[must_use]
    pub fn invalid(kind: &Qualified, name: &str, causes: &[Cause]) -> Self {
        let list = aggregate(&texts_once(causes));
        let mut details = lookup(kind, name);
        details["causes"] = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        Self {
            code: 422,
            reason: "Invalid".into(),
            message: format!("{kind} \"{name}\" is invalid: {list}"),
            details: Some(details),
        }
    }

    /// 500 with a bare text.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            code: 500,
            reason: "InternalError".into(),
            message: message.into(),
            details: None,
        }
    }

    /// 500 for what went wrong inside, said twice.
    ///
    /// Source: apimachinery v0.34, pkg/api/errors/errors.go, `NewInternalError`.
    #[must_use]
    pub fn occurred(why: &str) -> Self {
        Self {
            details: Some(json!({"causes": [{"message": why}]})),
            ..Self::internal(format!("Internal error occurred: {why}"))
        }
    }

    /// 500 without a reason, as errors that are no Status become.
    #[must_use]
    pub fn bare_internal(message: &str) -> Self {
        Self {
            reason: "".into(),
            ..Self::internal(message)
        }
    }

    /// 501: the real server can do this, the simulated one cannot yet. `what` names the request; `FIDELITY.md` lists it.
    #[must_use]
    pub fn not_implemented(what: &str) -> Self {
        Self {
            code: 501,
            reason: "NotImplemented".into(),
            message: format!("the simulated API server does not support {what}; see FIDELITY.md"),
            details: None,
        }
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message, "code": self.code});
        if !self.reason.is_empty() {
            body["reason"] = self.reason.as_ref().into();
        }
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body
    }
}

fn lookup(qualified: &Qualified, name: &str) -> Value {
    let mut details = json!({"kind": qualified.name});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !qualified.group.is_empty() {
        details["group"] = qualified.group.into();
    }
    details
}
