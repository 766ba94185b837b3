//! The ordered checks that an artifact must pass before anything is made for it.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Reason;
use super::parameters::{self, Inputs};
use super::timetable;
use crate::api::artifact_type::ArtifactTypeSpec;
use crate::api::artifact_workflow::ArtifactWorkflowSpec;
use crate::api::cron::Cron;
use crate::api::endpoint::EndpointSpec;
use crate::api::order::{OrderArtifact, OrderDefaults};
use crate::api::reference::{LocalRef, WorkflowTemplateRef};
use crate::settings::Settings;

/// What the artifacts of an Order refer to, as far as it exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct References {
    /// Endpoints of the Order's namespace by name.
    pub(crate) endpoints: BTreeMap<String, EndpointSpec>,
    /// What each artifact type's name stands for.
    pub(crate) types: BTreeMap<String, FoundType>,
    /// Names of Secrets of the Order's namespace.
    pub(crate) secrets: BTreeSet<String>,
}

/// The type that a name stands for; a namespaced one hides a cluster's. Source: spec/arc.md §2.5.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FoundType {
    Namespaced(ArtifactTypeSpec),
    Cluster(ArtifactTypeSpec),
}

impl FoundType {
    fn spec(&self) -> &ArtifactTypeSpec {
        match self {
            Self::Namespaced(spec) | Self::Cluster(spec) => spec,
        }
    }

    fn template(&self) -> WorkflowTemplateRef {
        let template = self.spec().workflow_template_ref.clone();
        match self {
            Self::Namespaced(_) => template,
            Self::Cluster(_) => WorkflowTemplateRef {
                cluster_scope: true,
                ..template
            },
        }
    }
}

/// Why nothing can be made for an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl Blocked {
    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// Which way an artifact goes through an Endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Source,
    Destination,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Source => "srcRef",
            Self::Destination => "dstRef",
        }
    }

    fn is_allowed(self, endpoint: &EndpointSpec) -> bool {
        match self {
            Self::Source => endpoint.usage.allows_pull(),
            Self::Destination => endpoint.usage.allows_push(),
        }
    }

    fn allowed_types(self, artifact_type: &ArtifactTypeSpec) -> &[String] {
        match self {
            Self::Source => &artifact_type.rules.src_types,
            Self::Destination => &artifact_type.rules.dst_types,
        }
    }
}

/// An artifact with the Order's defaults filled in, by name only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) artifact: &'a OrderArtifact,
    pub(crate) src: &'a str,
    pub(crate) dst: &'a str,
    pub(crate) cron: Option<&'a Cron>,
}

/// Fills in the Order's defaults.
///
/// Source: spec/arc.md §4.2.
///
/// # Errors
/// Neither the artifact nor the defaults name an Endpoint.
pub(crate) fn named<'a>(
    artifact: &'a OrderArtifact,
    defaults: &'a OrderDefaults,
) -> Result<Named<'a>, Blocked> {
    Ok(Named {
        artifact,
        src: endpoint_name(
            Side::Source,
            artifact.src_ref.as_ref(),
            defaults.src_ref.as_ref(),
        )?,
        dst: endpoint_name(
            Side::Destination,
            artifact.dst_ref.as_ref(),
            defaults.dst_ref.as_ref(),
        )?,
        cron: Cron::effective(artifact.cron.as_ref(), defaults.cron.as_ref()),
    })
}

fn endpoint_name<'a>(
    side: Side,
    own: Option<&'a LocalRef>,
    default: Option<&'a LocalRef>,
) -> Result<&'a str, Blocked> {
    LocalRef::name_of(own)
        .or(LocalRef::name_of(default))
        .ok_or_else(|| {
            let message = format!(
                "failed to fetch endpoint for {}: neither the artifact nor spec.defaults has a {}",
                side.word(),
                side.field()
            );
            Blocked::new(Reason::InvalidEndpoint, message)
        })
}

