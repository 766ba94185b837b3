//! Places that artifacts come from and go to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::LocalRef;

/// A place that artifacts come from or go to.
///
/// Source: spec/arc.md §2.3.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "arc.opendefense.cloud",
    version = "v1alpha1",
    kind = "Endpoint",
    plural = "endpoints",
    namespaced,
    status = "EndpointStatus",
    derive = "PartialEq",
    shortname = "arcep",
    category = "arc",
    doc = "A place that artifacts come from or go to.",
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Remote URL", type_ = "string", json_path = ".spec.remoteURL"),
    printcolumn(name = "Usage", type_ = "string", json_path = ".spec.usage"),
    printcolumn(name = "Secret", type_ = "string", json_path = ".spec.secretRef.name"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
pub struct EndpointSpec {
    /// Endpoint type, such as `oci`, `helm`, `s3` or `http`; matched against the rules of artifact types.
    #[schemars(length(min = 1, max = 253))]
    pub r#type: String,
    /// Host or URL, handed to workflows unchanged. Not secret, hence without credentials.
    #[serde(rename = "remoteURL")]
    #[schemars(
        length(min = 1, max = 2048),
        regex(pattern = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$")
    )]
    #[x_kube(
        validation = Rule::new(r"!self.matches('^([A-Za-z][A-Za-z0-9+.-]*://)?[^/?#]*@')")
            .message("remoteURL must not contain credentials: use secretRef")
    )]
    pub remote_url: String,
    /// Secret with the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalRef>,
    /// Directions that are allowed.
    #[serde(default)]
    pub usage: Usage,
}

/// Directions in which an Endpoint may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Usage {
    /// Only as a source.
    PullOnly,
    /// Only as a destination.
    PushOnly,
    /// As both.
    #[default]
    All,
}

impl Usage {
    /// Whether a source may be used this way.
    #[must_use]
    pub fn allows_pull(self) -> bool {
        match self {
            Self::PullOnly | Self::All => true,
            Self::PushOnly => false,
        }
    }

    /// Whether a destination may be used this way.
    #[must_use]
    pub fn allows_push(self) -> bool {
        match self {
            Self::PushOnly | Self::All => true,
            Self::PullOnly => false,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PullOnly => "PullOnly",
            Self::PushOnly => "PushOnly",
            Self::All => "All",
        }
    }
}

/// What is known about an Endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointStatus {
    /// `Validated`, `Reachable`, `Authenticated`, `Ready`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Generation that the conditions were computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Last connection attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_probe_time: Option<Time>,
    /// Generation that the last probe ran against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed_generation: Option<i64>,
    /// Resource version of the Secret that the last probe used; empty without Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed_secret_version: Option<String>,
    /// Force annotation that the last probe honoured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed_force_at: Option<Time>,
}
