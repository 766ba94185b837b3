//! The variable `authorizer`: what somebody may do, asked from within an expression.
//!
//! An expression cannot look at the cluster. What it asks is noted, and it is evaluated again once that is decided.
//!
//! Source: apiserver v0.34.3, pkg/cel/library/authz.go.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::Opaque;
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use crate::access::{Question, ResourceQuestion, User, Verdict};
use crate::store::naming::{label_fault, subdomain_fault};

/// The name of the variable, and of what its functions fail with.
pub(in crate::store) const AUTHORIZER: &str = "authorizer";
/// The name of the variable for the resource that a request is about.
pub(in crate::store) const REQUEST_RESOURCE: &str = "authorizer.requestResource";

/// Decides what an expression asks.
pub(in crate::store) type Judge<'j> = &'j dyn Fn(&User, &Question) -> Verdict;

/// What expressions have asked so far.
#[derive(Debug, Default)]
pub(super) struct Decisions(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    decided: Vec<(Arc<User>, Question, Verdict)>,
    open: Option<(Arc<User>, Question)>,
}

impl Decisions {
    /// Decides what is open; whether anything was.
    pub(super) fn decide(&self, judge: Judge) -> bool {
        let Some((user, question)) = self.noted().open.take() else {
            return false;
        };
        let verdict = judge(&user, &question);
        self.noted().decided.push((user, question, verdict));
        true
    }

    /// What was decided; a question that was not is now open.
    fn verdict(&self, user: &Arc<User>, question: Question) -> Option<Verdict> {
        let mut noted = self.noted();
        let decided = noted.decided.iter();
        let mut same = decided.filter(|(who, what, _)| who == user && *what == question);
        if let Some((_, _, verdict)) = same.next() {
            return Some(verdict.clone());
        }
        noted.open = Some((Arc::clone(user), question));
        None
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value that leads to a decision, or is one.
#[derive(Clone, Debug)]
struct Asking {
    user: Arc<User>,
    decisions: Arc<Decisions>,
    what: What,
}

/// How far a question has come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Anything,
    Path(String),
    Group(String),
    Resource(ResourceQuestion),
    Decision(Verdict),
}

impl PartialEq for Asking {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.what == other.what
    }
}

impl Eq for Asking {}

impl Opaque for Asking {
    fn runtime_type_name(&self) -> &'static str {
        "kubernetes.authorization"
    }
}

/// The value of `authorizer` for a user.
pub(super) fn authorizer(user: &Arc<User>, decisions: &Arc<Decisions>) -> Cel {
    value(user, decisions, What::Anything)
}

/// The value of `authorizer.requestResource` for a user.
pub(super) fn request_resource(
    user: &Arc<User>,
    decisions: &Arc<Decisions>,
    resource: &ResourceQuestion,
) -> Cel {
    value(user, decisions, What::Resource(resource.clone()))
}

fn value(user: &Arc<User>, decisions: &Arc<Decisions>, what: What) -> Cel {
    Cel::Opaque(Arc::new(Asking {
        user: Arc::clone(user),
        decisions: Arc::clone(decisions),
        what,
    }))
}

/// What a function with one text makes of a question.
type Step = fn(&Asking, &str) -> Result<What, ExecutionError>;

/// The functions that take one text.
const STEPS: [(&str, Step); 9] = [
    ("path", path),
    ("group", group),
    ("resource", resource),
    ("subresource", |asking, text| {
        asking.with(|resource| text.clone_into(&mut resource.subresource))
    }),
    ("namespace", |asking, text| {
        asking.with(|resource| text.clone_into(&mut resource.namespace))
    }),
    ("name", |asking, text| {
        asking.with(|resource| text.clone_into(&mut resource.name))
    }),
    // Roles know no selectors.
    ("fieldSelector", |asking, _| asking.with(|_| ())),
    ("labelSelector", |asking, _| asking.with(|_| ())),
    ("check", check),
];

