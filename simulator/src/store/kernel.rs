//! The state of an API server and the one function that changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::aggregation;
use super::answer::{Answer, Refused, Reply};
use super::conversion::Conversions;
use super::definition::is_definition;
use super::expiry::Expiries;
use super::kind::Kind;
use super::log::{Log, TableId};
use super::object::{Key, Object};
use super::pod_log::ContainerLog;
use super::policy::Policies;
use super::registry::{Registry, Served};
use super::request::{Part, Request, Verb};
use super::service_account::AccountAdmission;
use super::status::Status;
use super::token::TokenSecret;
use super::watch::Cursor;
use super::webhook::{Conversation, Webhooks};
use super::window::Window;
use crate::ids::Ids;
use crate::json::Value;

/// The whole state of an API server. Cloning it forks the cluster: objects and events are shared.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub(super) log: Log,
    pub(super) registry: Arc<Registry>,
    /// The table of each CustomResourceDefinition, by its name.
    pub(super) definition_tables: Arc<BTreeMap<String, TableId>>,
    /// What the kubelet said containers printed, by pod and container.
    pub(super) pod_logs: BTreeMap<Key, BTreeMap<String, ContainerLog>>,
    pub(super) account_admission: AccountAdmission,
    pub(super) token_secret: TokenSecret,
    pub(super) policies: Arc<Policies>,
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) conversions: Arc<Conversions>,
    pub(super) expiries: Expiries,
    /// Whether definitions that are made now wait to be established.
    pub(super) holds_definitions: bool,
}

/// What a request meets: the time, chance, and the warnings it gathers.
pub(super) struct Context<'a> {
    pub(super) now: Timestamp,
    pub(super) ids: &'a mut Ids,
    pub(super) warnings: Vec<String>,
    /// The kinds of a definition that was found good, perhaps before it came, until it is stored and they are served.
    pub(super) defined: Option<Vec<Kind>>,
    /// The patch as Go prints it, where a refusal quotes that and not the result.
    pub(super) quoted: Option<String>,
    /// Whether a patch may have brought whole numbers that are written as fractions.
    pub(super) has_fractions: bool,
    /// What webhooks have said, and have yet to be asked.
    pub(super) conversation: &'a mut Conversation,
}

