//! The one place that says what may differ between two servers.
//!
//! | What | Becomes |
//! |---|---|
//! | uids, wherever they stand | `<uid 1>`, by first appearance in the case |
//! | revisions of objects | `<rv 1>`, by rank among those that the case saw |
//! | revisions of lists, Tables and bookmarks | `<list rv 3>`: the greatest revision of an object that is not above |
//! | page tokens | what is in them, with the revision as in a list |
//! | times within some days of the run | `<time>` or `<micro time>`; times in the far past or future stay |
//! | suffixes of generated names | `<name 1>` for the whole name |
//! | order of `managedFields` | by operation, manager, version, subresource: real servers order by the second |
//! | ages in Tables | `<age>` |
//! | addresses and node ports of services, drawn at random | `<address>`, `<node port>` |
//! | tokens of service accounts | what they claim, without when and by which id |
//! | order of the rules that a review lists, which real servers gather from a map | sorted |
//! | scheme, host and port, those of webhooks too | `<origin>`, `<hooks>` |
//! | types of what rules are about, which are numbered by the time | `selfType` |
//! | version and build of the server, hashes of `OpenAPI` documents | `<build>`, `<hash>` |
//! | order of causes of one refusal that lie beside each other below one map, such as the labels, or anywhere in a custom resource; and that of their list in the message | sorted: Go walks maps at random |
//! | conflicts of an apply, by manager | sorted: real servers order by the second |
//! | order of fields, and of `managedFields`, in an object that a refusal quotes | sorted: real servers leave that of Go's structs where a patch changed nothing |
//! | what is wrong with the types of an apply | sorted, `<type errors>` with an unknown field: Go walks maps at random, and stops there |
//! | check of health of the limit to requests, of which the suite's server keeps none | those of flows |
//! | warnings beside a 404 | left out: real servers try a patch first on what their cache still holds |
//! | groups of other cases | left out |
//!
//! Source: `spec/kube-api.md` §2.1.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// The ending of every API group that a case makes.
pub const GROUP_ENDING: &str = ".arc.test";
/// What a server says about its own build.
const BUILD_KEYS: [&str; 8] = [
    "compiler",
    "serverAddress",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "platform",
];
/// What stands before the type errors of an apply, and what makes them a matter of chance.
const TYPED: &str = "failed to create typed patch object (";
const UNDECLARED: &str = "field not declared in schema";
/// The fields that are maps in Go, of which real servers look at one entry after the other in any order.
const WALKS: &str = r"^(?:((?:.*?\.)?(?:limits\[\d+\]|labels|annotations|matchLabels|nodeSelector|data|binaryData|parameters|hard|used|limits|requests|capacity|allocatable|overhead|properties))(?:[\[.]|$)|(spec\.selector)$)";
/// Times nearer than this to the run come from the servers.
const NEAR: SignedDuration = SignedDuration::from_hours(72);

/// The line on the limit to requests among those on health, and what stands there where there are flows.
const LIMIT_CHECK: &str = "[+]poststarthook/max-in-flight-filter ok\n";
const FLOW_CHECKS: &str = "[+]poststarthook/priority-and-fairness-config-consumer ok\n[+]poststarthook/priority-and-fairness-filter ok\n";

static UID: LazyLock<Regex> =
    LazyLock::new(|| pattern("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
static TIME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"));
/// Where a cause lies that was found in a map, up to the map.
static WALKED: LazyLock<Regex> = LazyLock::new(|| pattern(WALKS));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(^|\\?")10\.96\.\d+\.\d+(\\?"|$)"#));
/// What a server calls the type of what a rule is about.
static SELF_TYPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bselfType\d+"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d+\b"));
/// What is said about a revision, up to its number and a second one in brackets.
static REVISION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)resource ?version[^,{}]*?\b\d+\b(?: \(\d+\))?"));
/// A JSON Web Token, whose claims are the middle of three parts.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\beyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+"));
static AGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d+[smhdy])+$"));
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\?hash=[0-9A-Za-z]+"));

