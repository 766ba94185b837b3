//! One run of the OCI example, its invariants checked after every step.

use std::collections::{BTreeMap, BTreeSet};

use arc_simulator::assembly::SECOND_OPERATOR;
use arc_simulator::clock::EPOCH;
use arc_simulator::faults::{Faults, Firing};
use arc_simulator::invariants::{self, State};
use arc_simulator::outcomes::Book;
use arc_simulator::simulation::{Config, Simulation};
use jiff::SignedDuration;
use kube::api::{Api, DeleteParams, DynamicObject};
use kube::core::ApiResource;
use kube::core::gvk::GroupVersionKind;
use serde_json::{Value, json};

use crate::create::create;

/// In place of the example's password, which is too short to be looked for.
const PASSWORD: &str = "c29tZXRoaW5nLXNlY3JldA==";

/// Kinds that tell what happened, whose names are made up, or that Argo's controller leaves to the garbage collector if it
/// dies just after it wrote that a Workflow ended.
const NOT_COMPARED: [&str; 4] = ["Event", "Lease", "PersistentVolume", "WorkflowTaskResult"];

/// What an Order makes.
const MADE: [&str; 4] = [
    "ArtifactWorkflow",
    "Workflow",
    "Pod",
    "PersistentVolumeClaim",
];

pub(crate) struct World {
    simulation: Simulation,
    replay: String,
    faults: Vec<Firing>,
    revision_checked: u64,
}

/// What a run leaves behind.
pub(crate) struct Ending {
    /// The phase of the Order, if it is there.
    pub order: Option<String>,
    /// Write requests by client.
    pub n_writes: BTreeMap<String, usize>,
    objects: BTreeSet<String>,
    workflows_created: usize,
    revision: u64,
    story: String,
}

impl World {
    /// The example as applied, nothing of it reconciled; `replay` is the command that repeats this run.
    pub(crate) async fn start(seed: u64, replay: &str) -> Self {
        let book = arc_fixtures::outcomes("oci", "default").unwrap();
        let config = Config {
            seed,
            outcomes: Book::parse("default.yaml", &book).unwrap(),
            ..Config::default()
        };
        let simulation = Simulation::start(config).await.unwrap();
        simulation.server().keep_log_lines();
        for manifest in arc_fixtures::manifests("oci").unwrap() {
            create(&simulation, with_long_secret(manifest)).await;
        }
        Self {
            simulation,
            replay: replay.to_owned(),
            faults: Vec::new(),
            revision_checked: 0,
        }
    }

    /// Lets a second operator work beside the first.
    pub(crate) async fn double_operator(&mut self) {
        self.simulation.join(SECOND_OPERATOR).await.unwrap();
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.simulation.server().set_faults(faults);
    }

    /// Returns how many faults there were.
    pub(crate) fn end_faults(&mut self) -> usize {
        self.faults = self.simulation.server().end_faults();
        self.faults.len()
    }

    /// Lets time pass until `until` after the beginning.
    pub(crate) async fn play(&mut self, until: SignedDuration) {
        let until = EPOCH + until;
        let settled = self.simulation.cluster().settle_now().await;
        settled.unwrap_or_else(|error| panic!("{error}\n{}", self.story()));
        self.check(State::Moving);
        loop {
            let step = self.simulation.cluster().step(until).await;
            if !step.unwrap_or_else(|error| panic!("{error}\n{}", self.story())) {
                break;
            }
            self.check(State::Moving);
        }
        self.simulation.server().clock().advance_to(until);
    }

    /// Deletes the example's Order, as a user would.
    pub(crate) async fn delete_order(&mut self) {
        let gvk = GroupVersionKind::gvk("arc.opendefense.cloud", "v1alpha1", "Order");
        let client = self.simulation.server().client("user");
        let orders: Api<DynamicObject> =
            Api::default_namespaced_with(client, &ApiResource::from_gvk(&gvk));
        let deleted = orders.delete("oci-order", &DeleteParams::default()).await;
        deleted.unwrap();
    }

    fn check(&mut self, state: State) {
        let server = self.simulation.server();
        let revision = server.revision();
        if std::mem::replace(&mut self.revision_checked, revision) == revision
            && state == State::Moving
        {
            return;
        }
        let violations = invariants::check(&server.objects(), state);
        assert!(violations.is_empty(), "{violations:#?}\n{}", self.story());
    }