impl<'a> Context<'a> {
    /// What a request meets at first.
    pub(super) fn new(
        (now, ids): (Timestamp, &'a mut Ids),
        conversation: &'a mut Conversation,
    ) -> Self {
        Self {
            now,
            ids,
            warnings: Vec::new(),
            defined: None,
            quoted: None,
            has_fractions: false,
            conversation,
        }
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

impl Kernel {
    /// An API server that serves the built-in kinds and holds no objects.
    #[must_use]
    pub fn new() -> Self {
        Self::with_history_until(0)
    }

    /// The same, and history until `revision` is forgotten.
    #[must_use]
    pub fn with_history_until(revision: u64) -> Self {
        let mut log = Log::compacted_at(revision);
        let registry = Arc::new(Registry::built_in(&mut log));
        Self {
            log,
            registry,
            definition_tables: Arc::default(),
            pod_logs: BTreeMap::new(),
            account_admission: AccountAdmission::default(),
            token_secret: TokenSecret::default(),
            policies: Arc::default(),
            webhooks: Arc::default(),
            conversions: Arc::default(),
            expiries: Expiries::default(),
            holds_definitions: false,
        }
    }

    /// Puts an object where it was left, without an event; `false` if its kind is not served. The kinds of a definition
    /// are served once it is back.
    #[must_use]
    pub fn put_back(&mut self, (group, plural): (&str, &str), value: Value, revision: u64) -> bool {
        let is_its =
            |served: &&Arc<Served>| served.kind.group == group && served.kind.plural == plural;
        let Some(served) = self.registry.all().find(is_its).cloned() else {
            return false;
        };
        let object = Object::new(value, revision);
        self.log.put_back(served.table, Arc::clone(&object));
        Policies::learn(&mut self.policies, &served, &object);
        Webhooks::learn(&mut self.webhooks, &served, &object);
        self.expiries.learn_again(&served, &object);
        if is_definition(&served) {
            self.serve(&object, None);
        }
        true
    }

    /// What happened and what is.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Which resources are served.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Forgets history up to `revision`, so that lists and watches from before it answer 410.
    pub fn compact(&mut self, revision: u64) {
        self.log.compact(revision);
    }

    /// Forgets the oldest history once there is more than a window holds.
    pub fn keep_within(&mut self, window: &Window) {
        self.log.keep_within(window);
    }

    /// A fork that asks no webhook about a write.
    pub(crate) fn without_webhooks(&self) -> Self {
        Self {
            webhooks: Arc::default(),
            ..self.clone()
        }
    }

    /// Answers one request at `now`, drawing uids and names from `ids`.
    ///
    /// # Errors
    /// A [`Status`] in the words of kube-apiserver, with the warnings up to then; the state is unchanged.
    ///
    /// # Panics
    /// On a fault of this program, for which the state is unchanged too.
    pub fn apply(
        &mut self,
        request: Request,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Result<Reply, Refused> {
        self.apply_once(request, &mut Conversation::default(), now, ids)
    }

    /// The same for a request about which webhooks may have to be asked: where `conversation` is open afterwards, what is
    /// returned means nothing, and the request is to be applied again, with the same `now` and `ids`, once it goes on.
    ///
    /// # Errors
    /// As [`Kernel::apply`].
    pub fn apply_once(
        &mut self,
        request: Request,
        conversation: &mut Conversation,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Result<Reply, Refused> {
        let mut context = Context::new((now, ids), conversation);
        let is_gathered = request.verb.is_write() && aggregation::is_gathered(&request.served);
        let result = self.wholly(|kernel| {
            let result = kernel.dispatch(request, &mut context);
            if is_gathered && result.is_ok() {
                kernel.gather_roles(&mut context);
            }
            result
        });
        let warnings = context.warnings;
        match result {
            Ok(answer) => Ok(Reply { answer, warnings }),
            Err(status) => Err(Refused { status, warnings }),
        }
    }

    pub(super) fn dispatch(
        &mut self,
        mut request: Request,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let verb = std::mem::replace(&mut request.verb, Verb::Get(None));
        match verb {
            Verb::Get(_) if request.part == Part::Scale => self.get_scale(&request, context),
            Verb::Get(at_least) => self.get(&request, at_least, context),
            Verb::List(options) => self.list(&request, &options, context).map(Answer::List),
            Verb::Watch(_) if request.served.kind.is("", "ComponentStatus") => Err(
                Status::unsupported("watch", &request.served.kind.resource()),
            ),
            Verb::Watch(options) => {
                self.initialise(&request.served, context.conversation)?;
                Ok(Answer::Watch(Cursor::open(&self.log, &request, &options)))
            }
            Verb::Create(body, options) => match request.part {
                Part::Binding => self.bind((&request, &request), &body, &options, context),
                Part::Eviction => self.evict(&request, &body, &options, context),
                Part::Token => self.grant_token(&request, &body, &options, context),
                _ if is_binding(&request) => self.bind_named(&request, body, &options, context),
                _ => self.create(&request, body, &options, context),
            },
            Verb::Update(body, options) if request.part == Part::Scale => {
                self.put_scale(&request, &body, &options, context)
            }
            Verb::Update(body, options) => self.update(&request, body, &options, context),
            Verb::Patch(kind, body, options) if request.part == Part::Scale => {
                self.patch_scale(&request, (kind, &body), &options, context)
            }
            Verb::Patch(kind, body, options) => {
                self.patch(&request, (kind, &body), &options, context)
            }
            Verb::Delete(options) => self.delete(&request, &options, context),
            Verb::DeleteCollection(list, options) => {
                self.delete_collection(&request, &list, &options, context)
            }
            Verb::ReadLog(wanted) => self.read_log(&request, &wanted, context.now),
            Verb::WriteLog(container, text) => {
                self.write_log(&request, &container, ContainerLog::new(context.now, text))
            }
        }
    }
}

/// Whether the request is for what only can be posted and is stored in pods.
fn is_binding(request: &Request) -> bool {
    let kind = &request.served.kind;
    kind.group.is_empty() && kind.plural == "bindings"
}

impl Request {
    /// The request with a GET in place of its verb: who asks, and for what.
    #[must_use]
    pub fn without_verb(&self) -> Self {
        Self {
            actor: Arc::clone(&self.actor),
            user: Arc::clone(&self.user),
            served: Arc::clone(&self.served),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            part: self.part,
            verb: Verb::Get(None),
        }
    }

    /// The key of the named object.
    pub(super) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    /// 404 for the named object.
    pub(super) fn not_found(&self) -> Status {
        let mut resource = self.served.kind.resource();
        if self.served.kind.is("", "ComponentStatus") {
            // Those who look at components call them so.
            resource.name = "componentstatus";
        }
        Status::not_found(&resource, &self.name)
    }
}
