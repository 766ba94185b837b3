//! Owners and what they made, down to the steps of a Workflow, as lines for a person.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use kube::ResourceExt;

use super::record::Recorded;
use crate::json::Value;

/// How many of the removed runs of one owner a tree shows.
const PAST_RUNS_MAX: usize = 2;

/// Lines of a tree with their depth, ready to print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// For each level above, whether its object has later siblings.
    stems: Vec<bool>,
    phase: String,
    label: String,
    seconds: Option<i64>,
    remark: String,
}

/// Draws `objects`: those that nobody in the set owns are roots, if their kind is in `roots`.
#[must_use]
pub(super) fn draw(objects: &[Recorded], roots: &[&str], now: Timestamp) -> Tree {
    let mut forest = Forest {
        children: BTreeMap::new(),
        now,
        tree: Tree::default(),
    };
    let uids: BTreeSet<String> = objects
        .iter()
        .filter_map(|recorded| recorded.object.uid())
        .collect();
    let mut tops = Vec::new();
    for recorded in objects {
        let owner = recorded
            .object
            .owner_references()
            .iter()
            .find(|owner| uids.contains(&owner.uid));
        match owner {
            Some(owner) => forest
                .children
                .entry(owner.uid.clone())
                .or_default()
                .push(recorded),
            None if roots.contains(&kind(recorded)) => tops.push(recorded),
            None => {}
        }
    }
    for top in tops {
        forest.object(top, &mut Vec::new());
    }
    forest.tree
}

fn kind(recorded: &Recorded) -> &str {
    recorded
        .object
        .types
        .as_ref()
        .map_or("", |types| types.kind.as_str())
}

struct Forest<'a> {
    children: BTreeMap<String, Vec<&'a Recorded>>,
    now: Timestamp,
    tree: Tree,
}

impl Forest<'_> {
    fn object(&mut self, recorded: &Recorded, stems: &mut Vec<bool>) {
        let status = &recorded.object.data["status"];
        let phase = text(status, "phase");
        let message = first_line(message(status));
        let gone = if recorded.deleted { "(removed) " } else { "" };
        let children = self
            .children
            .remove(&recorded.object.uid().unwrap_or_default())
            .unwrap_or_default();
        let (children, n_hidden) = worth_showing(children);
        let hidden = match n_hidden {
            0 => String::new(),
            n => format!(" ({n} earlier runs removed)"),
        };
        self.tree.lines.push(Line {
            stems: stems.clone(),
            phase: if phase.is_empty() {
                "Pending".to_owned()
            } else {
                phase.to_owned()
            },
            label: format!("{} {}", kind(recorded), recorded.object.name_any()),
            seconds: self.seconds(status),
            remark: format!("{gone}{message}{hidden}").trim().to_owned(),
        });
        let nodes = Nodes::of(&recorded.object.name_any(), status);
        let steps = nodes.members_of_root();
        let total = children.len() + steps.len();
        for (index, child) in children.into_iter().enumerate() {
            stems.push(index + 1 < total);
            self.object(child, stems);
            stems.pop();
        }
        self.members(&nodes, &steps, stems);
    }

    fn members(&mut self, nodes: &Nodes<'_>, members: &[&Value], stems: &mut Vec<bool>) {
        for (index, node) in members.iter().enumerate() {
            stems.push(index + 1 < members.len());
            self.tree.lines.push(Line {
                stems: stems.clone(),
                phase: text(node, "phase").to_owned(),
                label: text(node, "displayName").to_owned(),
                seconds: self.seconds(node),
                remark: first_line(text(node, "message")).to_owned(),
            });
            let below = nodes.inside(node);
            self.members(nodes, &below, stems);
            stems.pop();
        }
    }

    fn seconds(&self, status: &Value) -> Option<i64> {
        let time = |key: &str| {
            status[key]
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
        };
        let started = time("startedAt")?;
        Some(
            time("finishedAt")
                .unwrap_or(self.now)
                .duration_since(started)
                .as_secs(),
        )
    }
}

