//! Which resources are served, and how each behaves.

use std::borrow::Cow;
use std::sync::Arc;

use super::builtin::rows;
use super::kind::{Kind, Origin};
use super::log::{Log, TableId};
use super::object::Object;
use super::rules;
use super::schema::before::Before;
use super::schema::default::apply_defaults;
use super::schema::prune::{Nulls, prune};
use super::status::Qualified;
use crate::json::{Map, Value};

/// One resource in one version, with what the kernel needs besides its [`Kind`].
#[derive(Clone, Debug)]
pub struct Served {
    /// What clients may know.
    pub kind: Arc<Kind>,
    /// Where its objects lie; versions of one resource share a table.
    pub table: TableId,
    /// How it differs from a plain resource.
    pub behaviour: Behaviour,
    /// How the stored form becomes this version.
    pub conversion: Conversion,
    /// The revision since which whatever is stored fits the schema; `None` if it may have come in another version.
    pub fits_since: Option<u64>,
}

impl Served {
    /// A stored object as what an update replaces.
    #[must_use]
    pub fn before<'a>(&self, object: &'a Object) -> Before<'a> {
        Before {
            value: object.value(),
            fits: self
                .fits_since
                .is_some_and(|since| object.revision() > since),
        }
    }

    /// As what an object is refused: an event as what is stored, whatever its version.
    ///
    /// Source: kubernetes v1.34.3, pkg/registry/core/event/strategy.go.
    pub(in crate::store) fn refused_kind(&self) -> Qualified<'_> {
        match self.conversion {
            Conversion::Events => Qualified {
                group: "",
                name: "Event",
            },
            Conversion::None | Conversion::Webhook | Conversion::Autoscalers => {
                self.kind.qualified_kind()
            }
        }
    }

    /// Whether a stored object is shown in this version as it lies there. A custom resource is not if its schema may have
    /// changed since.
    #[must_use]
    pub fn shows_as_stored(&self, object: &Object) -> bool {
        match self.conversion {
            Conversion::None => self.kind.origin == Origin::BuiltIn || self.before(object).fits,
            // It was converted before.
            Conversion::Webhook => true,
            Conversion::Events | Conversion::Autoscalers => false,
        }
    }

    /// A stored object in this version, without `apiVersion` and `kind`: custom resources lose what the schema does not know
    /// and get its defaults. What a webhook converts has been converted before, and is shown as it is.
    ///
    /// Source: `spec/kube-api.md` §1.18.
    #[must_use]
    pub fn view<'a>(&self, object: &'a Object) -> Cow<'a, Value> {
        match self.conversion {
            Conversion::Webhook => Cow::Borrowed(object.value()),
            Conversion::None if self.shows_as_stored(object) => Cow::Borrowed(object.value()),
            Conversion::None => {
                let mut value = object.value().clone();
                prune(&self.kind.schema, &mut value, None, Nulls::Dropped);
                apply_defaults(&self.kind.schema, &mut value);
                Cow::Owned(value)
            }
            Conversion::Events => Cow::Owned(rules::to_new_event(object.value().clone())),
            Conversion::Autoscalers => Cow::Owned(rules::to_old_autoscaler(object.value().clone())),
        }
    }
}

/// In what a resource differs from a plain one.
///
/// Source: `spec/kube-api.md` §1.7 (generation, names), §1.8 (updates), §1.15 (deletion).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent columns of a table, each named where it is read"
)]
pub struct Behaviour {
    /// `metadata.generation` is the server's.
    pub manages_generation: bool,
    /// PUT of a missing object creates it.
    pub creates_on_update: bool,
    /// PUT must carry `metadata.resourceVersion`.
    pub needs_revision: bool,
    /// DELETE answers with the object even if it went at once.
    pub returns_deleted: bool,
    /// Dependents are orphaned unless the request says otherwise.
    pub orphans_dependents: bool,
    /// What names are allowed.
    pub names: Names,
}

