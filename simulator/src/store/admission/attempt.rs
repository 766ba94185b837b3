//! A write that policies look at.

use std::sync::Arc;

use crate::json::{Map, Value, json};
use crate::store::form::to_version;
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::request::{DeleteOptions, Part, Request, WriteOptions};
use crate::store::scale::scale_of;

/// What is done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// As rules spell it.
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The kind of the options that come with it.
    fn options(self) -> &'static str {
        match self {
            Self::Create => "CreateOptions",
            Self::Update => "UpdateOptions",
            Self::Delete => "DeleteOptions",
        }
    }
}

/// A write that nothing else refuses.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Attempt<'a> {
    pub(in crate::store) request: &'a Request,
    pub(in crate::store) operation: Operation,
    /// The name of the object; empty in the deletion of a whole collection.
    pub(in crate::store) name: &'a str,
    /// The object, or what is sent to a subresource, as it would be stored.
    pub(in crate::store) new: Option<&'a Value>,
    pub(in crate::store) old: Option<&'a Object>,
    pub(in crate::store) is_dry_run: bool,
    /// The options that the client gave, but `dryRun`.
    told: &'a Map,
}

impl<'a> Attempt<'a> {
    /// The creation of an object, which has its name.
    pub(in crate::store) fn creation(
        request: &'a Request,
        new: &'a Value,
        options: &'a WriteOptions,
    ) -> Self {
        let name = new["metadata"]["name"].as_str().unwrap_or_default();
        Self {
            request,
            operation: Operation::Create,
            name,
            new: Some(new),
            old: None,
            is_dry_run: options.dry_run,
            told: &options.told,
        }
    }

    /// Something sent to a subresource that is no part of the object.
    pub(in crate::store) fn action(
        request: &'a Request,
        body: &'a Value,
        options: &'a WriteOptions,
    ) -> Self {
        Self {
            name: &request.name,
            ..Self::creation(request, body, options)
        }
    }

    /// The same about the object of this name, which the URL leaves open.
    pub(in crate::store) fn named(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// A new state of an object.
    pub(in crate::store) fn update(
        request: &'a Request,
        (old, new): (&'a Object, &'a Value),
        options: &'a WriteOptions,
    ) -> Self {
        Self {
            operation: Operation::Update,
            old: Some(old),
            ..Self::action(request, new, options)
        }
    }

    /// The end of an object, by a request for it or for its collection.
    pub(in crate::store) fn deletion(
        request: &'a Request,
        old: &'a Object,
        options: &'a DeleteOptions,
    ) -> Self {
        Self {
            request,
            operation: Operation::Delete,
            name: &request.name,
            new: None,
            old: Some(old),
            is_dry_run: options.dry_run,
            told: &options.told,
        }
    }

    /// The same about another state of what is written, if there is one.
    pub(in crate::store) fn of<'b>(&self, new: Option<&'b Value>) -> Attempt<'b>
    where
        'a: 'b,
    {
        Attempt {
            new: new.or(self.new),
            ..*self
        }
    }

    /// The namespace; a namespace lies in itself.
    pub(in crate::store) fn namespace(&self) -> &str {
        if self.is_of_namespaces() {
            self.name
        } else {
            &self.request.namespace
        }
    }

    /// Whether it is about a namespace.
    pub(in crate::store) fn is_of_namespaces(&self) -> bool {
        let kind = &self.request.served.kind;
        (kind.group.as_str(), kind.plural.as_str()) == ("", "namespaces")
    }

    /// The new object as `object`, in a version of its resource.
    pub(in crate::store) fn new_in(&self, served: &Served) -> Value {
        let Some(new) = self.new else {
            return Value::Null;
        };
        let revision = new["metadata"]["resourceVersion"].as_str();
        let revision = revision.and_then(|text| text.parse().ok()).unwrap_or(0);
        self.shown(served, &Object::new(new.clone(), revision))
    }

    /// The old object as `oldObject`, in a version of its resource.
    pub(in crate::store) fn old_in(&self, served: &Served) -> Value {
        let old = self.old.map(|old| self.shown(served, old));
        old.unwrap_or_default()
    }

    fn shown(&self, served: &Served, object: &Object) -> Value {
        match self.request.part {
            Part::Scale => scale_of(served, object),
            Part::Binding | Part::Eviction | Part::Token => {
                let kind = self.kind(served);
                let mut body = object.value().clone();
                body["apiVersion"] = kind.api_version().into();
                body["kind"] = kind.kind.into();
                body
            }
            Part::Whole
            | Part::Status
            | Part::Finalize
            | Part::Log
            | Part::EphemeralContainers
            | Part::Resize
            | Part::Approval => to_version(served, object),
        }
    }

    /// The kind of what is sent.
    fn kind<'s>(&self, served: &'s Served) -> Sent<'s> {
        let (group, version, kind) = match self.request.part {
            Part::Scale => ("autoscaling", "v1", "Scale"),
            Part::Eviction => ("policy", "v1", "Eviction"),
            Part::Binding => ("", "v1", "Binding"),
            Part::Token => ("authentication.k8s.io", "v1", "TokenRequest"),
            Part::Whole
            | Part::Status
            | Part::Finalize
            | Part::Log
            | Part::EphemeralContainers
            | Part::Resize
            | Part::Approval => {
                let kind = &served.kind;
                (&*kind.group, &*kind.version, &*kind.kind)
            }
        };
        Sent {
            group,
            version,
            kind,
        }
    }

    /// The variable `request`, for a policy that takes the resource for `served`; what is empty is left out.
    pub(in crate::store) fn asked(&self, served: &Arc<Served>) -> Value {
        let own = &self.request.served;
        let mut asked = json!({
            "uid": "",
            "kind": self.kind(served).described(), "resource": resource(served),
            "requestKind": self.kind(own).described(), "requestResource": resource(own),
            "operation": self.operation.name(),
            "userInfo": self.request.user.info(),
            "dryRun": self.is_dry_run,
            "options": {"kind": self.operation.options(), "apiVersion": "meta.k8s.io/v1"},
        });
        for (option, value) in self.told {
            asked["options"][option.as_str()] = value.clone();
        }
        if self.is_dry_run {
            asked["options"]["dryRun"] = json!(["All"]);
        }
        let subresource = self.request.part.subresource();
        for (field, text) in [
            ("subResource", subresource),
            ("requestSubResource", subresource),
            ("name", self.name),
            ("namespace", self.namespace()),
        ] {
            if !text.is_empty() {
                asked[field] = text.into();
            }
        }
        asked
    }
}

/// The kind of an object, or of what is sent to a subresource.
struct Sent<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
}

impl Sent<'_> {
    fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    fn described(&self) -> Value {
        json!({"group": self.group, "version": self.version, "kind": self.kind})
    }
}

fn resource(served: &Served) -> Value {
    let kind = &served.kind;
    json!({"group": kind.group, "version": kind.version, "resource": kind.plural})
}
