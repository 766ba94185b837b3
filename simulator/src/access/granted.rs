//! What the roles that people are given may do.
//!
//! Source: kubernetes v1.34.3, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, `ClusterRoles`.

use crate::json::{Value, json};

/// Verbs, a group, and its resources; words are set apart by spaces.
pub(super) struct Rule(&'static str, &'static str, &'static str);

impl Rule {
    /// The rule as a role holds it.
    pub(super) fn written(&self) -> Value {
        let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        json!({"apiGroups": [self.1], "resources": words(self.2), "verbs": words(self.0)})
    }
}

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const ALL: &str = "create delete deletecollection get list patch update watch";
const CREATE: &str = "create";
const IMPERSONATE: &str = "impersonate";

/// What may be seen in a namespace; secrets are not among it.
pub(super) const VIEW: &[Rule] = &[
    Rule(
        READ,
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods \
         replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
    ),
    Rule(
        READ,
        "",
        "bindings events limitranges namespaces/status pods/log pods/status \
         replicationcontrollers/status resourcequotas resourcequotas/status",
    ),
    Rule(READ, "", "namespaces"),
    Rule(READ, "discovery.k8s.io", "endpointslices"),
    Rule(
        READ,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale \
         deployments/status replicasets replicasets/scale replicasets/status statefulsets \
         statefulsets/scale statefulsets/status",
    ),
    Rule(
        READ,
        "autoscaling",
        "horizontalpodautoscalers horizontalpodautoscalers/status",
    ),
    Rule(READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
    Rule(
        READ,
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses \
         ingresses/status networkpolicies replicasets replicasets/scale replicasets/status \
         replicationcontrollers/scale",
    ),
    Rule(
        READ,
        "policy",
        "poddisruptionbudgets poddisruptionbudgets/status",
    ),
    Rule(
        READ,
        "networking.k8s.io",
        "ingresses ingresses/status networkpolicies",
    ),
    Rule(
        READ,
        "resource.k8s.io",
        "resourceclaims resourceclaims/status resourceclaimtemplates",
    ),
];

/// What may be written in a namespace, and seen by those who may.
pub(super) const EDIT: &[Rule] = &[
    Rule(
        READ,
        "",
        "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
    ),
    Rule(IMPERSONATE, "", "serviceaccounts"),
    Rule(
        WRITE,
        "",
        "pods pods/attach pods/exec pods/portforward pods/proxy",
    ),
    Rule(CREATE, "", "pods/eviction"),
    Rule(
        WRITE,
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale \
         secrets serviceaccounts services services/proxy",
    ),
    Rule(CREATE, "", "serviceaccounts/token"),
    Rule(
        WRITE,
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale \
         statefulsets statefulsets/scale",
    ),
    Rule(WRITE, "autoscaling", "horizontalpodautoscalers"),
    Rule(WRITE, "batch", "cronjobs jobs"),
    Rule(
        WRITE,
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies \
         replicasets replicasets/scale replicationcontrollers/scale",
    ),
    Rule(WRITE, "policy", "poddisruptionbudgets"),
    Rule(WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    Rule(ALL, "coordination.k8s.io", "leases"),
    Rule(
        WRITE,
        "resource.k8s.io",
        "resourceclaims resourceclaimtemplates",
    ),
];

/// What only the admin of a namespace may.
pub(super) const ADMIN: &[Rule] = &[
    Rule(CREATE, "authorization.k8s.io", "localsubjectaccessreviews"),
    Rule(ALL, "rbac.authorization.k8s.io", "rolebindings roles"),
];

/// What everybody may.
pub(super) const BASIC: &[Rule] = &[
    Rule(
        CREATE,
        "authorization.k8s.io",
        "selfsubjectaccessreviews selfsubjectrulesreviews",
    ),
    Rule(CREATE, "authentication.k8s.io", "selfsubjectreviews"),
];
