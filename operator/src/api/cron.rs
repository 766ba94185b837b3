//! When an artifact is moved again and again.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A schedule.
///
/// Source: spec/arc.md §2.6.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(has(self.disabled) && self.disabled) || (has(self.schedules) && self.schedules.size() > 0)")
        .message("schedules must not be empty unless disabled is true")
)]
pub struct Cron {
    /// Five cron fields, a descriptor such as `@daily`, or `@every <duration>`, each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        inner(length(min = 1, max = 256), regex(pattern = "^[^=]+$"))
    )]
    pub schedules: Vec<String>,
    /// IANA name of the zone that the schedules are in; the Argo controller's own zone if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub timezone: Option<String>,
    /// How late a missed run may still start, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub starting_deadline_seconds: Option<i64>,
    /// Argo expression that must hold for a run to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub when: Option<String>,
    /// What happens to a run that still goes on when the next is due.
    #[serde(default)]
    pub concurrency_policy: ConcurrencyPolicy,
    /// Pauses the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// No schedule, although the Order's defaults have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// What happens to a run that still goes on when the next is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConcurrencyPolicy {
    /// Both go on.
    Allow,
    /// The next one is skipped.
    Forbid,
    /// The old one is terminated and counts as failed.
    #[default]
    Replace,
}

impl Cron {
    /// The schedule that holds for an artifact with `own` where the Order's defaults say `default`.
    ///
    /// Source: spec/arc.md §4.2, §2.6.
    #[must_use]
    pub fn effective<'a>(own: Option<&'a Self>, default: Option<&'a Self>) -> Option<&'a Self> {
        own.or(default)
            .filter(|cron| !cron.disabled.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily() -> Cron {
        Cron {
            schedules: vec!["@daily".into()],
            ..Cron::default()
        }
    }

    #[test]
    fn an_artifacts_own_schedule_replaces_the_default_as_a_whole() {
        let own = Cron {
            timezone: Some("Europe/Berlin".into()),
            ..daily()
        };
        assert_eq!(Cron::effective(Some(&own), Some(&daily())), Some(&own));
        assert_eq!(Cron::effective(None, Some(&own)), Some(&own));
    }

    #[test]
    fn a_disabled_schedule_switches_the_default_off() {
        let off = Cron {
            disabled: Some(true),
            ..Cron::default()
        };
        assert_eq!(Cron::effective(Some(&off), Some(&daily())), None);
    }
}
