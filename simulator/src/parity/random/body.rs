//! What random requests write.

use serde_json::{Map, Value, json};

use super::Draw;

/// A kind that random requests write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
    Pod,
    Lease,
    Gadget,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::ConfigMap,
        Self::Secret,
        Self::Pod,
        Self::Lease,
        Self::Gadget,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::Pod => "Pod",
            Self::Lease => "Lease",
            Self::Gadget => "Gadget",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmaps",
            Self::Secret => "secrets",
            Self::Pod => "pods",
            Self::Lease => "leases",
            Self::Gadget => "gadgets",
        }
    }

    pub(super) fn api_version(self) -> &'static str {
        match self {
            Self::ConfigMap | Self::Secret | Self::Pod => "v1",
            Self::Lease => "coordination.k8s.io/v1",
            Self::Gadget => "random.arc.test/v1",
        }
    }

    pub(super) fn has_status(self) -> bool {
        matches!(self, Self::Pod | Self::Gadget)
    }

    /// The path of the collection in the namespace of the case.
    pub(super) fn collection(self) -> String {
        let prefix = if self.api_version().contains('/') {
            "apis"
        } else {
            "api"
        };
        let (version, plural) = (self.api_version(), self.plural());
        format!("/{prefix}/{version}/namespaces/<ns>/{plural}")
    }

    pub(super) fn path(self, name: &str) -> String {
        format!("{}/{name}", self.collection())
    }

    /// What the revision of an object is saved as.
    pub(super) fn revision(self, name: &str) -> String {
        format!("rv-{}-{name}", self.plural())
    }

    /// The least that makes an object.
    pub(super) fn minimal(self, name: &str) -> Value {
        let mut object = json!({
            "apiVersion": self.api_version(), "kind": self.name(), "metadata": {"name": name},
        });
        match self {
            Self::Pod => {
                object["spec"] = json!({"containers": [{"name": "main", "image": "busybox:1"}]})
            }
            Self::Gadget => object["spec"] = json!({"size": 1}),
            Self::ConfigMap | Self::Secret | Self::Lease => {}
        }
        object
    }
}

impl Draw {
    /// A whole object, for a create or an update.
    pub(super) fn object(&mut self, kind: Kind, name: &str) -> Value {
        let mut object = kind.minimal(name);
        let fields = self.fields(kind);
        merge(&mut object, fields);
        if self.once_in(12) {
            object["metadata"]["finalizers"] = json!(["example.com/hold"]);
        }
        object
    }

    /// Some fields of an object, for a patch or an apply.
    pub(super) fn fields(&mut self, kind: Kind) -> Value {
        let mut fields = json!({});
        if !self.once_in(3) {
            let (label, value) = (self.of(&["l1", "l2"]), self.of(&["v0", "v1", "v2"]));
            fields["metadata"] = json!({"labels": {label: value}});
        }
        if self.once_in(4) {
            let note = self.of(&["x", "y"]);
            merge(
                &mut fields,
                json!({"metadata": {"annotations": {"note": note}}}),
            );
        }
        let own = match kind {
            Kind::ConfigMap => self.config_map(),
            Kind::Secret => self.secret(),
            Kind::Pod => self.pod(),
            Kind::Lease => self.lease(),
            Kind::Gadget => self.gadget(),
        };
        merge(&mut fields, own);
        if self.once_in(20) {
            fields["unknown"] = json!({"a": 1});
        }
        fields
    }

    fn config_map(&mut self) -> Value {
        let (key, value) = (self.of(&["k1", "k2", "k3"]), self.of(&["v0", "v1", ""]));
        match self.below(9) {
            0 => json!({"binaryData": {"bin": "AAEC"}}),
            1 => json!({"data": {}}),
            2 => json!({"data": {key: null}}),
            3 => json!({"data": {"not/a/key": "x"}}),
            _ => json!({"data": {key: value}}),
        }
    }

    fn secret(&mut self) -> Value {
        let key = self.of(&["k1", "k2"]);
        match self.below(6) {
            0 => json!({"stringData": {key: "text"}}),
            1 => json!({"type": "kubernetes.io/basic-auth"}),
            2 => json!({"type": "Opaque", "data": {key: "dGV4dA=="}}),
            _ => json!({"data": {key: self.of(&["YQ==", "Yg==", ""])}}),
        }
    }

    fn pod(&mut self) -> Value {
        let image = self.of(&["busybox:1", "busybox:2", "busybox"]);
        match self.below(9) {
            0 => {
                json!({"spec": {"containers": [{"name": "main", "image": image}, {"name": "side", "image": "a:1"}]}})
            }
            1 => json!({"spec": {"activeDeadlineSeconds": self.of(&[10, 20])}}),
            2 => {
                json!({"spec": {"containers": [{"name": "main", "image": image, "env": [{"name": "A", "value": "1"}]}]}})
            }
            3 => json!({"status": {"phase": self.of(&["Running", "Succeeded"])}}),
            4 => {
                json!({"status": {"conditions": [{"type": "Ready", "status": self.of(&["True", "False"])}]}})
            }
            5 => json!({}),
            _ => json!({"spec": {"containers": [{"name": "main", "image": image}]}}),
        }
    }

    fn lease(&mut self) -> Value {
        match self.below(5) {
            0 => json!({"spec": {"leaseDurationSeconds": self.of(&[0, 15, 30])}}),
            1 => {
                json!({"spec": {"renewTime": "2020-01-01T00:00:00.000001Z", "leaseTransitions": 1}})
            }
            2 => json!({"spec": {"holderIdentity": ""}}),
            _ => json!({"spec": {"holderIdentity": self.of(&["h1", "h2"])}}),
        }
    }

    fn gadget(&mut self) -> Value {
        let mut spec = Map::new();
        for _ in 0..=self.below(3) {
            let (name, value) = match self.below(14) {
                0..=2 => ("size", json!(self.of(&[0, 3, 5, 7, 12]))),
                3 => ("max", json!(self.of(&[4, 8]))),
                4 => ("color", json!(self.of(&["red", "green", "blue"]))),
                5 => ("word", json!(self.of(&["ab", "cd", "AB", "abcde"]))),
                6 => ("set", json!([self.of(&["a", "b"]), self.of(&["b", "c"])])),
                7 => ("atoms", json!([self.of(&["a", "b"])])),
                8 => (
                    "ports",
                    json!([{"port": self.of(&[1, 2]), "name": self.of(&["x", "y"])}]),
                ),
                9 => (
                    "ports",
                    json!([{"port": 1}, {"port": 1, "protocol": self.of(&["UDP", "TCP"])}]),
                ),
                10 => (
                    "free",
                    json!({self.of(&["p", "q"]): {"r": [1, self.of(&[2, 3])]}}),
                ),
                11 => ("deep", json!({"b": {"c": self.of(&[Some(true), None])}})),
                12 => ("nothing", json!("x")),
                _ => ("size", json!(self.of(&["3", "x"]))),
            };
            spec.insert(name.to_owned(), value);
        }
        let mut fields = json!({ "spec": spec });
        if self.once_in(4) {
            fields["status"] = json!({"phase": self.of(&["Good", "Bad"]), "count": self.below(3)});
        }
        fields
    }
}

/// Lays the fields of `patch` over `target`.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}