/// A refusal without the errors of which a real server names some at random, or with those that it names in any order.
fn without_type_errors(text: &str) -> String {
    let Some((before, errors)) = text.split_once("): ").filter(|_| text.starts_with(TYPED)) else {
        return text.to_owned();
    };
    if errors.contains(UNDECLARED) {
        return format!("{before}): <type errors>");
    }
    let mut errors: Vec<&str> = errors.lines().collect();
    errors.sort_unstable();
    format!("{before}): {}", errors.join("\n"))
}

/// A text in which the fields of each object that it quotes as JSON are sorted, and who owns them.
fn with_sorted_quotes(text: &str) -> String {
    let Some((before, rest)) = text.split_once("\"{\\\"") else {
        return text.to_owned();
    };
    let quoted = &text[before.len()..];
    let mut reader = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
    let object = reader.next().and_then(Result::ok);
    let object = object.and_then(|object| serde_json::from_str::<Map<_, _>>(&object).ok());
    match object {
        Some(mut object) => {
            let owners = object.get_mut("metadata");
            let owners = owners.and_then(|metadata| metadata.get_mut("managedFields"));
            if let Some(Value::Array(owners)) = owners {
                owners.sort_by_key(manager);
            }
            let sorted = Value::String(Value::Object(object).to_string());
            let after = with_sorted_quotes(&quoted[reader.byte_offset()..]);
            format!("{before}{sorted}{after}")
        }
        None => format!("{before}\"{{\\\"{}", with_sorted_quotes(rest)),
    }
}

/// A refusal of an apply with its conflicts sorted by manager.
fn with_sorted_conflicts(text: &str) -> String {
    let Some((before, conflicts)) = text.split_once(" conflicts: conflicts with ") else {
        return text.to_owned();
    };
    let mut conflicts: Vec<&str> = conflicts.split("\nconflicts with ").collect();
    conflicts.sort_unstable();
    let sorted = conflicts.join("\nconflicts with ");
    format!("{before} conflicts: conflicts with {sorted}")
}

/// A refusal whose causes are sorted where real servers find them in any order, if there are such.
fn with_sorted_causes(status: &Map<String, Value>) -> Option<Map<String, Value>> {
    let causes = status.get("details")?.get("causes")?.as_array()?;
    let group = status["details"]["group"].as_str().unwrap_or_default();
    let is_custom = group.ends_with(GROUP_ENDING);
    let is_conflict = |cause: &Value| cause["reason"] == "FieldManagerConflict";
    let walk = |cause: &Value| match cause["field"].as_str() {
        Some(_) if is_custom || is_conflict(cause) => Some(String::new()),
        field => {
            let found = WALKED.captures(field?)?;
            let place = found.get(1).or_else(|| found.get(2))?;
            Some(place.as_str().to_owned())
        }
    };
    let mut sorted = causes.clone();
    for run in sorted.chunk_by_mut(|one, next| walk(one).is_some() && walk(one) == walk(next)) {
        run.sort_by_key(|cause| ["field", "message"].map(|part| cause[part].to_string()));
    }
    let mut status = status.clone();
    if let Some(Value::String(message)) = status.get_mut("message") {
        *message = message.replace(&listed(causes), &listed(&sorted));
    }
    status["details"]["causes"] = sorted.into();
    Some(status)
}

/// Causes as the message of a refusal lists them: each once.
fn listed(causes: &[Value]) -> String {
    let part = |cause: &Value, part: &str| cause[part].as_str().unwrap_or_default().to_owned();
    let mut texts: Vec<String> = Vec::new();
    for cause in causes {
        let text = format!("{}: {}", part(cause, "field"), part(cause, "message"));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    format!("[{}]", texts.join(", "))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a literal that compiles")
}

/// Whose answers are normalised.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Scheme, host and port of the server; empty for one in this process.
    pub origin: &'a str,
    /// The same of its webhooks.
    pub hooks: &'a str,
    /// The namespace of the case.
    pub namespace: &'a str,
    /// The time of the run.
    pub now: Timestamp,
}

/// The answers of one server to one case, with all that may differ replaced by what must not.
#[must_use]
pub fn normalise(answers: &[Value], world: World<'_>) -> Vec<Value> {
    let mut answers = answers.to_vec();
    let mut seen = Seen::default();
    for answer in &mut answers {
        leave_out_others(answer, world.namespace);
        leave_out_attempts(answer);
        seen.look(answer, false);
    }
    let normal = Normal { world, seen };
    answers
        .iter()
        .map(|answer| normal.value("", answer))
        .collect()
}