/// Makes the functions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    for (name, step) in STEPS {
        context.add_function(name, move |This(this): This<Cel>, text: Arc<String>| {
            let asking = Asking::of(&this)?;
            let what = step(asking, &text)?;
            Ok::<_, ExecutionError>(value(&asking.user, &asking.decisions, what))
        });
    }
    context.add_function(
        "serviceAccount",
        |This(this): This<Cel>, namespace: Arc<String>, name: Arc<String>| {
            service_account(&this, &namespace, &name)
        },
    );
    context.add_function("allowed", |This(this): This<Cel>| {
        let verdict = verdict(&this)?;
        Ok::<_, ExecutionError>(Cel::Bool(matches!(verdict, Verdict::Allowed(_))))
    });
    context.add_function("reason", |This(this): This<Cel>| {
        let (Verdict::Allowed(reason) | Verdict::Denied(reason)) = verdict(&this)?;
        Ok::<_, ExecutionError>(Cel::String(Arc::new(reason)))
    });
    // Roles that cannot be read are a reason, and no error.
    context.add_function("errored", |This(this): This<Cel>| {
        verdict(&this).map(|_| Cel::Bool(false))
    });
    context.add_function("error", |This(this): This<Cel>| {
        verdict(&this).map(|_| Cel::String(Arc::default()))
    });
}

impl Asking {
    fn of(value: &Cel) -> Result<&Self, ExecutionError> {
        let asking = match value {
            Cel::Opaque(opaque) => opaque.downcast_ref(),
            _ => None,
        };
        asking.ok_or(ExecutionError::NoSuchOverload)
    }

    /// The same question about a resource, changed.
    fn with(&self, change: impl FnOnce(&mut ResourceQuestion)) -> Result<What, ExecutionError> {
        let What::Resource(resource) = &self.what else {
            return Err(ExecutionError::NoSuchOverload);
        };
        let mut resource = resource.clone();
        change(&mut resource);
        Ok(What::Resource(resource))
    }
}

fn path(asking: &Asking, path: &str) -> Result<What, ExecutionError> {
    match asking.what {
        What::Anything if path.trim().is_empty() => Err(failure("path must not be empty")),
        What::Anything => Ok(What::Path(path.to_owned())),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn group(asking: &Asking, group: &str) -> Result<What, ExecutionError> {
    match asking.what {
        What::Anything => Ok(What::Group(group.to_owned())),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn resource(asking: &Asking, resource: &str) -> Result<What, ExecutionError> {
    match &asking.what {
        What::Group(_) if resource.trim().is_empty() => Err(failure("resource must not be empty")),
        What::Group(group) => Ok(What::Resource(ResourceQuestion {
            group: group.clone(),
            resource: resource.to_owned(),
            ..ResourceQuestion::default()
        })),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn check(asking: &Asking, verb: &str) -> Result<What, ExecutionError> {
    let verb = verb.to_owned();
    let question = match &asking.what {
        What::Path(path) => Question::Path {
            verb,
            path: path.clone(),
        },
        What::Resource(resource) => Question::Resource(ResourceQuestion {
            verb,
            ..resource.clone()
        }),
        _ => return Err(ExecutionError::NoSuchOverload),
    };
    let verdict = asking.decisions.verdict(&asking.user, question);
    let verdict = verdict.ok_or_else(|| failure("it is yet to be decided"))?;
    Ok(What::Decision(verdict))
}

fn service_account(this: &Cel, namespace: &str, name: &str) -> Result<Cel, ExecutionError> {
    let asking = Asking::of(this)?;
    if asking.what != What::Anything {
        return Err(ExecutionError::NoSuchOverload);
    }
    if name.is_empty() || subdomain_fault(name).is_some() {
        return Err(failure("Invalid service account name"));
    }
    if label_fault(namespace).is_some() {
        return Err(failure("Invalid service account namespace"));
    }
    let user = Arc::new(User::of_account(namespace, name));
    Ok(value(&user, &asking.decisions, What::Anything))
}

fn verdict(this: &Cel) -> Result<Verdict, ExecutionError> {
    match &Asking::of(this)?.what {
        What::Decision(verdict) => Ok(verdict.clone()),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

/// A failure that is told as it is.
fn failure(why: &str) -> ExecutionError {
    ExecutionError::function_error(AUTHORIZER, why)
}
