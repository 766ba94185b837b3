//! A served kind: one resource of one group and version, built in or defined by a CustomResourceDefinition.

use std::sync::Arc;

use super::schema::cel::Rules;
use super::schema::compiled::CompiledSchema;
use super::schema::whole::WholeSchema;
use super::status::Qualified;

/// Kinds that are the same in every version.
///
/// Source: apimachinery v0.34.3, pkg/apis/meta/v1/register.go, `AddToGroupVersion`.
pub(crate) const UNVERSIONED: [&str; 5] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "Status",
];

/// The registry of kinds of a real server, as it calls itself when it misses one.
pub(crate) const SCHEME: &str = "pkg/runtime/scheme.go:110";

/// What a real server says of a kind that it does not know.
pub(crate) fn unregistered(kind: &str, api_version: &str) -> String {
    format!("no kind {kind:?} is registered for version {api_version:?} in scheme {SCHEME:?}")
}

/// Everything that routing, discovery, validation and printing need to know of a kind.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1alpha1`.
    pub version: String,
    /// Such as `Order`.
    pub kind: String,
    /// Such as `OrderList`.
    pub list_kind: String,
    /// The resource of URLs, such as `orders`.
    pub plural: String,
    /// Such as `order`.
    pub singular: String,
    /// Such as `aw`.
    pub short_names: Vec<String>,
    /// Such as `arc` or `all`.
    pub categories: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Who defined it, which decides details of wire behaviour.
    pub origin: Origin,
    /// Subresources besides the object itself, such as `status`, `scale`, `log`.
    pub subresources: Vec<String>,
    /// The schema of the whole object, `apiVersion`, `kind` and `metadata` included.
    pub schema: WholeSchema,
    /// The rules of the schema, compiled.
    pub rules: Arc<Rules>,
    /// `additionalPrinterColumns`; empty means Name and Age (custom) or hand-written columns (built in).
    pub columns: Vec<Column>,
    /// JSON paths such as `.spec.color` that field selectors may name.
    pub selectable_fields: Vec<String>,
    /// Group and version in which a real server stores the kind, as `group/version`; its hash is in discovery.
    pub stored_as: String,
    /// Where the `scale` of a custom resource lies in it.
    pub scale: Option<ScalePaths>,
    /// What clients are warned of with every answer; empty for nothing.
    pub deprecation: String,
}

/// What `subresources.scale` of a CustomResourceDefinition names, as paths such as `.spec.replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `specReplicasPath`.
    pub spec_replicas: String,
    /// `statusReplicasPath`.
    pub status_replicas: String,
    /// `labelSelectorPath`; empty if there is none.
    pub selector: String,
}

/// Who defined a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of Kubernetes.
    BuiltIn,
    /// A CustomResourceDefinition.
    Custom,
}

/// The Go package in which the kinds of a group are what they are stored as.
pub(crate) fn go_package(group: &str) -> &str {
    match group.split('.').next() {
        None | Some("" | "events") => "core",
        Some(package) => package,
    }
}

/// One printer column of a CustomResourceDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// OpenAPI format, may be empty.
    pub format: String,
    /// May be empty.
    pub description: String,
    /// Above zero only `-o wide` shows it.
    pub priority: i64,
    /// Such as `.status.phase`.
    pub json_path: String,
}

impl Kind {
    /// Whether it is the built-in kind of that group and name.
    pub(crate) fn is(&self, group: &str, name: &str) -> bool {
        self.origin == Origin::BuiltIn && self.group == group && self.kind == name
    }

    /// The schema with its rules, to check objects by.
    #[must_use]
    pub fn compiled(&self) -> CompiledSchema {
        CompiledSchema {
            node: Arc::clone(self.schema.shared()),
            rules: Arc::clone(&self.rules),
        }
    }

    /// `v1` or `group/version`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Group and plural, as most messages print them.
    #[must_use]
    pub fn resource(&self) -> Qualified<'_> {
        Qualified {
            group: &self.group,
            name: &self.plural,
        }
    }

    /// Group and kind, as messages about invalid objects print them.
    #[must_use]
    pub fn qualified_kind(&self) -> Qualified<'_> {
        Qualified {
            group: &self.group,
            name: &self.kind,
        }
    }
}