/// What the child of an artifact asks for.
///
/// Source: spec/arc.md §4.3, in its order of checks; before them that of §2.6.
///
/// # Errors
/// The first check that fails.
pub(crate) fn child_spec(
    named: &Named<'_>,
    references: &References,
    settings: &Settings,
) -> Result<ArtifactWorkflowSpec, Blocked> {
    if let Some(cron) = named.cron {
        timetable::check(cron, settings.cron_interval_min)
            .map_err(|error| Blocked::new(Reason::ComputationFailed, error.to_string()))?;
    }
    let src = endpoint(Side::Source, named.src, references)?;
    let dst = endpoint(Side::Destination, named.dst, references)?;
    check_usage(Side::Source, named.src, src)?;
    check_usage(Side::Destination, named.dst, dst)?;
    let found = artifact_type(&named.artifact.r#type, references)?;
    check_rules(Side::Source, src, found.spec())?;
    check_rules(Side::Destination, dst, found.spec())?;
    let src_secret_ref = secret(Side::Source, src, references)?;
    let dst_secret_ref = secret(Side::Destination, dst, references)?;
    let parameters = parameters::parameters(&Inputs {
        src,
        dst,
        scheduled: named.cron.is_some(),
        spec: &named.artifact.spec,
        of_type: &found.spec().parameters,
        legacy_names: settings.legacy_parameter_names,
    })
    .map_err(|error| Blocked::new(Reason::HydrationFailed, error.to_string()))?;
    Ok(ArtifactWorkflowSpec {
        workflow_template_ref: found.template(),
        parameters,
        src_secret_ref,
        dst_secret_ref,
        cron: named.cron.cloned(),
        ttl_after_finished: found.spec().ttl_after_finished.clone(),
        ttl_after_failed: found.spec().ttl_after_failed.clone(),
    })
}

fn endpoint<'a>(
    side: Side,
    name: &str,
    references: &'a References,
) -> Result<&'a EndpointSpec, Blocked> {
    references.endpoints.get(name).ok_or_else(|| {
        let message = format!(
            "failed to fetch endpoint for {}: Endpoint {name:?} not found",
            side.word()
        );
        Blocked::new(Reason::InvalidEndpoint, message)
    })
}

fn check_usage(side: Side, name: &str, endpoint: &EndpointSpec) -> Result<(), Blocked> {
    if side.is_allowed(endpoint) {
        return Ok(());
    }
    let message = format!(
        "usage {} of Endpoint {name:?} is not compatible with {} usage",
        endpoint.usage.as_str(),
        side.word()
    );
    Err(Blocked::new(Reason::InvalidEndpoint, message))
}

fn artifact_type<'a>(name: &str, references: &'a References) -> Result<&'a FoundType, Blocked> {
    references.types.get(name).ok_or_else(|| {
        let message =
            format!("failed to fetch ArtifactType or ClusterArtifactType: neither has {name:?}");
        Blocked::new(Reason::ComputationFailed, message)
    })
}

fn check_rules(
    side: Side,
    endpoint: &EndpointSpec,
    artifact_type: &ArtifactTypeSpec,
) -> Result<(), Blocked> {
    let allowed = side.allowed_types(artifact_type);
    if allowed.is_empty() || allowed.contains(&endpoint.r#type) {
        return Ok(());
    }
    let message = format!(
        "{} endpoint type {:?} is not allowed by ArtifactType rules: expected one of {}",
        side.word(),
        endpoint.r#type,
        allowed.join(", ")
    );
    Err(Blocked::new(Reason::InvalidArtifactType, message))
}