impl Behaviour {
    /// A resource without peculiarities.
    pub const PLAIN: Self = Self {
        manages_generation: false,
        creates_on_update: false,
        needs_revision: false,
        returns_deleted: false,
        orphans_dependents: false,
        names: Names::Subdomain,
    };
    /// A custom resource.
    pub const CUSTOM: Self = Self {
        manages_generation: true,
        needs_revision: true,
        ..Self::PLAIN
    };
}

/// The grammar of `metadata.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// RFC 1123 subdomain.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label.
    OldLabel,
    /// Anything that fits into a URL path segment.
    PathSegment,
}

/// How the stored form of an object becomes a served version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// Only `apiVersion` changes.
    None,
    /// A webhook is asked.
    Webhook,
    /// events.k8s.io/v1 over the stored core/v1 Event.
    Events,
    /// autoscaling/v1 over the stored autoscaling/v2.
    Autoscalers,
}

/// Group → version → plural → resource.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    groups: Map<Map<Map<Arc<Served>>>>,
}

/// What a group, version and resource of a URL lead to.
#[derive(Clone, Debug)]
pub enum Found {
    /// A resource.
    Resource(Arc<Served>),
    /// The group and version are served, the resource is not.
    NoResource,
    /// The same, and all its resources are of definitions.
    NoCustomResource,
    /// The group is served, but not in this version.
    NoVersion,
    /// The same, and the group is made of definitions.
    NoCustomVersion,
    /// The group is not served.
    NoGroup,
}

impl Registry {
    /// All built-in kinds, each with an open table in `log`.
    #[must_use]
    pub fn built_in(log: &mut Log) -> Self {
        let mut registry = Self::default();
        for row in rows() {
            let table = match row.conversion {
                Conversion::None | Conversion::Webhook => log.open(),
                Conversion::Events => registry.get("", "v1", "events").table,
                Conversion::Autoscalers => {
                    registry
                        .get("autoscaling", "v2", "horizontalpodautoscalers")
                        .table
                }
            };
            registry.insert(Served {
                kind: Arc::new(row.kind()),
                table,
                behaviour: row.behaviour,
                conversion: row.conversion,
                fits_since: (row.conversion == Conversion::None).then_some(0),
            });
        }
        registry
    }

    /// Looks a resource up.
    #[must_use]
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Found {
        let Some(versions) = self.groups.get(group) else {
            return Found::NoGroup;
        };
        let Some(resources) = versions.get(version) else {
            let resources = versions.values().flat_map(Map::values);
            return match is_custom(resources) {
                true => Found::NoCustomVersion,
                false => Found::NoVersion,
            };
        };
        match resources.get(plural) {
            Some(served) => Found::Resource(Arc::clone(served)),
            None if is_custom(resources.values()) => Found::NoCustomResource,
            None => Found::NoResource,
        }
    }

    /// A built-in resource that is always there.
    pub(crate) fn get(&self, group: &str, version: &str, plural: &str) -> &Arc<Served> {
        &self.groups[group][version][plural]
    }

    /// Serves a resource, in place of one with the same group, version and plural.
    pub(crate) fn insert(&mut self, served: Served) {
        let Kind {
            group,
            version,
            plural,
            ..
        } = &*served.kind;
        let versions = self.groups.entry(group.as_str()).or_insert_with(Map::new);
        let resources = versions.entry(version.as_str()).or_insert_with(Map::new);
        resources.insert(plural.clone(), Arc::new(served));
    }

    /// Stops serving a resource in all its versions; empty versions and groups vanish.
    pub(crate) fn withdraw(&mut self, group: &str, plural: &str) {
        let Some(versions) = self.groups.get_mut(group) else {
            return;
        };
        versions.retain(|_, resources| {
            resources.remove(plural);
            !resources.is_empty()
        });
        if versions.is_empty() {
            self.groups.remove(group);
        }
    }

    /// Every resource by group, version and plural.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.groups
            .values()
            .flat_map(Map::values)
            .flat_map(Map::values)
    }
}
/// Whether all of them are of definitions.
fn is_custom<'s>(mut resources: impl Iterator<Item = &'s Arc<Served>>) -> bool {
    resources.all(|served| served.kind.origin == Origin::Custom)
}
