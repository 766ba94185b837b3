//! What became of the runs: which still go on, which are counted, which are deleted.
//!
//! Source: argo-workflows v3.7.4 `workflow/cron/operator.go`, `reconcileActiveWfs`, `enforceHistoryLimit`.

use jiff::Timestamp;

use super::cron_workflow::{CronWorkflow, Run, RunResult, Spec};
use super::fire;
use super::record::Record;

/// How many succeeded runs are kept unless it is said.
const SUCCEEDED_MAX: i32 = 3;
/// How many failed runs are kept unless it is said.
const FAILED_MAX: i32 = 1;

/// The names of the runs that are to be deleted: those beyond the limits, the earliest first.
pub(super) fn superfluous(cron_workflow: &CronWorkflow, spec: &Spec, runs: &[Run]) -> Vec<String> {
    let of_label = || runs.iter().filter(|run| run.label == cron_workflow.name);
    let succeeded = of_label().filter_map(|run| match &run.result {
        RunResult::Succeeded(time) => Some((time.as_ref().map(|time| time.0), run)),
        RunResult::Active | RunResult::Failed(_) => None,
    });
    let failed = of_label().filter_map(|run| match &run.result {
        RunResult::Failed(time) => Some((time.as_ref().map(|time| time.0), run)),
        RunResult::Active | RunResult::Succeeded(_) => None,
    });
    let mut names = oldest(
        succeeded.collect(),
        limit(spec.successful_jobs_history_limit, SUCCEEDED_MAX),
    );
    names.extend(oldest(
        failed.collect(),
        limit(spec.failed_jobs_history_limit, FAILED_MAX),
    ));
    names
}

fn limit(limit: Option<i32>, default: i32) -> usize {
    let limit = limit.filter(|limit| *limit >= 0).unwrap_or(default);
    usize::try_from(limit).unwrap_or(0)
}

fn oldest(mut runs: Vec<(Option<Timestamp>, &Run)>, n_kept: usize) -> Vec<String> {
    runs.sort_by_key(|(finished_at, _)| *finished_at);
    let n_superfluous = runs.len().saturating_sub(n_kept);
    runs[..n_superfluous]
        .iter()
        .map(|(_, run)| run.name.clone())
        .collect()
}

/// Brings the list of active runs up to date and counts those that ended.
pub(super) fn count(cron_workflow: &CronWorkflow, spec: &Spec, runs: &[Run], record: &mut Record) {
    for run in runs {
        let active = &record.status.active;
        let is_known = active
            .iter()
            .any(|known| known.uid.as_ref() == Some(&run.uid));
        if run.result == RunResult::Active && !is_known {
            record.activate(run);
        }
    }
    let listed = record.status.active.clone();
    for reference in listed {
        let run = runs
            .iter()
            .find(|run| Some(&run.uid) == reference.uid.as_ref());
        match run.map(|run| &run.result) {
            Some(RunResult::Active) => continue,
            Some(RunResult::Succeeded(_)) => record.status.succeeded += 1,
            Some(RunResult::Failed(_)) => record.status.failed += 1,
            None => {}
        }
        let active = &mut record.status.active;
        active.retain(|known| known.uid != reference.uid);
        if run.is_some() {
            fire::stop_if_asked(cron_workflow, spec, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::argo::cron::pass::tests::{a_cron_workflow, a_run};

    #[rstest]
    #[case::defaults("", &["s1", "f2", "f3"])]
    #[case::none("successfulJobsHistoryLimit: 0\nfailedJobsHistoryLimit: 0", &["s1", "s2", "s4", "s5", "f2", "f3", "f6"])]
    #[case::all("successfulJobsHistoryLimit: 9\nfailedJobsHistoryLimit: 9", &[])]
    #[case::a_negative_limit_is_none("successfulJobsHistoryLimit: -1", &["s1", "f2", "f3"])]
    fn runs_beyond_the_limits_go(#[case] spec: &str, #[case] expected: &[&str]) {
        let cron_workflow = a_cron_workflow(spec);
        let runs = [
            a_run("s5", "Succeeded", 5),
            a_run("s1", "Succeeded", 1),
            a_run("s4", "Succeeded", 4),
            a_run("s2", "Succeeded", 2),
            a_run("f3", "Failed", 3),
            a_run("f2", "Error", 2),
            a_run("f6", "Failed", 6),
            a_run("r", "Running", 0),
        ];
        let spec = cron_workflow.spec.clone().unwrap();
        assert_eq!(superfluous(&cron_workflow, &spec, &runs), expected);
    }

    #[rstest]
    #[case::goes_on("Running", (0, 0, 1))]
    #[case::has_not_begun("", (0, 0, 1))]
    #[case::succeeded("Succeeded", (1, 0, 0))]
    #[case::failed("Failed", (0, 1, 0))]
    #[case::broke("Error", (0, 1, 0))]
    fn an_active_run_is_counted_once(#[case] phase: &str, #[case] expected: (i64, i64, usize)) {
        let cron_workflow = a_cron_workflow("");
        let spec = cron_workflow.spec.clone().unwrap();
        let mut record = Record::default();
        record.activate(&a_run("a", "Running", 0));
        for _ in 0..2 {
            count(&cron_workflow, &spec, &[a_run("a", phase, 1)], &mut record);
            let status = &record.status;
            let actual = (status.succeeded, status.failed, status.active.len());
            assert_eq!(actual, expected);
        }
    }

    #[test]
    fn a_run_that_vanished_is_not_counted() {
        let cron_workflow = a_cron_workflow("");
        let spec = cron_workflow.spec.clone().unwrap();
        let mut record = Record::default();
        record.activate(&a_run("a", "Running", 0));
        count(&cron_workflow, &spec, &[], &mut record);
        assert_eq!(record, Record::default());
    }
}
