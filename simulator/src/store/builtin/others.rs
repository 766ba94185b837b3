//! The kinds that few programs here touch: served with their names, defaults and verbs, and stored faithfully.

use super::{ROW, Row};
use crate::store::registry::{Behaviour, Conversion, Names};

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
) -> Row {
    Row {
        group,
        kind,
        plural,
        short_names,
        ..ROW
    }
}

const fn cluster_wide(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
) -> Row {
    Row {
        cluster_scoped: true,
        ..namespaced(group, kind, plural, short_names)
    }
}

/// Their rows, by group; of a resource with two versions the stored one first.
///
/// Source: discovery documents of kube-apiserver v1.34.3, and what it answers to writes of each kind.
pub(super) const ROWS: &[Row] = &[
    namespaced("", "Binding", "bindings", &[]),
    Row {
        deprecation: "v1 ComponentStatus is deprecated in v1.19+",
        ..cluster_wide("", "ComponentStatus", "componentstatuses", &["cs"])
    },
    Row {
        deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        behaviour: Behaviour {
            creates_on_update: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("", "Endpoints", "endpoints", &["ep"])
    },
    Row {
        behaviour: Behaviour {
            creates_on_update: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("", "LimitRange", "limitranges", &["limits"])
    },
    Row {
        behaviour: Behaviour {
            manages_generation: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("", "PodTemplate", "podtemplates", &[])
    },
    Row {
        fields: &[".status.replicas"],
        categories: &["all"],
        subresources: &["scale", "status"],
        behaviour: Behaviour {
            manages_generation: true,
            orphans_dependents: true,
            ..Behaviour::PLAIN
        },
        ..namespaced(
            "",
            "ReplicationController",
            "replicationcontrollers",
            &["rc"],
        )
    },
    Row {
        subresources: &["status"],
        behaviour: Behaviour {
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("", "ResourceQuota", "resourcequotas", &["quota"])
    },
    Row {
        categories: &["api-extensions"],
        subresources: &["status"],
        behaviour: Behaviour {
            needs_revision: true,
            names: Names::PathSegment,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("apiregistration.k8s.io", "APIService", "apiservices", &[])
    },
    namespaced("apps", "ControllerRevision", "controllerrevisions", &[]),
    Row {
        categories: &["all"],
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("apps", "DaemonSet", "daemonsets", &["ds"])
    },
    Row {
        categories: &["all"],
        subresources: &["scale", "status"],
        behaviour: Behaviour {
            names: Names::Label,
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("apps", "StatefulSet", "statefulsets", &["sts"])
    },
    Row {
        version: "v2",
        categories: &["all"],
        subresources: &["status"],
        stored_as: "autoscaling/v2",
        ..namespaced(
            "autoscaling",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            &["hpa"],
        )
    },
    Row {
        categories: &["all"],
        subresources: &["status"],
        stored_as: "autoscaling/v2",
        conversion: Conversion::Autoscalers,
        ..namespaced(
            "autoscaling",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            &["hpa"],
        )
    },
    Row {
        categories: &["all"],
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("batch", "CronJob", "cronjobs", &["cj"])
    },
    Row {
        subresources: &["approval", "status"],
        fields: &[".spec.signerName"],
        ..cluster_wide(
            "certificates.k8s.io",
            "CertificateSigningRequest",
            "certificatesigningrequests",
            &["csr"],
        )
    },
    Row {
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("networking.k8s.io", "IngressClass", "ingressclasses", &[])
    },
    Row {
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("networking.k8s.io", "Ingress", "ingresses", &["ing"])
    },
    cluster_wide("networking.k8s.io", "IPAddress", "ipaddresses", &["ip"]),
    Row {
        subresources: &["status"],
        ..cluster_wide("networking.k8s.io", "ServiceCIDR", "servicecidrs", &[])
    },
    Row {
        behaviour: Behaviour {
            needs_revision: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("storage.k8s.io", "CSIDriver", "csidrivers", &[])
    },
    Row {
        behaviour: Behaviour {
            needs_revision: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("storage.k8s.io", "CSINode", "csinodes", &[])
    },
    Row {
        behaviour: Behaviour {
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..namespaced(
            "storage.k8s.io",
            "CSIStorageCapacity",
            "csistoragecapacities",
            &[],
        )
    },
    Row {
        subresources: &["status"],
        behaviour: Behaviour {
            needs_revision: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "storage.k8s.io",
            "VolumeAttachment",
            "volumeattachments",
            &[],
        )
    },
    Row {
        stored_as: "storage.k8s.io/v1beta1",
        behaviour: Behaviour {
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "storage.k8s.io",
            "VolumeAttributesClass",
            "volumeattributesclasses",
            &["vac"],
        )
    },
    Row {
        categories: &["api-extensions"],
        behaviour: Behaviour {
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            &[],
        )
    },
    Row {
        categories: &["api-extensions"],
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy",
            "validatingadmissionpolicies",
            &[],
        )
    },
    Row {
        categories: &["api-extensions"],
        behaviour: Behaviour {
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding",
            "validatingadmissionpolicybindings",
            &[],
        )
    },
    Row {
        categories: &["api-extensions"],
        behaviour: Behaviour {
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            &[],
        )
    },
    Row {
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "scheduling.k8s.io",
            "PriorityClass",
            "priorityclasses",
            &["pc"],
        )
    },
    Row {
        behaviour: Behaviour {
            creates_on_update: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("node.k8s.io", "RuntimeClass", "runtimeclasses", &[])
    },
    Row {
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("discovery.k8s.io", "EndpointSlice", "endpointslices", &[])
    },
    Row {
        stored_as: "resource.k8s.io/v1beta2",
        behaviour: Behaviour {
            manages_generation: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("resource.k8s.io", "DeviceClass", "deviceclasses", &[])
    },
    Row {
        subresources: &["status"],
        stored_as: "resource.k8s.io/v1beta2",
        behaviour: Behaviour {
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..namespaced("resource.k8s.io", "ResourceClaim", "resourceclaims", &[])
    },
    Row {
        stored_as: "resource.k8s.io/v1beta2",
        behaviour: Behaviour {
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..namespaced(
            "resource.k8s.io",
            "ResourceClaimTemplate",
            "resourceclaimtemplates",
            &[],
        )
    },
    Row {
        stored_as: "resource.k8s.io/v1beta2",
        behaviour: Behaviour {
            manages_generation: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide("resource.k8s.io", "ResourceSlice", "resourceslices", &[])
    },
    Row {
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "flowcontrol.apiserver.k8s.io",
            "FlowSchema",
            "flowschemas",
            &[],
        )
    },
    Row {
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            ..Behaviour::PLAIN
        },
        ..cluster_wide(
            "flowcontrol.apiserver.k8s.io",
            "PriorityLevelConfiguration",
            "prioritylevelconfigurations",
            &[],
        )
    },
];