/// Removes groups and definitions of other cases from lists.
fn leave_out_others(value: &mut Value, namespace: &str) {
    let is_other = |text: &str| {
        let group = text.split('/').find(|part| part.ends_with(GROUP_ENDING));
        group.is_some_and(|group| !group.contains(namespace))
    };
    match value {
        Value::Array(items) => {
            items.retain(|item| {
                let names = ["/name", "/metadata/name"];
                let mut names = names.iter().filter_map(|name| item.pointer(name)?.as_str());
                !names.any(is_other)
            });
            for item in items {
                leave_out_others(item, namespace);
            }
        }
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with("apis/") || !is_other(name));
            for field in fields.values_mut() {
                leave_out_others(field, namespace);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Removes what was said of an object that had been deleted, but not yet in the cache of the server.
///
/// Source: apiserver v0.34.3, pkg/registry/generic/registry/dryrun.go and pkg/storage/etcd3/store.go (`GuaranteedUpdate`).
fn leave_out_attempts(answer: &mut Value) {
    if answer["status"] == 404 {
        answer["warnings"] = Value::Array(Vec::new());
    }
}

/// What a case saw that is replaced.
#[derive(Default)]
struct Seen {
    uids: Vec<String>,
    revisions: BTreeSet<u64>,
    generated: Vec<String>,
}

/// Whether the resource version of this object is that of a moment, not of an object.
fn is_moment(object: &Map<String, Value>) -> bool {
    object
        .get("items")
        .is_some_and(|items| items.is_array() || items.is_null())
        || object.get("kind").is_some_and(|kind| kind == "Table")
}

/// Calls the revisions in the rows of a bookmark those of a moment.
fn name_moments(table: Option<&mut Value>) {
    let rows = table.and_then(|table| table.get_mut("rows")?.as_array_mut());
    for row in rows.into_iter().flatten() {
        if let Some(Value::String(revision)) = row.pointer_mut("/object/metadata/resourceVersion") {
            *revision = revision.replace("<rv ", "<list rv ");
        }
    }
}

impl Seen {
    fn look(&mut self, value: &Value, is_bookmark: bool) {
        match value {
            Value::String(text) => self.look_for_uids(text),
            Value::Array(items) => items.iter().for_each(|item| self.look(item, is_bookmark)),
            Value::Object(fields) => {
                if let Some(Value::Object(metadata)) = fields.get("metadata") {
                    self.look_at_metadata(metadata, is_bookmark || is_moment(fields));
                }
                self.look_at_refusal(fields);
                let begins = fields.get("type").is_some_and(|kind| kind == "BOOKMARK");
                let is_bookmark = is_bookmark || begins;
                for (name, field) in fields {
                    self.look_for_uids(name);
                    self.look(field, is_bookmark);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn look_for_uids(&mut self, text: &str) {
        for found in UID.find_iter(text) {
            if !self.uids.iter().any(|uid| uid == found.as_str()) {
                self.uids.push(found.as_str().to_owned());
            }
        }
    }

    fn look_at_metadata(&mut self, metadata: &Map<String, Value>, is_moment: bool) {
        let text = |name: &str| metadata.get(name).and_then(Value::as_str);
        if let Some(revision) = text("resourceVersion").and_then(|text| text.parse().ok())
            && !is_moment
        {
            self.revisions.insert(revision);
        }
        if let (Some(base), Some(name)) = (text("generateName"), text("name"))
            && name.starts_with(base)
            && !self.generated.iter().any(|seen| seen == name)
        {
            self.generated.push(name.to_owned());
        }
    }

    /// A refusal of a bad `generateName` quotes a name that was made from it.
    fn look_at_refusal(&mut self, status: &Map<String, Value>) {
        let details = status.get("details");
        let causes = details.and_then(|details| details["causes"].as_array());
        let mut causes = causes.into_iter().flatten();
        if causes.any(|cause| cause["field"] == "metadata.generateName")
            && let Some(name) = details.and_then(|details| details["name"].as_str())
            && !self.generated.iter().any(|seen| seen == name)
        {
            self.generated.push(name.to_owned());
        }
    }

    /// How many of the objects' revisions are not above this one.
    fn rank(&self, revision: u64) -> usize {
        self.revisions.range(..=revision).count()
    }
}

struct Normal<'a> {
    world: World<'a>,
    seen: Seen,
}

impl Normal<'_> {
    fn value(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::Number(_) if key == "nodePort" => "<node port>".into(),
            Value::String(_) if BUILD_KEYS.contains(&key) => "<build>".into(),
            Value::String(text) if key == "continue" => self.page_token(text),
            Value::String(text) if key == "resourceVersion" => self.revision(text, "rv").into(),
            Value::String(text) => self.text(text).into(),
            Value::Array(items) if key == "cells" => {
                items.iter().map(|cell| self.cell(cell)).collect()
            }
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(|item| self.value("", item)).collect();
                if matches!(key, "resourceRules" | "nonResourceRules") {
                    items.sort_by_key(Value::to_string);
                }
                if key == "managedFields" {
                    items.sort_by_key(manager);
                }
                Value::Array(items)
            }
            Value::Object(fields) => self.object(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn object(&self, fields: &Map<String, Value>) -> Value {
        let sorted = with_sorted_causes(fields);
        let fields = sorted.as_ref().unwrap_or(fields);
        let is_bookmark = fields.get("type").is_some_and(|kind| kind == "BOOKMARK");
        let mut normal: BTreeMap<_, _> = fields
            .iter()
            .map(|(name, value)| (self.text(name), self.value(name, value)))
            .collect();
        let mut set = |path: &[&str], revision: Option<&Value>| {
            let Some(revision) = revision.and_then(Value::as_str) else {
                return;
            };
            let mut place = normal.get_mut(path[0]);
            for name in &path[1..] {
                place = place.and_then(|place| place.get_mut(*name));
            }
            if let Some(place) = place {
                *place = self.revision(revision, "list rv").into();
            }
        };
        let of = |value: Option<&Value>| value.and_then(|v| v.get("resourceVersion")).cloned();
        if is_moment(fields) {
            let revision = of(fields.get("metadata"));
            set(&["metadata", "resourceVersion"], revision.as_ref());
        }
        if is_bookmark {
            let revision = of(fields
                .get("object")
                .and_then(|object| object.get("metadata")));
            set(
                &["object", "metadata", "resourceVersion"],
                revision.as_ref(),
            );
            name_moments(normal.get_mut("object"));
        }
        Value::Object(normal.into_iter().collect())
    }

    fn revision(&self, text: &str, word: &str) -> String {
        match text.parse::<u64>() {
            Ok(revision) if revision > 0 => format!("<{word} {}>", self.seen.rank(revision)),
            _ => text.to_owned(),
        }
    }

    fn page_token(&self, text: &str) -> Value {
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let token = decoded.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
        let Some(Value::Object(mut token)) = token else {
            return text.into();
        };
        if let Some(revision) = token.get("rv").and_then(Value::as_u64) {
            let revision = self.revision(&revision.to_string(), "list rv");
            token.insert("rv".to_owned(), revision.into());
        }
        Value::Object(token)
    }

    fn cell(&self, cell: &Value) -> Value {
        match cell {
            Value::String(text) if AGE.is_match(text) => "<age>".into(),
            other => self.value("", other),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = without_type_errors(text).replace(LIMIT_CHECK, FLOW_CHECKS);
        for (index, name) in self.seen.generated.iter().enumerate() {
            text = text.replace(name, &format!("<name {}>", index + 1));
        }
        let origins = [
            (self.world.origin, "<origin>", "<host>"),
            (self.world.hooks, "<hooks>", "<host of hooks>"),
        ];
        for (origin, name, host) in origins.iter().filter(|(origin, ..)| !origin.is_empty()) {
            text = text.replace(origin, name);
            text = text.replace(origin.trim_start_matches("https://"), host);
        }
        let text = TOKEN.replace_all(&text, |found: &Captures<'_>| claims(&found[1]));
        let uid = |found: &Captures<'_>| {
            let place = self.seen.uids.iter().position(|uid| uid == &found[0]);
            place.map_or_else(
                || found[0].to_owned(),
                |place| format!("<uid {}>", place + 1),
            )
        };
        let text = UID.replace_all(&text, uid);
        let text = ADDRESS.replace_all(&text, "${1}<address>${2}");
        let text = TIME.replace_all(&text, |found: &Captures<'_>| self.time(found));
        let text = HASH.replace_all(&text, "?hash=<hash>");
        let text = SELF_TYPE.replace_all(&text, "selfType").into_owned();
        let number = |found: &Captures<'_>| match found[0].parse() {
            Ok(revision) if self.seen.revisions.contains(&revision) => {
                self.revision(&found[0], "rv")
            }
            _ => found[0].to_owned(),
        };
        let revision = |found: &Captures<'_>| NUMBER.replace_all(&found[0], number).into_owned();
        let (before, current) = text.split_once(", current: ").unwrap_or((&text, ""));
        let before = REVISION.replace_all(before, revision).into_owned();
        if current.is_empty() {
            with_sorted_conflicts(&with_sorted_quotes(&before))
        } else {
            before + ", current: <list rv>"
        }
    }

    fn time(&self, found: &Captures<'_>) -> String {
        let is_near = found[0]
            .parse::<Timestamp>()
            .is_ok_and(|time| time.duration_since(self.world.now).abs() < NEAR);
        match (is_near, found.get(1)) {
            (false, _) => found[0].to_owned(),
            (true, None) => "<time>".to_owned(),
            (true, Some(_)) => "<micro time>".to_owned(),
        }
    }
}

/// What a token claims, without when it was granted and its id.
fn claims(encoded: &str) -> String {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok();
    let claims = decoded.and_then(|json| serde_json::from_slice::<Map<_, _>>(&json).ok());
    let mut claims: BTreeMap<String, Value> = claims.into_iter().flatten().collect();
    let mut second = |name: &str| claims.remove(name).and_then(|second| second.as_i64());
    let (begin, end) = (second("iat"), second("exp"));
    let lifetime = end.zip(begin).map(|(end, begin)| end - begin);
    claims.retain(|name, _| !matches!(name.as_str(), "jti" | "nbf"));
    format!("<token for {lifetime:?} s: {}>", Value::from_iter(claims))
}

/// What entries of `managedFields` are ordered by.
fn manager(entry: &Value) -> [String; 4] {
    ["operation", "manager", "apiVersion", "subresource"]
        .map(|name| entry[name].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn check(answers: &[Value], expected: &[Value]) {
        let world = World {
            origin: "https://127.0.0.1:6443",
            hooks: "https://127.0.0.1:6444",
            namespace: "p1",
            now: "2030-01-01T00:00:00Z".parse().unwrap(),
        };
        assert_eq!(normalise(answers, world), expected);
    }

    #[test]
    fn revisions_become_ranks_and_lists_the_rank_below() {
        let answers = [
            json!({"metadata": {"resourceVersion": "214"}}),
            json!({"items": [{"metadata": {"resourceVersion": "209"}}], "metadata": {"resourceVersion": "230"}}),
            json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "213"}}}),
        ];
        let expected = [
            json!({"metadata": {"resourceVersion": "<rv 2>"}}),
            json!({"items": [{"metadata": {"resourceVersion": "<rv 1>"}}], "metadata": {"resourceVersion": "<list rv 2>"}}),
            json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "<list rv 1>"}}}),
        ];
        check(&answers, &expected);
    }

    #[rstest]
    #[case::uid(
        json!({"uid": "0f8fad5b-d9cb-469f-a165-70867728950e", "message": "not 0f8fad5b-d9cb-469f-a165-70867728950e"}),
        json!({"uid": "<uid 1>", "message": "not <uid 1>"})
    )]
    #[case::times(
        json!(["2030-01-01T00:00:07Z", "2029-12-31T23:59:00.000001Z", "2020-01-01T00:00:00Z"]),
        json!(["<time>", "<micro time>", "2020-01-01T00:00:00Z"])
    )]
    #[case::generated(
        json!({"metadata": {"generateName": "a-", "name": "a-x4z2v"}, "message": "\"a-x4z2v\" is there"}),
        json!({"metadata": {"generateName": "a-", "name": "<name 1>"}, "message": "\"<name 1>\" is there"})
    )]
    #[case::bad_base(
        json!({"details": {"name": "A_x4z2v", "causes": [{"field": "metadata.generateName"}]}, "message": "\"A_x4z2v\" is bad"}),
        json!({"details": {"name": "<name 1>", "causes": [{"field": "metadata.generateName"}]}, "message": "\"<name 1>\" is bad"})
    )]
    #[case::conflict(
        json!([{"metadata": {"resourceVersion": "20"}}, "the ResourceVersion in record (20) is not 1"]),
        json!([{"metadata": {"resourceVersion": "<rv 1>"}}, "the ResourceVersion in record (<rv 1>) is not 1"])
    )]
    #[case::a_number_that_is_no_revision(
        json!([{"metadata": {"resourceVersion": "8"}}, r#"bad: "{\"resourceVersion\":\"8\",\"max\":8}" (8)"#]),
        json!([{"metadata": {"resourceVersion": "<rv 1>"}}, r#"bad: "{\"max\":8,\"resourceVersion\":\"<rv 1>\"}" (8)"#])
    )]
    #[case::conflicts(
        json!("failed with 2 conflicts: conflicts with \"b\":\n- .x\nconflicts with \"a\":\n- .y"),
        json!("failed with 2 conflicts: conflicts with \"a\":\n- .y\nconflicts with \"b\":\n- .x")
    )]
    #[case::what_was_tried_on_what_is_gone(
        json!({"status": 404, "warnings": ["299 - \"unknown field\""]}),
        json!({"status": 404, "warnings": []})
    )]
    #[case::token(
        json!("a eyJhIjoxfQ.eyJleHAiOjksImlhdCI6MiwianRpIjoieCIsInN1YiI6InMifQ.c2ln"),
        json!("a <token for Some(7) s: {\"sub\":\"s\"}>")
    )]
    #[case::rules(json!({"resourceRules": ["b", "a"]}), json!({"resourceRules": ["a", "b"]}))]
    #[case::causes_of_a_map(
        json!({"message": "bad: [x: 1, metadata.labels: b, metadata.labels: a, c: 1]", "details": {"causes": [
            {"field": "x", "message": "1"}, {"field": "metadata.labels", "message": "b"},
            {"field": "metadata.labels", "message": "a"}, {"field": "c", "message": "1"}]}}),
        json!({"message": "bad: [x: 1, metadata.labels: a, metadata.labels: b, c: 1]", "details": {"causes": [
            {"field": "x", "message": "1"}, {"field": "metadata.labels", "message": "a"},
            {"field": "metadata.labels", "message": "b"}, {"field": "c", "message": "1"}]}})
    )]
    #[case::causes_of_a_custom_resource(
        json!({"message": "bad: [x: 1, c: 1]", "details": {"group": "a.arc.test", "causes": [
            {"field": "x", "message": "1"}, {"field": "x", "message": "1"}, {"field": "c", "message": "1"}]}}),
        json!({"message": "bad: [c: 1, x: 1]", "details": {"group": "a.arc.test", "causes": [
            {"field": "c", "message": "1"}, {"field": "x", "message": "1"}, {"field": "x", "message": "1"}]}})
    )]
    #[case::addresses(json!(["10.96.0.1", "a \"10.96.3.4\"", "10.96.3.4/32"]), json!(["<address>", "a \"<address>\"", "10.96.3.4/32"]))]
    #[case::groups(json!([{"name": "p1.arc.test"}, {"name": "p2.arc.test"}]), json!([{"name": "p1.arc.test"}]))]
    #[case::ages(json!({"cells": ["a", "5m3s"]}), json!({"cells": ["a", "<age>"]}))]
    #[case::page(
        json!({"continue": "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OSwic3RhcnQiOiJhXHUwMDAwIn0"}),
        json!({"continue": {"v": "meta.k8s.io/v1", "rv": "<list rv 0>", "start": "a\u{0}"}})
    )]
    fn what_may_differ_is_replaced(#[case] answer: Value, #[case] expected: Value) {
        check(&[answer], &[expected]);
    }
}
