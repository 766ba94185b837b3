//! What can be asked of the kernel, free of HTTP.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use jiff::Timestamp;

use super::registry::Served;
use super::selector::Selectors;
use crate::access::User;
use crate::json::{Map, Value, json, parsed};

/// One call to a resource.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks; the log names it.
    pub actor: Arc<str>,
    /// In whose name; policies look at it.
    pub user: Arc<User>,
    /// The resource, in the version of the URL.
    pub served: Arc<Served>,
    /// The namespace of the URL; empty for cluster-scoped resources and for calls across namespaces.
    pub namespace: String,
    /// The name of the URL; empty for calls on the collection.
    pub name: String,
    /// What of the object is meant.
    pub part: Part,
    /// What to do.
    pub verb: Verb,
}

/// The object itself or one of its subresources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The object.
    Whole,
    /// `/status`.
    Status,
    /// `/finalize` of a namespace.
    Finalize,
    /// `/log` of a pod.
    Log,
    /// `/binding` of a pod.
    Binding,
    /// `/eviction` of a pod.
    Eviction,
    /// `/scale`.
    Scale,
    /// `/token` of a service account.
    Token,
    /// `/ephemeralcontainers` of a pod.
    EphemeralContainers,
    /// `/resize` of a pod.
    Resize,
    /// `/approval` of a certificate signing request.
    Approval,
}

impl Part {
    /// The subresource as URLs and rules spell it; empty for the object itself.
    #[must_use]
    pub fn subresource(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Status => "status",
            Self::Finalize => "finalize",
            Self::Log => "log",
            Self::Binding => "binding",
            Self::Eviction => "eviction",
            Self::Scale => "scale",
            Self::Token => "token",
            Self::EphemeralContainers => "ephemeralcontainers",
            Self::Resize => "resize",
            Self::Approval => "approval",
        }
    }
}

/// A verb with what belongs to it.
#[derive(Clone, Debug)]
pub enum Verb {
    /// POST to a collection.
    Create(Value, WriteOptions),
    /// GET of a name, not older than the given revision.
    Get(Option<u64>),
    /// GET of a collection.
    List(ListOptions),
    /// GET of a collection with `watch`.
    Watch(WatchOptions),
    /// PUT.
    Update(Value, WriteOptions),
    /// PATCH.
    Patch(PatchKind, PatchBody, WriteOptions),
    /// DELETE of a name.
    Delete(DeleteOptions),
    /// DELETE of a collection.
    DeleteCollection(ListOptions, DeleteOptions),
    /// GET of a pod's log.
    ReadLog(LogText),
    /// PUT of what a container printed so far, by the kubelet.
    WriteLog(String, Bytes),
}

impl Verb {
    /// The verb as authorisation and the log spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(..) => "create",
            Self::Get(_) => "get",
            Self::List(_) => "list",
            Self::Watch(_) => "watch",
            Self::Update(..) => "update",
            Self::Patch(..) => "patch",
            Self::Delete(_) => "delete",
            Self::DeleteCollection(..) => "deletecollection",
            Self::ReadLog(_) => "get",
            Self::WriteLog(..) => "update",
        }
    }

    /// Whether the verb can change anything.
    #[must_use]
    pub fn is_write(&self) -> bool {
        match self {
            Self::Get(_) | Self::List(_) | Self::Watch(_) | Self::ReadLog(_) => false,
            Self::Create(..)
            | Self::Update(..)
            | Self::Patch(..)
            | Self::Delete(_)
            | Self::DeleteCollection(..)
            | Self::WriteLog(..) => true,
        }
    }
}

/// A patch as it came.
#[derive(Clone, Debug)]
pub enum PatchBody {
    /// As text.
    Text(Bytes),
    /// As a value.
    Value(Value),
}

impl PatchBody {
    /// The patch as text.
    #[must_use]
    pub fn text(&self) -> Bytes {
        match self {
            Self::Text(text) => text.clone(),
            Self::Value(value) => value.to_string().into(),
        }
    }

    /// The patch as a value.
    ///
    /// # Errors
    /// It is no JSON, in Go's words.
    pub fn value(&self) -> Result<Value, String> {
        match self {
            Self::Text(text) => parsed(text),
            Self::Value(value) => Ok(value.clone()),
        }
    }
}

