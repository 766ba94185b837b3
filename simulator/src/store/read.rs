//! Get and list.
//!
//! Source: `spec/kube-api.md` §1.10.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::answer::{Answer, Page};
use super::kernel::{Context, Kernel};
use super::naming::path_segment_fault;
use super::object::{Key, Object};
use super::registry::Conversion;
use super::request::{At, Continue, ListOptions, Request};
use super::status::Status;
use super::watch::too_large;

impl Kernel {
    /// The named object of a request.
    pub(super) fn find(&self, request: &Request) -> Result<&Arc<Object>, Status> {
        check_name(request)?;
        self.log
            .get(request.served.table, &request.key())
            .ok_or_else(|| request.not_found())
    }

    /// The same in the version of the request, `None` if there is no such object.
    pub(super) fn present(
        &mut self,
        request: &Request,
        context: &mut Context,
    ) -> Result<Option<Arc<Object>>, Status> {
        check_name(request)?;
        let served = &request.served;
        let Some(object) = self.log.get(served.table, &request.key()).cloned() else {
            return Ok(None);
        };
        self.shown(served, &object, context.conversation).map(Some)
    }

    pub(super) fn get(
        &mut self,
        request: &Request,
        at_least: Option<u64>,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        self.reached(at_least.unwrap_or(0))?;
        let object = Arc::clone(self.find(request)?);
        let (served, conversation) = (&request.served, &mut *context.conversation);
        let shown = match at_least {
            // The newest state is read from the storage.
            None => self.shown_afresh(served, &object, conversation)?,
            Some(_) => self.shown(served, &object, conversation)?,
        };
        Ok(Answer::Object(200, shown))
    }

    pub(super) fn list(
        &mut self,
        request: &Request,
        options: &ListOptions,
        context: &mut Context,
    ) -> Result<Page, Status> {
        let revision = self.list_revision(options)?;
        self.initialise(&request.served, context.conversation)?;
        if request.served.conversion == Conversion::Webhook {
            let table = request.served.table;
            let stored = self.log.objects_at(table, revision).into_values();
            let is_there = |object: &Arc<Object>| {
                request.namespace.is_empty() || object.namespace() == request.namespace
            };
            let stored = stored.filter(is_there);
            let shown = self.all_shown(&request.served, stored, context.conversation)?;
            return Ok(page((&shown, revision), request, options));
        }
        let history;
        let objects = if revision == self.log.revision() {
            self.log.objects(request.served.table)
        } else {
            history = self.log.objects_at(request.served.table, revision);
            &history
        };
        Ok(page((objects, revision), request, options))
    }

    fn list_revision(&self, options: &ListOptions) -> Result<u64, Status> {
        let current = self.log.revision();
        if let Some(token) = &options.token {
            let revision = token.revision.unwrap_or(current);
            if revision < self.log.compacted() {
                return Err(expired(
                    "The provided continue parameter is too old to display a consistent list result.",
                ));
            }
            self.reached(revision)?;
            return Ok(revision);
        }
        match options.at {
            At::Newest | At::Any => Ok(current),
            At::NotOlderThan(revision) => self.reached(revision).map(|()| current),
            At::Exactly(revision) => {
                self.reached(revision)?;
                if revision < self.log.compacted() {
                    return Err(expired(
                        "The resourceVersion for the provided list is too old.",
                    ));
                }
                Ok(revision)
            }
        }
    }

    fn reached(&self, revision: u64) -> Result<(), Status> {
        let current = self.log.revision();
        if revision > current {
            return Err(too_large(revision, current));
        }
        Ok(())
    }
}

/// A page of the objects there are at a revision.
fn page(
    (objects, revision): (&BTreeMap<Key, Arc<Object>>, u64),
    request: &Request,
    options: &ListOptions,
) -> Page {
    // One object that is named is not looked for in pages.
    let is_keyed = !request.namespace.is_empty() || !request.served.kind.namespaced;
    let is_one = is_keyed && options.selectors.name().is_some();
    let limit = if options.at == At::Any || is_one {
        0
    } else {
        options.limit
    };
    let mut selected = select(objects, request, options);
    let items: Vec<_> = if limit == 0 {
        selected.collect()
    } else {
        selected.by_ref().take(limit).collect()
    };
    // Whoever asks with a selector is not told whether anything of what follows is selected.
    let is_cut = limit > 0 && items.len() == limit;
    let rest = if limit == 0 || items.len() < limit {
        0
    } else {
        select(objects, request, options).count() - items.len()
    };
    Page {
        token: items
            .last()
            .filter(|last| rest > 0 || is_cut && follows(objects, request, last))
            .map(|last| token_after(request, revision, last)),
        remaining: (rest > 0 && options.selectors.is_empty()).then_some(rest),
        items,
        revision,
    }
}

/// The selected objects of one namespace, or of all, after the page token.
fn select<'a>(
    objects: &'a BTreeMap<Key, Arc<Object>>,
    request: &'a Request,
    options: &'a ListOptions,
) -> impl Iterator<Item = Arc<Object>> + 'a {
    let start = match &options.token {
        Some(token) => token_key(request, token),
        None => Key::new(&request.namespace, ""),
    };
    objects
        .range(start..)
        .map(|(_, object)| object)
        .take_while(|o| request.namespace.is_empty() || o.namespace() == request.namespace)
        .filter(|object| options.selectors.select(object))
        .cloned()
}

/// Whether anything comes after `last`, selected or not.
fn follows(objects: &BTreeMap<Key, Arc<Object>>, request: &Request, last: &Object) -> bool {
    let after = (Bound::Excluded(last.key()), Bound::Unbounded);
    let next = objects.range(after).next();
    next.is_some_and(|(key, _)| {
        request.namespace.is_empty() || key.namespace() == request.namespace
    })
}

fn token_key(request: &Request, token: &Continue) -> Key {
    let from = token.from.trim_start_matches('/');
    let (namespace, name) = match from.split_once('/') {
        Some((namespace, name)) if request.namespace.is_empty() => (namespace, name),
        None if request.namespace.is_empty() && request.served.kind.namespaced => (from, ""),
        _ => (request.namespace.as_str(), from),
    };
    Key::new(namespace, name)
}

/// Below one namespace a token holds the name, else the whole key, after a slash.
fn token_after(request: &Request, revision: u64, last: &Object) -> String {
    // No other key comes between a key and itself with a zero behind it.
    let from = if !request.namespace.is_empty() || last.namespace().is_empty() {
        format!("/{}\u{0}", last.name())
    } else {
        format!("/{}/{}\u{0}", last.namespace(), last.name())
    };
    let revision = Some(revision);
    Continue { revision, from }.encode()
}

fn expired(message: &str) -> Status {
    Status {
        code: 410,
        reason: "Expired".into(),
        message: message.to_owned(),
        details: None,
    }
}

/// Refuses a name that no object can have.
///
/// Source: kubernetes v1.34 `apiserver/pkg/registry/generic/registry/store.go`, `NamespaceKeyFunc`.
fn check_name(request: &Request) -> Result<(), Status> {
    let name = &request.name;
    path_segment_fault(name).map_or(Ok(()), |why| {
        let message = format!("Name parameter invalid: {name:?}: {why}");
        Err(Status::bad_request(message))
    })
}
