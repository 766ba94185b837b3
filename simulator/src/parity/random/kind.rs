//! The kinds that random requests write.

use serde_json::{Value, json};

use super::N_KINDS;

/// A kind that random requests write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
    Pod,
    Lease,
    Gadget,
    Deployment,
    Service,
    Claim,
    Role,
    Job,
}

impl Kind {
    pub(super) const CORE: [Self; N_KINDS] = [
        Self::ConfigMap,
        Self::Secret,
        Self::Pod,
        Self::Lease,
        Self::Gadget,
    ];
    pub(super) const ALL: [Self; 10] = [
        Self::ConfigMap,
        Self::Secret,
        Self::Pod,
        Self::Lease,
        Self::Gadget,
        Self::Deployment,
        Self::Service,
        Self::Claim,
        Self::Role,
        Self::Job,
    ];

    /// API version, kind and plural.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ConfigMap => ("v1", "ConfigMap", "configmaps"),
            Self::Secret => ("v1", "Secret", "secrets"),
            Self::Pod => ("v1", "Pod", "pods"),
            Self::Lease => ("coordination.k8s.io/v1", "Lease", "leases"),
            Self::Gadget => ("random.arc.test/v1", "Gadget", "gadgets"),
            Self::Deployment => ("apps/v1", "Deployment", "deployments"),
            Self::Service => ("v1", "Service", "services"),
            Self::Claim => ("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            Self::Role => ("rbac.authorization.k8s.io/v1", "Role", "roles"),
            Self::Job => ("batch/v1", "Job", "jobs"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.names().1
    }

    pub(super) fn plural(self) -> &'static str {
        self.names().2
    }

    pub(super) fn api_version(self) -> &'static str {
        self.names().0
    }

    pub(super) fn has_status(self) -> bool {
        !matches!(
            self,
            Self::ConfigMap | Self::Secret | Self::Lease | Self::Role
        )
    }

    pub(super) fn has_scale(self) -> bool {
        self == Self::Deployment
    }

    /// The path of the collection in the namespace of the case.
    pub(super) fn collection(self) -> String {
        let (version, _, plural) = self.names();
        let prefix = if version.contains('/') { "apis" } else { "api" };
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
        let container = json!({"name": "main", "image": "busybox:1"});
        let spec = match self {
            Self::ConfigMap | Self::Secret | Self::Lease | Self::Role => return object,
            Self::Pod => json!({"containers": [container]}),
            Self::Gadget => json!({"size": 1}),
            Self::Deployment => json!({
                "selector": {"matchLabels": {"app": "a"}},
                "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}},
            }),
            Self::Service => json!({"ports": [{"port": 80}]}),
            Self::Claim => json!({
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
            }),
            Self::Job => {
                json!({"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}})
            }
        };
        object["spec"] = spec;
        object
    }
}