    /// What is there now, which must satisfy the invariants of a settled cluster.
    pub(crate) fn ending(&mut self) -> Ending {
        self.check(State::Settled);
        let server = self.simulation.server();
        let objects = server.objects();
        let order = objects.iter().find(|stored| stored.kind.kind == "Order");
        let phase = |order: &arc_simulator::http::service::Stored| {
            let phase = order.object.value()["status"]["phase"].as_str();
            phase.unwrap_or_default().to_owned()
        };
        let compared = objects
            .iter()
            .filter(|stored| !NOT_COMPARED.contains(&stored.kind.kind.as_str()));
        let named = |stored: &arc_simulator::http::service::Stored| {
            let (namespace, name) = (stored.object.namespace(), stored.object.name());
            format!("{} {namespace}/{name}", stored.kind.kind)
        };
        let lines = server.log_lines();
        let mut n_writes = BTreeMap::new();
        for line in &lines {
            *n_writes.entry(field(line, 1).to_owned()).or_default() += 1;
        }
        let made = |line: &&String| {
            let path = field(line, 3);
            field(line, 2) == "create" && path.ends_with("/workflows") && field(line, 4) == "201"
        };
        Ending {
            order: order.map(phase),
            n_writes,
            objects: compared.map(named).collect(),
            workflows_created: lines.iter().filter(made).count(),
            revision: server.revision(),
            story: self.story(),
        }
    }

    /// The command that repeats the run, the faults and the last writes.
    fn story(&self) -> String {
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        let current = self.simulation.server().fault_log();
        let current: Vec<String> = current.iter().map(ToString::to_string).collect();
        let lines = self.simulation.server().log_lines();
        let last = &lines[lines.len().saturating_sub(50)..];
        format!(
            "repeat with: {}\nfaults:\n{}\n{}\nlast writes:\n{}",
            self.replay,
            faults.join("\n"),
            current.join("\n"),
            last.join("\n")
        )
    }

    pub(crate) fn log_digest(&self) -> String {
        self.simulation.server().log_digest()
    }

    pub(crate) fn assert_no_writes_since(&mut self, ending: &Ending) {
        let revision = self.simulation.server().revision();
        let lines = self.simulation.server().log_lines().len();
        let before: usize = ending.n_writes.values().sum();
        assert_eq!(
            (revision, lines),
            (ending.revision, before),
            "{}",
            self.story()
        );
    }
}

impl Ending {
    pub(crate) fn assert_succeeded(&self) {
        assert_eq!(self.order.as_deref(), Some("Succeeded"), "{}", self.story);
        assert_eq!(self.workflows_created, 1, "{}", self.story);
    }

    pub(crate) fn assert_same(&self, reference: &Self) {
        assert_eq!(self.order, reference.order, "{}", self.story);
        assert_eq!(self.workflows_created, 1, "{}", self.story);
        assert_eq!(self.objects, reference.objects, "{}", self.story);
    }

    /// Asserts the same but for how often work was done, unless the Order is gone: then nothing of it is left.
    pub(crate) fn assert_as_asked_for(&self, reference: &Self) {
        match &self.order {
            Some(phase) => {
                assert_eq!(phase, "Succeeded", "{}", self.story);
                assert_eq!(self.kinds(), reference.kinds(), "{}", self.story);
            }
            None => {
                let left = self.kinds();
                let is_left = |kind: &&str| left.contains_key(*kind);
                assert!(!MADE.iter().any(is_left), "{left:?} {}", self.story);
            }
        }
    }

    /// How many objects there are of each kind.
    fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for object in &self.objects {
            *kinds.entry(field(object, 0)).or_default() += 1;
        }
        kinds
    }
}

/// A part of a line of the log: time, actor, verb, path, code and revision.
fn field(line: &str, index: usize) -> &str {
    line.split(' ').nth(index).unwrap_or_default()
}

fn with_long_secret(mut manifest: Value) -> Value {
    if manifest["kind"] == "Secret" {
        manifest["data"]["password"] = json!(PASSWORD);
    }
    manifest
}
