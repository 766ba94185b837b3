//! The kinds whose types are known.

use k8s_openapi::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A kind and where its schema comes from.
pub(super) struct Known {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
}

const fn known<T: JsonSchema>(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
) -> Known {
    Known {
        group,
        version,
        kind,
        schema: SchemaGenerator::subschema_for::<T>,
    }
}

/// Every one.
pub(super) static KINDS: [Known; 69] = [
    known::<api::autoscaling::v1::Scale>("autoscaling", "v1", "Scale"),
    known::<api::core::v1::ComponentStatus>("", "v1", "ComponentStatus"),
    known::<api::authentication::v1::SelfSubjectReview>(
        "authentication.k8s.io",
        "v1",
        "SelfSubjectReview",
    ),
    known::<api::authentication::v1::TokenRequest>("authentication.k8s.io", "v1", "TokenRequest"),
    known::<api::authentication::v1::TokenReview>("authentication.k8s.io", "v1", "TokenReview"),
    known::<api::authorization::v1::LocalSubjectAccessReview>(
        "authorization.k8s.io",
        "v1",
        "LocalSubjectAccessReview",
    ),
    known::<api::authorization::v1::SelfSubjectAccessReview>(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectAccessReview",
    ),
    known::<api::authorization::v1::SelfSubjectRulesReview>(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectRulesReview",
    ),
    known::<api::authorization::v1::SubjectAccessReview>(
        "authorization.k8s.io",
        "v1",
        "SubjectAccessReview",
    ),
    known::<api::core::v1::Binding>("", "v1", "Binding"),
    known::<api::core::v1::ConfigMap>("", "v1", "ConfigMap"),
    known::<api::core::v1::Endpoints>("", "v1", "Endpoints"),
    known::<api::core::v1::Event>("", "v1", "Event"),
    known::<api::core::v1::LimitRange>("", "v1", "LimitRange"),
    known::<api::core::v1::Namespace>("", "v1", "Namespace"),
    known::<api::core::v1::Node>("", "v1", "Node"),
    known::<api::core::v1::PersistentVolumeClaim>("", "v1", "PersistentVolumeClaim"),
    known::<api::core::v1::PersistentVolume>("", "v1", "PersistentVolume"),
    known::<api::core::v1::Pod>("", "v1", "Pod"),
    known::<api::core::v1::PodTemplate>("", "v1", "PodTemplate"),
    known::<api::core::v1::ReplicationController>("", "v1", "ReplicationController"),
    known::<api::core::v1::ResourceQuota>("", "v1", "ResourceQuota"),
    known::<api::core::v1::Secret>("", "v1", "Secret"),
    known::<api::core::v1::ServiceAccount>("", "v1", "ServiceAccount"),
    known::<api::core::v1::Service>("", "v1", "Service"),
    known::<apiregistration::APIService>("apiregistration.k8s.io", "v1", "APIService"),
    known::<api::apps::v1::ControllerRevision>("apps", "v1", "ControllerRevision"),
    known::<api::apps::v1::DaemonSet>("apps", "v1", "DaemonSet"),
    known::<api::apps::v1::Deployment>("apps", "v1", "Deployment"),
    known::<api::apps::v1::ReplicaSet>("apps", "v1", "ReplicaSet"),
    known::<api::apps::v1::StatefulSet>("apps", "v1", "StatefulSet"),
    known::<api::events::v1::Event>("events.k8s.io", "v1", "Event"),
    known::<api::autoscaling::v2::HorizontalPodAutoscaler>(
        "autoscaling",
        "v2",
        "HorizontalPodAutoscaler",
    ),
    known::<api::autoscaling::v1::HorizontalPodAutoscaler>(
        "autoscaling",
        "v1",
        "HorizontalPodAutoscaler",
    ),
    known::<api::batch::v1::CronJob>("batch", "v1", "CronJob"),
    known::<api::batch::v1::Job>("batch", "v1", "Job"),
    known::<api::certificates::v1::CertificateSigningRequest>(
        "certificates.k8s.io",
        "v1",
        "CertificateSigningRequest",
    ),
    known::<api::networking::v1::IngressClass>("networking.k8s.io", "v1", "IngressClass"),
    known::<api::networking::v1::Ingress>("networking.k8s.io", "v1", "Ingress"),
    known::<api::networking::v1::IPAddress>("networking.k8s.io", "v1", "IPAddress"),
    known::<api::networking::v1::NetworkPolicy>("networking.k8s.io", "v1", "NetworkPolicy"),
    known::<api::networking::v1::ServiceCIDR>("networking.k8s.io", "v1", "ServiceCIDR"),
    known::<api::policy::v1::Eviction>("policy", "v1", "Eviction"),
    known::<api::policy::v1::PodDisruptionBudget>("policy", "v1", "PodDisruptionBudget"),
    known::<api::rbac::v1::ClusterRoleBinding>(
        "rbac.authorization.k8s.io",
        "v1",
        "ClusterRoleBinding",
    ),
    known::<api::rbac::v1::ClusterRole>("rbac.authorization.k8s.io", "v1", "ClusterRole"),
    known::<api::rbac::v1::RoleBinding>("rbac.authorization.k8s.io", "v1", "RoleBinding"),
    known::<api::rbac::v1::Role>("rbac.authorization.k8s.io", "v1", "Role"),
    known::<api::storage::v1::CSIDriver>("storage.k8s.io", "v1", "CSIDriver"),
    known::<api::storage::v1::CSINode>("storage.k8s.io", "v1", "CSINode"),
    known::<api::storage::v1::CSIStorageCapacity>("storage.k8s.io", "v1", "CSIStorageCapacity"),
    known::<api::storage::v1::StorageClass>("storage.k8s.io", "v1", "StorageClass"),
    known::<api::storage::v1::VolumeAttachment>("storage.k8s.io", "v1", "VolumeAttachment"),
    known::<api::storage::v1::VolumeAttributesClass>(
        "storage.k8s.io",
        "v1",
        "VolumeAttributesClass",
    ),
    known::<api::admissionregistration::v1::MutatingWebhookConfiguration>(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingWebhookConfiguration",
    ),
    known::<api::admissionregistration::v1::ValidatingAdmissionPolicy>(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicy",
    ),
    known::<api::admissionregistration::v1::ValidatingAdmissionPolicyBinding>(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
    ),
    known::<api::admissionregistration::v1::ValidatingWebhookConfiguration>(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
    ),
    known::<apiextensions::CustomResourceDefinition>(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
    ),
    known::<api::scheduling::v1::PriorityClass>("scheduling.k8s.io", "v1", "PriorityClass"),
    known::<api::coordination::v1::Lease>("coordination.k8s.io", "v1", "Lease"),
    known::<api::node::v1::RuntimeClass>("node.k8s.io", "v1", "RuntimeClass"),
    known::<api::discovery::v1::EndpointSlice>("discovery.k8s.io", "v1", "EndpointSlice"),
    known::<api::resource::v1::DeviceClass>("resource.k8s.io", "v1", "DeviceClass"),
    known::<api::resource::v1::ResourceClaim>("resource.k8s.io", "v1", "ResourceClaim"),
    known::<api::resource::v1::ResourceClaimTemplate>(
        "resource.k8s.io",
        "v1",
        "ResourceClaimTemplate",
    ),
    known::<api::resource::v1::ResourceSlice>("resource.k8s.io", "v1", "ResourceSlice"),
    known::<api::flowcontrol::v1::FlowSchema>("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema"),
    known::<api::flowcontrol::v1::PriorityLevelConfiguration>(
        "flowcontrol.apiserver.k8s.io",
        "v1",
        "PriorityLevelConfiguration",
    ),
];
