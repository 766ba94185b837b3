//! Rules and how one is found.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::glob::Glob;

/// How long a container runs if nothing else is said.
pub(super) const DURATION_DEFAULT: SignedDuration = SignedDuration::from_secs(5);

/// An ordered list of rules; the first one that matches a container says what it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub(super) rules: Vec<Rule>,
}

impl Book {
    /// Adds the rules of `other` after those that are here.
    pub fn append(&mut self, other: Self) {
        self.rules.extend(other.rules);
    }
}

/// What one rule matches, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) matching: Match,
    pub(super) outcome: Outcome,
}

/// The keys of a rule; an omitted one matches anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Match {
    pub(super) attempt: Option<u32>,
    pub(super) texts: BTreeMap<Attribute, Glob>,
}

/// What globs are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute {
    Template,
    Node,
    Step,
    Image,
    Workflow,
    Namespace,
    Container,
}

/// A container that is about to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// Name of the Argo template; empty outside Argo.
    pub template: &'a str,
    /// Retry attempt of the node, from 0.
    pub attempt: u32,
    /// Display name of the node; the pod's name outside Argo.
    pub node: &'a str,
    /// Name of the step or task, without item and attempt.
    pub step: &'a str,
    /// As the pod names it.
    pub image: &'a str,
    /// Name of the Workflow; empty outside Argo.
    pub workflow: &'a str,
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// Name of the container.
    pub container: &'a str,
    /// What it is for.
    pub role: Role,
}

/// What a container is for, which decides how explicitly a rule must name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The work of the pod: any rule may match.
    Main,
    /// A sidecar or an init container of the user: only rules with `container` or `image` match.
    Auxiliary,
    /// Argo's own `init` and `wait`: only rules with `container` match.
    Executor,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// From start to end, in cluster time.
    pub duration: SignedDuration,
    /// How it ends, or why it does not.
    pub ending: Ending,
    /// Standard output; `None` if the rule says nothing, which is an empty one.
    pub stdout: Option<String>,
    /// Standard error.
    pub stderr: String,
    /// What it leaves behind.
    pub files: Files,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            duration: DURATION_DEFAULT,
            ending: Ending::Exit(0),
            stdout: None,
            stderr: String::new(),
            files: Files::Unscripted,
        }
    }
}

/// How a container ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exits with this code, 0 to 255.
    Exit(u8),
    /// Its image cannot be pulled, so it never starts.
    ImagePullBackOff,
    /// It is killed for using too much memory.
    OomKilled,
    /// Its pod is evicted.
    Evicted,
    /// Its node stops answering.
    NodeLost,
    /// Its pod is never scheduled.
    Pending,
    /// It runs until a deadline or a deletion kills it.
    Hang,
}

/// The files that a container leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// No rule says; outputs read from files are made up.
    Unscripted,
    /// Path → content; no other file exists.
    Scripted(BTreeMap<String, String>),
}

impl Book {
    /// What the first rule that matches says; `None` if no rule names this container.
    #[must_use]
    pub fn lookup(&self, container: &Container) -> Option<&Outcome> {
        self.rules
            .iter()
            .find(|rule| rule.matching.matches(container))
            .map(|rule| &rule.outcome)
    }
}

impl Match {
    fn matches(&self, container: &Container) -> bool {
        let names = |attribute| self.texts.contains_key(&attribute);
        let explicit = match container.role {
            Role::Main => true,
            Role::Auxiliary => names(Attribute::Container) || names(Attribute::Image),
            Role::Executor => names(Attribute::Container),
        };
        explicit
            && self.attempt.is_none_or(|n| n == container.attempt)
            && self
                .texts
                .iter()
                .all(|(attribute, glob)| glob.matches(attribute.of(container)))
    }
}

impl Attribute {
    fn of<'a>(self, container: &Container<'a>) -> &'a str {
        match self {
            Self::Template => container.template,
            Self::Node => container.node,
            Self::Step => container.step,
            Self::Image => container.image,
            Self::Workflow => container.workflow,
            Self::Namespace => container.namespace,
            Self::Container => container.container,
        }
    }
}
