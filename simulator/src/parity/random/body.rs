//! What random requests write.

use serde_json::{Map, Value, json};

use super::Draw;
use super::kind::Kind;

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
            Kind::Deployment => self.deployment(),
            Kind::Service => self.service(),
            Kind::Claim => self.claim(),
            Kind::Role => self.role(),
            Kind::Job => self.job(),
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

    fn deployment(&mut self) -> Value {
        let image = self.of(&["busybox:1", "busybox:2"]);
        let spec = match self.below(13) {
            0..=1 => json!({"replicas": self.of(&[0, 1, 3, -1])}),
            2 => json!({"strategy": {"type": self.of(&["Recreate", "RollingUpdate", "x"])}}),
            3 => {
                let most = self.of(&[json!(0), json!(2), json!("50%"), json!("x")]);
                let surge = self.of(&[json!(0), json!("25%"), json!("1%")]);
                json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most, "maxSurge": surge}}})
            }
            4 => json!({"paused": self.once_in(2)}),
            5 => {
                json!({"template": {"metadata": {"labels": {"app": "a", "l1": self.of(&["v0", "v1"])}}}})
            }
            6 => json!({"selector": {"matchLabels": {"app": self.of(&["a", "b"])}}}),
            7 => {
                json!({"minReadySeconds": self.of(&[0, 5]), "progressDeadlineSeconds": self.of(&[5, 600])})
            }
            8 => json!({"revisionHistoryLimit": self.of(&[0, 3, -1])}),
            9 => {
                let port = json!({"containerPort": self.of(&[80, 81, 0]), "protocol": self.of(&["TCP", "UDP"])});
                json!({"template": {"spec": {"containers": [{"name": "main", "image": image, "ports": [port]}]}}})
            }
            10 => {
                let resources = json!({"limits": {"cpu": self.of(&["1", "1000m", "0.5"])}});
                json!({"template": {"spec": {"containers": [{"name": "main", "image": image, "resources": resources}]}}})
            }
            11 => {
                let status =
                    json!({"replicas": self.below(3), "observedGeneration": self.below(2)});
                return json!({ "status": status });
            }
            _ => json!({"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}),
        };
        json!({ "spec": spec })
    }

    fn service(&mut self) -> Value {
        let spec = match self.below(11) {
            0 => json!({"type": self.of(&["ClusterIP", "NodePort", "LoadBalancer", "x"])}),
            1 => json!({"selector": {"app": self.of(&["a", "b"])}}),
            2..=3 => {
                let name = self.of(&["p", "q"]);
                json!({"ports": [{"name": name, "port": self.of(&[80, 81]), "targetPort": self.of(&[json!(8080), json!("http")])}]})
            }
            4 => {
                let twice = [
                    json!({"name": "p", "port": 80}),
                    json!({"name": "q", "port": self.of(&[80, 81]), "protocol": self.of(&["TCP", "UDP"])}),
                ];
                json!({ "ports": twice })
            }
            5 => json!({"sessionAffinity": self.of(&["ClientIP", "None"])}),
            6 => json!({"internalTrafficPolicy": self.of(&["Local", "Cluster"])}),
            7 => json!({"loadBalancerClass": self.of(&["e.x/a", "x"])}),
            8 => json!({"publishNotReadyAddresses": self.once_in(2)}),
            9 => json!({"externalIPs": [self.of(&["192.0.2.1", "192.0.2.2", "x"])]}),
            _ => {
                let ip = self.of(&["198.51.100.1", "x"]);
                return json!({"status": {"loadBalancer": {"ingress": [{"ip": ip}]}}});
            }
        };
        json!({ "spec": spec })
    }

    fn claim(&mut self) -> Value {
        let spec = match self.below(7) {
            0..=1 => {
                json!({"resources": {"requests": {"storage": self.of(&["1Gi", "1024Mi", "2Gi", "-1"])}}})
            }
            2 => json!({"accessModes": [self.of(&["ReadWriteOnce", "ReadWriteMany", "x"])]}),
            3 => json!({"storageClassName": self.of(&["", "s"])}),
            4 => json!({"volumeName": self.of(&["v1", "v2"])}),
            5 => json!({"volumeMode": self.of(&["Block", "Filesystem"])}),
            _ => {
                let phase = self.of(&["Bound", "Pending", "Lost"]);
                return json!({"status": {"phase": phase, "capacity": {"storage": self.of(&["1Gi", "2Gi"])}}});
            }
        };
        json!({ "spec": spec })
    }

    fn role(&mut self) -> Value {
        let resource = self.of(&["pods", "secrets"]);
        match self.below(6) {
            0 => json!({"rules": []}),
            1 => json!({"rules": [{"apiGroups": [""], "resources": [resource]}]}),
            2 => json!({"rules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}]}),
            _ => {
                let verbs = [self.of(&["get", "list", "*"]), "watch"];
                json!({"rules": [{"apiGroups": [""], "resources": [resource], "verbs": verbs}]})
            }
        }
    }

    fn job(&mut self) -> Value {
        let spec = match self.below(12) {
            0 => json!({"parallelism": self.of(&[0, 1, 2, -1])}),
            1 => json!({"completions": self.of(&[1, 2])}),
            2 => json!({"suspend": self.once_in(2)}),
            3 => json!({"backoffLimit": self.of(&[0, 4, -1])}),
            4 => json!({"activeDeadlineSeconds": self.of(&[10, 20])}),
            5 => json!({"ttlSecondsAfterFinished": self.of(&[0, 60])}),
            6 => json!({"completionMode": self.of(&["Indexed", "NonIndexed"])}),
            7 => json!({"podReplacementPolicy": self.of(&["Failed", "TerminatingOrFailed"])}),
            8 => {
                json!({"template": {"spec": {"restartPolicy": self.of(&["OnFailure", "Always"])}}})
            }
            9 => json!({"template": {"metadata": {"labels": {"l3": self.of(&["v0", "v1"])}}}}),
            10 => {
                let condition = json!({"type": self.of(&["Complete", "Failed", "Suspended"]), "status": "True"});
                return json!({"status": {"active": self.below(2), "conditions": [condition]}});
            }
            _ => {
                let image = self.of(&["busybox:1", "busybox:2"]);
                json!({"template": {"spec": {"containers": [{"name": "main", "image": image}]}}})
            }
        };
        json!({ "spec": spec })
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
