//! The webhooks of all definitions, and what they once made of stored states.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::converter::Converter;
use crate::json::Value;
use crate::store::log::TableId;
use crate::store::object::Object;

/// How many states of one definition are remembered in other versions than their own, if no more are present.
const N_SHOWN_MIN: usize = 10_000;

/// What there is to know of the versions of custom resources.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Conversions(BTreeMap<TableId, Of>);

/// The same of one definition.
#[derive(Clone, Debug)]
struct Of {
    /// `spec` of the definition.
    spec: Value,
    /// In which version objects were stored that were written after a revision.
    stored: Vec<(u64, String)>,
    converter: Option<Arc<Converter>>,
    /// What was made of the states of these revisions, by version.
    shown: BTreeMap<(u64, String), Arc<Object>>,
}

impl Conversions {
    /// Takes note of a definition whose kinds are served.
    pub(in crate::store) fn learn(this: &mut Arc<Self>, table: TableId, definition: &Object) {
        let spec = &definition.value()["spec"];
        let known = this.0.get(&table);
        if known.is_some_and(|known| known.spec == *spec) {
            return;
        }
        let mut stored = known.map_or_else(Vec::new, |known| known.stored.clone());
        let version = storage_version(spec);
        if stored.last().is_none_or(|(_, last)| last != version) {
            stored.push((definition.revision(), version.to_owned()));
        }
        let converter = is_by_webhook(spec)
            .then(|| Arc::new(Converter::read(definition.name(), &spec["conversion"])));
        let of = Of {
            spec: spec.clone(),
            stored,
            converter,
            shown: BTreeMap::new(),
        };
        Arc::make_mut(this).0.insert(table, of);
    }

    /// Takes note of the end of a definition.
    pub(in crate::store) fn forget(this: &mut Arc<Self>, table: TableId) {
        Arc::make_mut(this).0.remove(&table);
    }

    pub(super) fn converter(&self, table: TableId) -> Option<&Arc<Converter>> {
        self.0.get(&table)?.converter.as_ref()
    }

    /// The version in which the state of `revision` is stored.
    pub(super) fn stored_version(&self, table: TableId, revision: u64) -> &str {
        let stored = self.0.get(&table).map_or(&[][..], |of| &of.stored);
        let written = stored.iter().rev().find(|(since, _)| *since < revision);
        let version = written.or(stored.first());
        version.map_or("", |(_, version)| version)
    }

    /// What was made of the state of `revision`.
    pub(super) fn shown(
        &self,
        table: TableId,
        (version, revision): (&str, u64),
    ) -> Option<&Arc<Object>> {
        let key = (revision, version.to_owned());
        self.0.get(&table)?.shown.get(&key)
    }

    /// Remembers what was made of a state, while `n_objects` are present.
    pub(super) fn remember(
        this: &mut Arc<Self>,
        table: TableId,
        (version, shown): (&str, Arc<Object>),
        n_objects: usize,
    ) {
        let Some(of) = Arc::make_mut(this).0.get_mut(&table) else {
            return;
        };
        of.shown
            .insert((shown.revision(), version.to_owned()), shown);
        let n_versions = of.spec["versions"].as_array().map_or(1, Vec::len);
        if of.shown.len() > N_SHOWN_MIN.max(2 * n_objects * n_versions) {
            of.shown.pop_first();
        }
    }
}

/// Whether a definition has versions that a webhook turns into each other.
pub(in crate::store) fn is_by_webhook(spec: &Value) -> bool {
    let n_versions = spec["versions"].as_array().map_or(0, Vec::len);
    n_versions > 1 && spec["conversion"]["strategy"] == "Webhook"
}

fn storage_version(spec: &Value) -> &str {
    let mut versions = spec["versions"].as_array().into_iter().flatten();
    let stored = versions.find(|version| version["storage"] == true);
    stored
        .and_then(|version| version["name"].as_str())
        .unwrap_or_default()
}
