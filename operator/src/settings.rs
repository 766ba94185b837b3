//! What sites decide about the operator.

use jiff::SignedDuration;

use crate::api::keys;

/// What sites decide about the operator; the defaults are those of spec/arc.md §11.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether a failed or not yet started child is made anew when its configuration changed. Source: spec/arc.md §4.6.
    pub retry_on_config_change: bool,
    /// Lines of a failed step's log that its message quotes; 0 reads no logs. Source: spec/arc.md §6.3.
    pub failure_log_lines: u32,
    /// Labels that children do not inherit; a `*` at the end stands for any rest. Source: spec/arc.md §3.1.
    pub label_exclude: Vec<String>,
    /// Service account of run pods; the template's own if absent. Source: spec/arc.md §3.1.
    pub workflow_service_account: Option<String>,
    /// Whether nested spec keys are also emitted without capitals. Source: spec/arc.md §5.3.
    pub legacy_parameter_names: bool,
    /// The shortest time that may lie between two runs of a schedule. Source: spec/arc.md §2.6.
    pub cron_interval_min: SignedDuration,
    /// What events name as the reporting instance, such as the operator's pod; at most 128 characters.
    pub reporting_instance: String,
}

/// Tracking labels of GitOps tools. Source: spec/arc.md §3.1.
pub const LABEL_EXCLUDE: [&str; 4] = [
    "app.kubernetes.io/instance",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/*",
    "helm.toolkit.fluxcd.io/*",
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry_on_config_change: true,
            failure_log_lines: 30,
            label_exclude: LABEL_EXCLUDE.map(str::to_owned).to_vec(),
            workflow_service_account: None,
            legacy_parameter_names: false,
            cron_interval_min: SignedDuration::from_mins(10),
            reporting_instance: keys::FIELD_MANAGER.to_owned(),
        }
    }
}