/// What of a pod's log is wanted, as the client says it.
#[derive(Clone, Debug, Default)]
pub struct LogText {
    /// Empty if the pod has but one container.
    pub container: String,
    /// Only that many lines from the end.
    pub tail_lines: Option<i64>,
    /// Only that many bytes from the start.
    pub limit_bytes: Option<i64>,
    /// Only what was printed that many seconds ago or less.
    pub since_seconds: Option<i64>,
    /// Only what was printed then or later.
    pub since_time: Option<Timestamp>,
    /// Each line begins with the time when it was printed.
    pub timestamps: bool,
    /// The container before its restart is meant.
    pub previous: bool,
    /// Goes on until the container ends.
    pub follow: bool,
    /// Names one of standard output and standard error, which needs a feature that is off.
    pub names_stream: bool,
}

/// The format of a patch body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own, for built-in kinds.
    Strategic,
    /// Server-side apply.
    Apply,
}

impl PatchKind {
    /// Whether what such a patch makes is read by Go's converter, which cuts numbers to their size, and not as JSON.
    pub(super) fn is_converted(self) -> bool {
        matches!(self, Self::Strategic | Self::Apply)
    }
}

/// How many fields are told that occur twice in a body, or that a built-in kind does not know.
///
/// Source: sigs.k8s.io/json, `internal/golang/encoding/json/kubernetes_patch.go`, `saveStrictError`.
pub(crate) const FINDINGS_MAX: usize = 100;

/// What POST, PUT and PATCH may ask for.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// Who owns the written fields.
    pub field_manager: String,
    /// `fieldValidation`.
    pub field_validation: FieldValidation,
    /// What is said of fields that occur twice in the body.
    pub duplicates: Vec<String>,
    /// The body as it was sent, where it is JSON and the order of its fields may be told.
    pub text: Bytes,
    /// `force`, for apply.
    pub force: bool,
    /// The options that the client gave itself but `dryRun`, as admission is told of them.
    pub told: Map,
}

/// What becomes of fields that the schema does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Dropped.
    Ignore,
    /// Dropped, with a warning each.
    #[default]
    Warn,
    /// Refused.
    Strict,
}

/// What a list may ask for.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Which objects.
    pub selectors: Selectors,
    /// Page size; zero is unlimited.
    pub limit: usize,
    /// The page token.
    pub token: Option<Continue>,
    /// Which revision.
    pub at: At,
}

/// The revision at which a list is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// The newest.
    #[default]
    Newest,
    /// Any; the page size is ignored.
    Any,
    /// The newest, which must have reached this one.
    NotOlderThan(u64),
    /// This one.
    Exactly(u64),
}

/// A decoded `continue` token: where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continue {
    /// The revision of the first page; `None` reads the newest.
    pub revision: Option<u64>,
    /// The key with which the page begins, as `namespace/name` or `name`, perhaps after a slash.
    pub from: String,
}

/// What a watch may ask for.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// Which objects.
    pub selectors: Selectors,
    /// Where to begin.
    pub start: Start,
    /// `allowWatchBookmarks`.
    pub bookmarks: bool,
    /// `timeoutSeconds`; zero is none.
    pub timeout_seconds: u64,
    /// The revision whose state counts as the present one; the newest if absent.
    pub as_of: Option<u64>,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the present state.
    #[default]
    State,
    /// With the present state, and a bookmark at its end; the state must have reached this revision.
    StateThenBookmark(u64),
    /// After this revision.
    After(u64),
    /// With whatever happens next.
    Now,
}

impl Continue {
    /// The token as clients see it.
    ///
    /// Source: `spec/kube-api.md` §1.10.
    #[must_use]
    pub fn encode(&self) -> String {
        let revision = match self.revision {
            Some(revision) => json!(revision),
            None => json!(-1),
        };
        let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": self.from});
        BASE64_URL_SAFE_NO_PAD.encode(token.to_string())
    }
}

/// What a deletion may ask for.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `gracePeriodSeconds`; negative counts as one.
    pub grace_seconds: Option<i64>,
    /// `propagationPolicy`.
    pub propagation: Option<Propagation>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub revision: Option<String>,
    /// The options that the client gave itself but `dryRun`, as admission is told of them.
    pub told: Map,
}

/// What becomes of the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Deleted afterwards.
    Background,
    /// Deleted first.
    Foreground,
    /// Kept.
    Orphan,
}
