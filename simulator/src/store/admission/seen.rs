//! A write as expressions see it.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/cel/condition.go.

use std::sync::Arc;

use super::target::Target;
use crate::access::{Policy, Question, ResourceQuestion, User, Verdict};
use crate::json::Value;
use crate::store::object::Object;
use crate::store::registry::Served;
use crate::store::schema::cel::expression::Bindings;

/// What expressions do not learn of a namespace.
const HIDDEN: [&str; 3] = ["managedFields", "ownerReferences", "selfLink"];

/// A write as expressions see it.
pub(in crate::store) struct Seen<'a> {
    policy: Policy<'a>,
    user: Arc<User>,
    /// What the request is about, without a verb.
    resource: ResourceQuestion,
    object: Value,
    old_object: Value,
    request: Value,
    namespace: Value,
}

impl<'a> Seen<'a> {
    /// The write of which a policy takes the resource for `served`.
    pub(in crate::store) fn of(target: &Target<'a>, served: &Arc<Served>) -> Self {
        let attempt = target.attempt;
        let namespace = target
            .namespace
            .filter(|_| !attempt.is_of_namespaces())
            .map(namespace_object);
        Self {
            policy: target.policy,
            user: Arc::clone(&attempt.request.user),
            resource: ResourceQuestion {
                group: served.kind.group.clone(),
                resource: served.kind.plural.clone(),
                subresource: attempt.request.part.subresource().to_owned(),
                namespace: attempt.namespace().to_owned(),
                name: attempt.name.to_owned(),
                ..ResourceQuestion::default()
            },
            object: attempt.new_in(served),
            old_object: attempt.old_in(served),
            request: attempt.asked(served),
            namespace: namespace.unwrap_or_default(),
        }
    }

    /// Lets `evaluate` do its work with bindings that name it, but not yet its namespace.
    pub(in crate::store) fn with<T>(&self, evaluate: impl FnOnce(&mut Bindings) -> T) -> T {
        let judge = |user: &User, question: &Question| self.policy.decide(user, question);
        Bindings::with(&judge, |bindings| {
            bindings.bind_authorizer(&self.user, &self.resource);
            self.bind(bindings);
            evaluate(bindings)
        })
    }

    /// The same with bindings that do not name the authorizer.
    pub(in crate::store) fn with_nobody_to_ask<T>(
        &self,
        evaluate: impl FnOnce(&mut Bindings) -> T,
    ) -> T {
        let judge = |_: &User, _: &Question| Verdict::Denied(String::new());
        Bindings::with(&judge, |bindings| {
            self.bind(bindings);
            evaluate(bindings)
        })
    }

    fn bind(&self, bindings: &mut Bindings) {
        bindings.bind("object", &self.object);
        bindings.bind("oldObject", &self.old_object);
        bindings.bind("request", &self.request);
        bindings.bind("namespaceObject", &Value::Null);
    }

    /// Lets expressions look at its namespace too.
    pub(in crate::store) fn bind_namespace(&self, bindings: &mut Bindings) {
        bindings.bind("namespaceObject", &self.namespace);
    }
}

fn namespace_object(namespace: &Object) -> Value {
    let mut value = namespace.value().clone();
    let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.retain(|field, _| !HIDDEN.contains(&field.as_str()));
    }
    value
}
