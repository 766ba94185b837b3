//! One look at a cluster, which assertions judge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The objects of one namespace at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Objects by kind.
    pub objects: BTreeMap<String, Arc<Vec<Value>>>,
    /// The Order that the scenario is about.
    pub order: String,
}

impl Snapshot {
    /// All objects of `kind`.
    #[must_use]
    pub fn of(&self, kind: &str) -> &[Value] {
        self.objects.get(kind).map_or(&[], |list| list.as_slice())
    }

    /// The object of this kind and name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, kind: &str, name: &str) -> Result<&Value> {
        let mut objects = self.of(kind).iter();
        objects
            .find(|object| object["metadata"]["name"] == name)
            .with_context(|| format!("there is no {kind} {name}"))
    }

    /// The Order of the scenario.
    ///
    /// # Errors
    /// There is none.
    pub fn the_order(&self) -> Result<&Value> {
        self.named("Order", &self.order)
    }

    /// The status entry of artifact `number`, counted from 1, and its key.
    ///
    /// # Errors
    /// The Order has no such entry.
    pub fn entry(&self, number: usize) -> Result<(&str, &Value)> {
        let entries = self.the_order()?["status"]["artifactWorkflows"].as_object();
        let mut entries = entries.into_iter().flatten();
        let (key, entry) = entries
            .find(|(_, entry)| {
                entry["artifactIndex"].as_u64() == number.checked_sub(1).map(|index| index as u64)
            })
            .with_context(|| format!("the Order has no entry for artifact {number}"))?;
        Ok((key, entry))
    }

    /// The ArtifactWorkflow of artifact `number`, counted from 1.
    ///
    /// # Errors
    /// There is none.
    pub fn child(&self, number: usize) -> Result<&Value> {
        let (hash, _) = self.entry(number)?;
        let order = self.the_order()?;
        let mut children = self
            .of("ArtifactWorkflow")
            .iter()
            .filter(|child| is_owned(child, order));
        children
            .find(|child| name(child).ends_with(&format!("-{hash}")))
            .with_context(|| format!("artifact {number} has no ArtifactWorkflow"))
    }

    /// The newest Workflow that was run for artifact `number`, on its own or by a schedule.
    ///
    /// # Errors
    /// There is none.
    pub fn workflow(&self, number: usize) -> Result<&Value> {
        let child = self.child(number)?;
        let schedule = self.named("CronWorkflow", name(child)).ok();
        let owned = |workflow: &&Value| {
            is_owned(workflow, child)
                || schedule.is_some_and(|schedule| is_owned(workflow, schedule))
        };
        let workflows = self.of("Workflow").iter().filter(owned);
        workflows
            .max_by_key(|workflow| workflow["metadata"]["creationTimestamp"].as_str())
            .with_context(|| format!("artifact {number} has no Workflow"))
    }

    /// The nodes of the Workflow of artifact `number` that stand for `step`, its attempts among them.
    ///
    /// # Errors
    /// There is no Workflow.
    pub fn nodes(&self, number: usize, step: &str) -> Result<Vec<&Value>> {
        let nodes = self.workflow(number)?["status"]["nodes"].as_object();
        let is_of_step = |node: &&Value| {
            node["displayName"]
                .as_str()
                .is_some_and(|shown| is_step(shown, step))
        };
        Ok(nodes
            .into_iter()
            .flat_map(|nodes| nodes.values())
            .filter(is_of_step)
            .collect())
    }

    /// Whether some Workflow works on `step` now.
    #[must_use]
    pub fn has_reached(&self, step: &str) -> bool {
        let workflows = self.of("Workflow").iter();
        let nodes = workflows.filter_map(|workflow| workflow["status"]["nodes"].as_object());
        nodes.flat_map(|nodes| nodes.values()).any(|node| {
            node["type"] == "Pod"
                && (node["phase"] == "Pending" || node["phase"] == "Running")
                && node["displayName"]
                    .as_str()
                    .is_some_and(|shown| is_step(shown, step))
        })
    }

    /// Whether a schedule keeps the cluster from ever coming to rest.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        let runs = |cron: &Value| !cron.is_null() && cron["disabled"] != true;
        let of_order = |order: &Value| {
            let spec = &order["spec"];
            let artifacts = spec["artifacts"].as_array();
            artifacts.into_iter().flatten().any(|artifact| {
                if artifact["cron"].is_null() {
                    runs(&spec["defaults"]["cron"])
                } else {
                    runs(&artifact["cron"])
                }
            })
        };
        let is_live = |object: &&Value| object["metadata"]["deletionTimestamp"].is_null();
        let mut orders = self.of("Order").iter().filter(is_live);
        let mut by_hand = self.of("ArtifactWorkflow").iter().filter(is_live);
        orders.any(of_order) || by_hand.any(|object| runs(&object["spec"]["cron"]))
    }

    /// The uids of all Workflows.
    #[must_use]
    pub fn workflow_uids(&self) -> BTreeSet<&str> {
        self.of("Workflow").iter().map(uid).collect()
    }

    /// The condition `kind` of the Order.
    ///
    /// # Errors
    /// The Order has no such condition.
    pub fn condition(&self, kind: &str) -> Result<&Value> {
        let conditions = self.the_order()?["status"]["conditions"].as_array();
        let mut conditions = conditions.into_iter().flatten();
        conditions
            .find(|condition| condition["type"] == kind)
            .with_context(|| format!("the Order has no condition {kind}"))
    }

    /// That there are `expected` objects of `kind`.
    ///
    /// # Errors
    /// There are more or fewer.
    pub fn count(&self, kind: &str, expected: usize) -> Result<()> {
        let names: Vec<_> = self.of(kind).iter().map(name).collect();
        ensure!(
            names.len() == expected,
            "expected {expected} {kind}, found {names:?}"
        );
        Ok(())
    }
}

impl fmt::Display for Snapshot {
    /// What a reader of a failed scenario wants to see first: phases and messages from the Order down to the steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in [
            "Order",
            "ArtifactWorkflow",
            "CronWorkflow",
            "Workflow",
            "Pod",
        ] {
            for object in self.of(kind) {
                let status = &object["status"];
                writeln!(
                    f,
                    "  {kind} {}: {} {}",
                    name(object),
                    status["phase"],
                    status["message"]
                )?;
                let nodes = status["nodes"].as_object();
                for node in nodes.into_iter().flat_map(|nodes| nodes.values()) {
                    writeln!(
                        f,
                        "    {} {}: {} {}",
                        node["type"], node["displayName"], node["phase"], node["message"]
                    )?;
                }
            }
        }
        for event in self.of("Event") {
            writeln!(
                f,
                "  Event {} {}: {} {}",
                event["regarding"]["kind"],
                event["regarding"]["name"],
                event["reason"],
                event["note"]
            )?;
        }
        Ok(())
    }
}

/// The name of `object`.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The uid of `object`.
pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// Whether `owner` owns `object`.
pub(crate) fn is_owned(object: &Value, owner: &Value) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array();
    references
        .into_iter()
        .flatten()
        .any(|reference| reference["uid"] == owner["metadata"]["uid"])
}

/// Whether a node shown as `shown` is `step` or an attempt of it, `step(0)`.
fn is_step(shown: &str, step: &str) -> bool {
    shown
        .strip_prefix(step)
        .is_some_and(|rest| rest.is_empty() || (rest.starts_with('(') && rest.ends_with(')')))
}
