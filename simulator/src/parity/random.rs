//! Cases made from a seed: some clients write, read and watch a few objects of several kinds.

use serde_json::{Value, json};

use super::case::{Ask, Body, Case, Step, Until};
use super::parse::media_type;
use crate::ids::Ids;

mod body;
mod kind;

use kind::Kind;

/// Which kinds a sequence writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kinds {
    /// ConfigMaps, Secrets, Pods, Leases and a custom kind.
    #[default]
    Core,
    /// Five of those and of Deployments, Services, claims, Roles and Jobs.
    All,
}

/// The definition of the one custom kind.
const GADGET: &str = include_str!("gadget.yaml");
/// The managers and clients that write.
const MANAGERS: [&str; 3] = ["m1", "m2", "m3"];
/// The names of the objects; few, so that clients meet.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// How many kinds a sequence writes; few, so that it comes back to objects.
const N_KINDS: usize = 5;
/// The object whose creation ends every watch.
const LAST: &str = "zz-last";

/// The case of `seed`, with `n_requests` requests beside those that prepare and end it.
///
/// The same seed gives the same case on any machine.
#[must_use]
pub fn sequence(seed: u64, n_requests: u64, kinds: Kinds) -> Case {
    let mut draw = Draw::new(seed, kinds);
    let mut steps = vec![definition(), Step::Ready(Kind::Gadget.collection())];
    let kinds = draw.kinds.clone();
    for kind in &kinds {
        let path = format!("{}?watch=1&resourceVersion=0", kind.collection());
        let ask = Ask {
            watch: Some(kind.plural().to_owned()),
            ..ask("GET", path)
        };
        steps.push(Step::Ask(ask));
    }
    for _ in 0..n_requests {
        steps.push(Step::Ask(draw.request()));
    }
    for kind in &kinds {
        let body = kind.minimal(LAST);
        steps.push(Step::Ask(with_body(
            ask("POST", kind.collection()),
            "json",
            body,
        )));
        let (watch, until) = (kind.plural().to_owned(), Until::Name(LAST.to_owned()));
        steps.push(Step::Events { watch, until });
    }
    Case {
        name: format!("seed {seed}"),
        covers: "§1.7–1.19".to_owned(),
        texts: revisions(),
        steps,
    }
}

fn definition() -> Step {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned();
    let mut create = ask("POST", path);
    create.headers = vec![("content-type".to_owned(), Some(media_type("yaml")))];
    create.body = Body::Text(GADGET.to_owned());
    Step::Ensure(create)
}

/// Before an object was seen its revision is 1, which is never current.
fn revisions() -> Vec<(String, String)> {
    let names = |kind: Kind| NAMES.map(|name| (kind.revision(name), "1".to_owned()));
    let revisions = Kind::ALL.into_iter().flat_map(names);
    revisions
        .chain([("page".to_owned(), String::new())])
        .collect()
}

fn ask(method: &str, path: String) -> Ask {
    Ask {
        method: method.to_owned(),
        path,
        headers: Vec::new(),
        body: Body::None,
        saved: Vec::new(),
        watch: None,
        until: None,
    }
}

fn with_body(ask: Ask, content_type: &str, body: Value) -> Ask {
    Ask {
        headers: vec![("content-type".to_owned(), Some(media_type(content_type)))],
        body: Body::Json(body),
        ..ask
    }
}

/// Choices from the seed.
struct Draw {
    ids: Ids,
    /// The kinds that are written.
    kinds: Vec<Kind>,
}

impl Draw {
    fn new(seed: u64, kinds: Kinds) -> Self {
        let mut ids = Ids::new(seed);
        let mut kinds = match kinds {
            Kinds::Core => Kind::CORE.to_vec(),
            Kinds::All => Kind::ALL.to_vec(),
        };
        while kinds.len() > N_KINDS {
            kinds.remove(ids.below(kinds.len()));
        }
        Self { ids, kinds }
    }

    fn below(&mut self, n: usize) -> usize {
        self.ids.below(n)
    }