fn secret(
    side: Side,
    endpoint: &EndpointSpec,
    references: &References,
) -> Result<Option<LocalRef>, Blocked> {
    match LocalRef::name_of(endpoint.secret_ref.as_ref()) {
        None => Ok(None),
        Some(name) if references.secrets.contains(name) => Ok(Some(LocalRef::to(name))),
        Some(name) => {
            let message = format!(
                "failed to fetch secret for {}: Secret {name:?} not found",
                side.word()
            );
            Err(Blocked::new(Reason::InvalidSecret, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoint::Usage;
    use crate::plan::builders::{
        artifact, artifact_type as type_spec, endpoint as endpoint_spec, references,
    };
    use rstest::rstest;

    fn check(
        change: impl FnOnce(&mut References),
        spec: &str,
    ) -> Result<ArtifactWorkflowSpec, Blocked> {
        let mut references = references();
        change(&mut references);
        let artifact = artifact("oci", spec);
        let defaults = OrderDefaults::default();
        child_spec(
            &named(&artifact, &defaults)?,
            &references,
            &Settings::default(),
        )
    }

    fn src(references: &mut References) -> &mut EndpointSpec {
        references.endpoints.get_mut("src").unwrap()
    }

    fn dst(references: &mut References) -> &mut EndpointSpec {
        references.endpoints.get_mut("dst").unwrap()
    }

    fn rules(references: &mut References, src_types: &[&str], dst_types: &[&str]) {
        let own = |types: &[&str]| types.iter().map(|t| (*t).to_owned()).collect();
        let mut spec = type_spec();
        spec.rules.src_types = own(src_types);
        spec.rules.dst_types = own(dst_types);
        references
            .types
            .insert("oci".into(), FoundType::Namespaced(spec));
    }

    #[rstest]
    #[case::source_missing(
        |r: &mut References| { r.endpoints.remove("src"); },
        Reason::InvalidEndpoint,
        r#"failed to fetch endpoint for source: Endpoint "src" not found"#
    )]
    #[case::destination_missing(
        |r: &mut References| { r.endpoints.remove("dst"); },
        Reason::InvalidEndpoint,
        r#"failed to fetch endpoint for destination: Endpoint "dst" not found"#
    )]
    #[case::source_usage(
        |r: &mut References| src(r).usage = Usage::PushOnly,
        Reason::InvalidEndpoint,
        r#"usage PushOnly of Endpoint "src" is not compatible with source usage"#
    )]
    #[case::destination_usage(
        |r: &mut References| dst(r).usage = Usage::PullOnly,
        Reason::InvalidEndpoint,
        r#"usage PullOnly of Endpoint "dst" is not compatible with destination usage"#
    )]
    #[case::no_type(
        |r: &mut References| r.types.clear(),
        Reason::ComputationFailed,
        r#"failed to fetch ArtifactType or ClusterArtifactType: neither has "oci""#
    )]
    #[case::source_rule(
        |r: &mut References| rules(r, &["helm", "s3"], &[]),
        Reason::InvalidArtifactType,
        r#"source endpoint type "oci" is not allowed by ArtifactType rules: expected one of helm, s3"#
    )]
    #[case::destination_rule(
        |r: &mut References| rules(r, &["oci"], &["s3"]),
        Reason::InvalidArtifactType,
        r#"destination endpoint type "oci" is not allowed by ArtifactType rules: expected one of s3"#
    )]
    #[case::source_secret(
        |r: &mut References| src(r).secret_ref = Some(LocalRef::to("absent")),
        Reason::InvalidSecret,
        r#"failed to fetch secret for source: Secret "absent" not found"#
    )]
    #[case::destination_secret(
        |r: &mut References| dst(r).secret_ref = Some(LocalRef::to("absent")),
        Reason::InvalidSecret,
        r#"failed to fetch secret for destination: Secret "absent" not found"#
    )]
    #[case::everything_is_wrong_and_the_first_check_speaks(
        |r: &mut References| *r = References::default(),
        Reason::InvalidEndpoint,
        r#"failed to fetch endpoint for source: Endpoint "src" not found"#
    )]
    #[case::usage_comes_before_type(
        |r: &mut References| { r.types.clear(); dst(r).usage = Usage::PullOnly; },
        Reason::InvalidEndpoint,
        r#"usage PullOnly of Endpoint "dst" is not compatible with destination usage"#
    )]
    fn an_artifact_is_blocked(
        #[case] change: fn(&mut References),
        #[case] reason: Reason,
        #[case] message: &str,
    ) {
        let blocked = Blocked::new(reason, message);
        assert_eq!(check(change, "{}"), Err(blocked));
    }

    #[test]
    fn a_spec_that_does_not_flatten_is_the_last_obstacle() {
        let blocked = Blocked::new(
            Reason::HydrationFailed,
            "spec.\"\": the key has no character that a parameter name may have",
        );
        assert_eq!(check(|_| {}, "{'': x}"), Err(blocked));
    }

    #[test]
    fn a_schedule_that_is_too_dense_is_the_first_obstacle() {
        let mut artifact = artifact("oci", "{}");
        artifact.cron = Some(Cron {
            schedules: vec!["* * * * *".into()],
            ..Cron::default()
        });
        let defaults = OrderDefaults::default();
        let named = named(&artifact, &defaults).unwrap();
        let blocked = child_spec(&named, &References::default(), &Settings::default());
        let message = "cron.schedules: runs would start 1m apart, less than the minimum of 10m";
        assert_eq!(
            blocked,
            Err(Blocked::new(Reason::ComputationFailed, message))
        );
    }

    #[test]
    fn an_artifact_without_endpoint_is_blocked() {
        let artifact = OrderArtifact::default();
        let blocked = named(&artifact, &OrderDefaults::default()).unwrap_err();
        assert_eq!(
            blocked.message,
            "failed to fetch endpoint for source: neither the artifact nor spec.defaults has a srcRef"
        );
    }

    #[test]
    fn defaults_hold_field_by_field() {
        let artifact = OrderArtifact {
            src_ref: Some(LocalRef::to("own")),
            dst_ref: Some(LocalRef::to("")),
            ..OrderArtifact::default()
        };
        let defaults = OrderDefaults {
            src_ref: Some(LocalRef::to("default-src")),
            dst_ref: Some(LocalRef::to("default-dst")),
            cron: Some(Cron::default()),
        };
        let named = named(&artifact, &defaults).unwrap();
        assert_eq!((named.src, named.dst), ("own", "default-dst"));
        assert_eq!(named.cron, Some(&Cron::default()));
    }

    #[rstest]
    #[case::namespaced(FoundType::Namespaced(type_spec()), false)]
    #[case::cluster(FoundType::Cluster(type_spec()), true)]
    fn a_cluster_types_template_is_cluster_scoped(
        #[case] found: FoundType,
        #[case] cluster_scope: bool,
    ) {
        let spec = check(
            |r| {
                r.types.insert("oci".into(), found);
            },
            "{}",
        )
        .unwrap();
        let template = WorkflowTemplateRef {
            name: "oci-image-pipeline".into(),
            cluster_scope,
        };
        assert_eq!(spec.workflow_template_ref, template);
    }

    #[test]
    fn one_endpoint_may_be_source_and_destination() {
        let mut artifact = artifact("oci", "{}");
        artifact.dst_ref = Some(LocalRef::to("src"));
        let defaults = OrderDefaults::default();
        let named = named(&artifact, &defaults).unwrap();
        assert!(child_spec(&named, &references(), &Settings::default()).is_ok());
    }

    #[test]
    fn a_child_names_the_secrets_of_its_endpoints() {
        let spec = check(
            |r| {
                *dst(r) = endpoint_spec("oci", "dst.zot");
                dst(r).secret_ref = Some(LocalRef::to("creds"));
                r.secrets.insert("creds".into());
            },
            "{}",
        );
        let spec = spec.unwrap();
        assert_eq!(spec.src_secret_ref, None);
        assert_eq!(spec.dst_secret_ref, Some(LocalRef::to("creds")));
    }
}