/// The nodes of one Workflow.
struct Nodes<'a> {
    root: String,
    by_id: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Nodes<'a> {
    fn of(workflow: &str, status: &'a Value) -> Self {
        let nodes = status["nodes"].as_object();
        let by_id = nodes
            .into_iter()
            .flatten()
            .map(|(id, node)| (id.as_str(), node))
            .collect();
        Self {
            root: workflow.to_owned(),
            by_id,
        }
    }

    fn members_of_root(&self) -> Vec<&'a Value> {
        match self.by_id.get(self.root.as_str()) {
            Some(root) => self.inside(root),
            None => Vec::new(),
        }
    }

    /// What is worth a line of its own below `node`: the attempts of a retry if there were several, else what the
    /// only attempt holds.
    fn inside(&self, node: &'a Value) -> Vec<&'a Value> {
        match text(node, "type") {
            "Retry" => match self.attempts(node).as_slice() {
                [only] => self.inside(only),
                attempts => attempts.to_vec(),
            },
            "Steps" | "DAG" | "TaskGroup" => self.bounded_by(node),
            _ => Vec::new(),
        }
    }

    fn attempts(&self, node: &'a Value) -> Vec<&'a Value> {
        let ids = node["children"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let attempts = ids.filter_map(|id| self.by_id.get(id).copied());
        attempts
            .filter(|child| child["nodeFlag"]["retried"] == true)
            .collect()
    }

    fn bounded_by(&self, node: &'a Value) -> Vec<&'a Value> {
        let id = text(node, "id");
        let mut members: Vec<&Value> = self
            .by_id
            .values()
            .copied()
            .filter(|node| text(node, "boundaryID") == id)
            .filter(|node| text(node, "type") != "StepGroup" && node["nodeFlag"]["retried"] != true)
            .collect();
        members.sort_by_key(|member| {
            (
                group(member),
                text(member, "startedAt"),
                text(member, "name"),
            )
        });
        members
    }
}

/// All but what Kubernetes itself keeps (pods, claims, events) and all but the newest of the Workflows that were removed, and how many of these there are. Names of
/// runs end in their times, so that the last is the newest.
fn worth_showing(children: Vec<&Recorded>) -> (Vec<&Recorded>, usize) {
    let is_past_run = |child: &&Recorded| child.deleted && kind(child) == "Workflow";
    let n_past = children.iter().filter(|child| is_past_run(child)).count();
    let n_hidden = n_past.saturating_sub(PAST_RUNS_MAX);
    let mut past_index = 0;
    let shown = children.into_iter().filter(|child| {
        if is_past_run(child) {
            past_index += 1;
            return past_index > n_hidden;
        }
        !is_of_kubernetes(child)
    });
    (shown.collect(), n_hidden)
}

/// Whether the kind is one of Kubernetes, whose groups have no domain or end in `k8s.io`.
fn is_of_kubernetes(recorded: &Recorded) -> bool {
    let types = recorded.object.types.as_ref();
    let version = types.map_or("", |types| types.api_version.as_str());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// The index of the step group in a node's name, such as 3 in `wf[3].push`.
fn group(node: &Value) -> u64 {
    let name = text(node, "name");
    let inner = name.rfind('[').map_or("", |at| &name[at + 1..]);
    inner
        .split(']')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Why an object stands as it does; a schedule has no message, but conditions that say what is wrong.
fn message(status: &Value) -> &str {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut wrong = conditions
        .filter(|condition| matches!(text(condition, "type"), "SpecError" | "SubmissionError"));
    match text(status, "message") {
        "" => wrong
            .next()
            .map_or("", |condition| text(condition, "message")),
        message => message,
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

impl Tree {
    /// The tree as text; terminal colours are in it, for a stream that strips them where they are not wanted.
    #[must_use]
    pub(super) fn render(&self) -> String {
        let width = self.lines.iter().map(Line::width).max().unwrap_or(0);
        self.lines.iter().map(|line| line.render(width)).collect()
    }

    /// The tree as far as it fits into a terminal of this size.
    #[must_use]
    pub(super) fn view(&self, n_columns: usize, n_rows: usize) -> String {
        let text = self.render();
        let n_shown = n_rows.saturating_sub(2).max(1);
        let n_hidden = self.lines.len().saturating_sub(n_shown);
        let shown = text.lines().take(n_shown);
        let mut view: String = shown.map(|line| cut(line, n_columns) + "\n").collect();
        if n_hidden > 0 {
            view.push_str(&format!("… {n_hidden} more lines\n"));
        }
        view
    }
}

/// The first `n_columns` characters of `line`, colours aside; what is longer ends in an ellipsis.
fn cut(line: &str, n_columns: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    if plain.chars().count() <= n_columns {
        return line.to_owned();
    }
    let mut kept = String::new();
    let (mut n_kept, mut is_escape) = (0, false);
    for letter in line.chars() {
        is_escape |= letter == '\x1b';
        if !is_escape {
            n_kept += 1;
        }
        if n_kept >= n_columns {
            break;
        }
        kept.push(letter);
        is_escape &= letter != 'm';
    }
    format!("{kept}…{:#}", Style::new().bold())
}

impl Line {
    fn width(&self) -> usize {
        3 * self.stems.len() + self.label.chars().count()
    }

    fn render(&self, width: usize) -> String {
        let mut out = String::new();
        for (level, more) in self.stems.iter().enumerate() {
            let last = level + 1 == self.stems.len();
            out.push_str(match (last, more) {
                (true, true) => "├─ ",
                (true, false) => "└─ ",
                (false, true) => "│  ",
                (false, false) => "   ",
            });
        }
        let (mark, style) = mark(&self.phase);
        let pad = " ".repeat(width - self.width());
        let seconds = self
            .seconds
            .map_or(String::new(), |seconds| format!("{seconds}s"));
        let rest = format!("{seconds:>6}  {}", self.remark);
        let gap = " ".repeat(9_usize.saturating_sub(self.phase.len()));
        let rest = if rest.trim().is_empty() {
            String::new()
        } else {
            format!("{gap} {}", rest.trim_end())
        };
        format!(
            "{out}{style}{mark}{style:#} {}{pad}  {style}{}{style:#}{rest}\n",
            self.label, self.phase
        )
    }
}

fn mark(phase: &str) -> (char, Style) {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match phase {
        "Succeeded" => ('✔', colour(AnsiColor::Green)),
        "Failed" | "Error" => ('✖', colour(AnsiColor::Red)),
        "Skipped" | "Omitted" => ('○', colour(AnsiColor::BrightBlack)),
        "Running" | "Active" => ('●', colour(AnsiColor::Cyan)),
        _ => ('◷', colour(AnsiColor::Yellow)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::json::{from_value, json};
    use crate::part::PartObject;

    use super::*;
    use crate::clock::EPOCH;

    fn recorded(object: Value, deleted: bool) -> Recorded {
        let object: PartObject = from_value(&object).unwrap();
        Recorded {
            object: Arc::new(object),
            deleted,
        }
    }

    fn workflow() -> Recorded {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": "wf", "uid": "w", "ownerReferences": [
                {"apiVersion": "example.org/v1", "kind": "Owner", "name": "o", "uid": "o"}]},
            "status": {"phase": "Failed", "startedAt": "2030-01-01T00:00:00Z", "finishedAt": "2030-01-01T00:00:40Z",
                "message": "child 'wf-2' failed", "nodes": {
                "wf": {"id": "wf", "name": "wf", "type": "Steps", "phase": "Failed"},
                "wf-1": {"id": "wf-1", "name": "wf[0]", "type": "StepGroup", "phase": "Succeeded", "boundaryID": "wf"},
                "wf-2": {"id": "wf-2", "name": "wf[1].push", "displayName": "push", "type": "Retry", "phase": "Failed",
                    "boundaryID": "wf", "message": "No more retries left", "children": ["wf-3", "wf-4"]},
                "wf-3": {"id": "wf-3", "name": "wf[1].push(0)", "displayName": "push(0)", "type": "Pod",
                    "phase": "Failed", "boundaryID": "wf", "nodeFlag": {"retried": true}},
                "wf-4": {"id": "wf-4", "name": "wf[1].push(1)", "displayName": "push(1)", "type": "Pod",
                    "phase": "Failed", "boundaryID": "wf", "nodeFlag": {"retried": true}},
                "wf-5": {"id": "wf-5", "name": "wf[0].pull", "displayName": "pull", "type": "Pod",
                    "phase": "Succeeded", "boundaryID": "wf"}}}
        });
        recorded(object, true)
    }

    #[test]
    fn what_a_terminal_cannot_hold_is_cut() {
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "o"},
            "status": {"phase": "Failed", "message": "größer als gedacht"}});
        let tree = draw(&[recorded(owner, false), workflow()], &["Owner"], EPOCH);
        let plain = anstream::adapter::strip_str(&tree.view(30, 4)).to_string();
        let expected = "\
✖ Owner o           Failed   …
└─ ✖ Workflow wf    Failed   …
… 4 more lines
";
        assert_eq!(plain, expected);
    }

    #[test]
    fn what_kubernetes_keeps_for_an_owner_is_no_line() {
        let owned = |version: &str, kind: &str| {
            recorded(
                json!({"apiVersion": version, "kind": kind, "metadata": {"name": "c", "uid": kind,
                "ownerReferences": [{"apiVersion": "example.org/v1", "kind": "Owner", "name": "o", "uid": "o"}]}}),
                false,
            )
        };
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "o"}});
        let objects = [
            recorded(owner, false),
            owned("v1", "PersistentVolumeClaim"),
            owned("v1", "Secret"),
            owned("events.k8s.io/v1", "Event"),
        ];
        let plain =
            anstream::adapter::strip_str(&draw(&objects, &["Owner"], EPOCH).render()).to_string();
        assert_eq!(plain, "◷ Owner o  Pending\n");
    }

    #[test]
    fn of_the_runs_that_were_removed_only_the_newest_are_shown() {
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "o"},
            "status": {"phase": "Active", "conditions": [{"type": "SpecError", "message": "why"}]}});
        let run = |minute: u32, deleted| {
            let run = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
                "metadata": {"name": format!("o-{minute}"), "uid": format!("u-{minute}"), "ownerReferences": [
                    {"apiVersion": "example.org/v1", "kind": "Owner", "name": "o", "uid": "o"}]},
                "status": {"phase": "Succeeded"}});
            recorded(run, deleted)
        };
        let mut objects = vec![recorded(owner, false)];
        objects.extend((1..=5).map(|minute| run(minute, minute < 5)));
        let tree = draw(&objects, &["Owner"], EPOCH);
        let plain = anstream::adapter::strip_str(&tree.render()).to_string();
        let expected = "\
● Owner o          Active            why (2 earlier runs removed)
├─ ✔ Workflow o-3  Succeeded         (removed)
├─ ✔ Workflow o-4  Succeeded         (removed)
└─ ✔ Workflow o-5  Succeeded
";
        assert_eq!(plain, expected);
    }

    #[test]
    fn a_tree_leads_from_owners_to_the_attempts_of_steps() {
        let owner = json!({"apiVersion": "example.org/v1", "kind": "Owner", "metadata": {"name": "o", "uid": "o"},
            "status": {"phase": "Failed"}});
        let tree = draw(&[recorded(owner, false), workflow()], &["Owner"], EPOCH);
        let plain = anstream::adapter::strip_str(&tree.render()).to_string();
        let expected = "\
✖ Owner o           Failed
└─ ✖ Workflow wf    Failed       40s  (removed) child 'wf-2' failed
   ├─ ✔ pull        Succeeded
   └─ ✖ push        Failed            No more retries left
      ├─ ✖ push(0)  Failed
      └─ ✖ push(1)  Failed
";
        assert_eq!(plain, expected);
    }
}