    /// Once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn request(&mut self) -> Ask {
        let kind = self.of(&self.kinds.clone());
        let name = self.of(&NAMES);
        if kind.has_scale() && self.once_in(8) {
            return self.scale(kind, name);
        }
        let mut request = match self.below(20) {
            0..=3 => self.create(kind, name),
            4 => ask("GET", kind.path(name)),
            5 => self.list(kind),
            6..=8 => self.update(kind, name),
            9..=10 => self.merge(kind, name),
            11 => self.json_patch(kind, name),
            12 => self.strategic(kind, name),
            13..=16 => self.apply(kind, name),
            17..=18 => self.delete(kind, name),
            _ => self.delete_collection(kind),
        };
        if request.method != "GET" && request.method != "DELETE" && self.once_in(12) {
            add_query(&mut request.path, "dryRun=All");
        }
        let is_one =
            !matches!(request.path.split('?').next(), Some(path) if path == kind.collection());
        if is_one || request.method == "POST" {
            let pointer = "/metadata/resourceVersion".to_owned();
            request.saved.push((kind.revision(name), pointer));
        }
        request
    }

    /// A query that says who writes, and how strictly what is written is read.
    fn writer(&mut self, path: &mut String) {
        let manager = self.of(&MANAGERS);
        add_query(path, &format!("fieldManager={manager}"));
        match self.below(8) {
            0 => add_query(path, "fieldValidation=Strict"),
            1 => add_query(path, "fieldValidation=Ignore"),
            _ => {}
        }
    }

    fn create(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.collection();
        self.writer(&mut path);
        let body = self.object(kind, name);
        with_body(ask("POST", path), "json", body)
    }

    fn list(&mut self, kind: Kind) -> Ask {
        let query = self.of(&[
            "",
            "limit=2",
            "limit=1&continue=<page>",
            "labelSelector=l1=v1",
            "labelSelector=l1!=v1,l2",
            "labelSelector=l1 in (v0,v2)",
            "fieldSelector=metadata.name=a",
            "fieldSelector=metadata.name!=b",
        ]);
        let mut path = kind.collection();
        if !query.is_empty() {
            add_query(&mut path, query);
        }
        let saved = vec![("page".to_owned(), "/metadata/continue".to_owned())];
        Ask {
            saved,
            ..ask("GET", path)
        }
    }

    fn update(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.path(name);
        if kind.has_status() && self.once_in(3) {
            path.push_str("/status");
        }
        self.writer(&mut path);
        let mut body = self.object(kind, name);
        match self.below(10) {
            0 => {}
            1 => body["metadata"]["resourceVersion"] = json!("1"),
            _ => body["metadata"]["resourceVersion"] = json!(format!("<{}>", kind.revision(name))),
        }
        with_body(ask("PUT", path), "json", body)
    }

    fn merge(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.path(name);
        if kind.has_status() && self.once_in(4) {
            path.push_str("/status");
        }
        self.writer(&mut path);
        let body = self.fields(kind);
        with_body(ask("PATCH", path), "merge", body)
    }

    fn scale(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = format!("{}/scale", kind.path(name));
        let replicas = self.of(&[0, 1, 5, -1]);
        let spec = json!({"spec": {"replicas": replicas}});
        match self.below(4) {
            0 => ask("GET", path),
            1 => {
                self.writer(&mut path);
                let mut body = spec;
                body["metadata"] = json!({"name": name, "namespace": "<ns>"});
                with_body(ask("PUT", path), "json", body)
            }
            2 => {
                self.writer(&mut path);
                let mut body = spec;
                body["apiVersion"] = json!("autoscaling/v1");
                body["kind"] = json!("Scale");
                body["metadata"] = json!({"name": name});
                with_body(ask("PATCH", path), "apply", body)
            }
            _ => {
                self.writer(&mut path);
                with_body(ask("PATCH", path), "merge", spec)
            }
        }
    }

    fn strategic(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.path(name);
        self.writer(&mut path);
        let body = self.fields(kind);
        with_body(ask("PATCH", path), "strategic", body)
    }

    fn json_patch(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.path(name);
        self.writer(&mut path);
        let label = self.of(&["/metadata/labels/l1", "/metadata/labels/l2"]);
        let value = self.of(&["v0", "v1"]);
        let operation = self.of(&["add", "replace", "remove", "test"]);
        let body = match operation {
            "remove" => json!([{"op": "remove", "path": label}]),
            _ => json!([{"op": operation, "path": label, "value": value}]),
        };
        with_body(ask("PATCH", path), "json-patch", body)
    }

    fn apply(&mut self, kind: Kind, name: &str) -> Ask {
        let mut path = kind.path(name);
        self.writer(&mut path);
        if self.once_in(3) {
            add_query(&mut path, "force=true");
        }
        let mut body = self.fields(kind);
        body["apiVersion"] = json!(kind.api_version());
        body["kind"] = json!(kind.name());
        body["metadata"]["name"] = json!(name);
        with_body(ask("PATCH", path), "apply", body)
    }

    fn delete(&mut self, kind: Kind, name: &str) -> Ask {
        let request = ask("DELETE", kind.path(name));
        let options = match self.below(6) {
            0 => json!({"gracePeriodSeconds": 0}),
            1 => json!({"propagationPolicy": "Foreground"}),
            2 => json!({"propagationPolicy": "Orphan"}),
            3 => {
                json!({"preconditions": {"resourceVersion": format!("<{}>", kind.revision(name))}})
            }
            4 => json!({"dryRun": ["All"]}),
            _ => return request,
        };
        with_body(request, "json", options)
    }

    fn delete_collection(&mut self, kind: Kind) -> Ask {
        let mut path = kind.collection();
        add_query(
            &mut path,
            self.of(&[
                "labelSelector=l1=v1",
                "labelSelector=l2",
                "fieldSelector=metadata.name=c",
            ]),
        );
        ask("DELETE", path)
    }
}

fn add_query(path: &mut String, query: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str(query);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_case() {
        for kinds in [Kinds::Core, Kinds::All] {
            assert_eq!(sequence(7, 30, kinds), sequence(7, 30, kinds));
            assert_ne!(sequence(7, 30, kinds), sequence(8, 30, kinds));
        }
    }
}
