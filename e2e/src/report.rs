//! What a run of the suite found: a table for people, JUnit for machines.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use crate::scenarios::{BACKENDS, Row};

/// Everything that was run.
#[derive(Debug, Default)]
pub struct Report {
    /// The scenarios, everywhere.
    pub scenarios: Vec<Row>,
    /// The cases with real tools.
    pub pipelines: Vec<Trial>,
    /// The cases in which something breaks.
    pub faults: Vec<Trial>,
}

/// How a case of the suite went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The case.
    pub name: &'static str,
    /// How long it took.
    pub seconds: u64,
    /// What was wrong.
    pub problem: Option<String>,
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.scenarios.iter().all(Row::is_green)
            && [&self.pipelines, &self.faults]
                .into_iter()
                .flatten()
                .all(|trial| trial.problem.is_none())
    }

    /// Each scenario's verdict on each backend, side by side, and their numbers.
    #[must_use]
    pub fn table(&self) -> String {
        let [memory, https, real] = BACKENDS;
        let mut text = format!("{memory:>8} {https:>8} {real:>8}  scenario\n");
        for row in &self.scenarios {
            let [memory, https, real] = row.verdicts.each_ref().map(|verdict| match verdict {
                None => "-",
                Some(verdict) if verdict.problem.is_none() => "passed",
                Some(_) => "FAILED",
            });
            let _ = writeln!(
                text,
                "{memory:>8} {https:>8} {real:>8}  {} {}",
                row.place, row.name
            );
        }
        let shared = self
            .scenarios
            .iter()
            .filter(|row| row.verdicts[2].is_some());
        let (n_shared, n_equal) = (
            shared.clone().count(),
            shared.filter(|row| row.agrees()).count(),
        );
        let _ = writeln!(
            text,
            "{n_equal} of {n_shared} shared scenarios have one verdict everywhere"
        );
        text
    }

    /// The same as JUnit, a suite for each backend, one for the pipelines and one for the faults.
    ///
    /// # Errors
    /// It cannot be written as XML.
    pub fn junit(&self) -> Result<String> {
        let mut report = JUnit::new("arc-e2e");
        for (column, backend) in BACKENDS.into_iter().enumerate() {
            let mut suite = TestSuite::new(format!("scenarios on {backend}"));
            for row in &self.scenarios {
                if let Some(verdict) = &row.verdicts[column] {
                    let name = format!("{} {}", row.place, row.name);
                    suite.add_test_case(case(name, verdict.problem.as_deref()));
                }
            }
            report.add_test_suite(suite);
        }
        for (name, trials) in [("pipelines", &self.pipelines), ("faults", &self.faults)] {
            let mut suite = TestSuite::new(name);
            for trial in trials {
                let mut case = case(trial.name.to_owned(), trial.problem.as_deref());
                case.set_time(Duration::from_secs(trial.seconds));
                suite.add_test_case(case);
            }
            report.add_test_suite(suite);
        }
        Ok(report.to_string()?)
    }
}

fn case(name: String, problem: Option<&str>) -> TestCase {
    let status = problem.map_or_else(TestCaseStatus::success, |problem| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_description(problem);
        status
    });
    TestCase::new(name, status)
}

#[cfg(test)]
mod tests {
    use arc_features::report::Verdict;

    use super::*;

    fn verdict(problem: Option<&str>) -> Option<Verdict> {
        Some(Verdict {
            path: "order/a.feature".into(),
            line: 3,
            name: "It works".to_owned(),
            problem: problem.map(str::to_owned),
        })
    }

    fn report(real: Option<Verdict>) -> Report {
        let row = Row {
            place: "order/a.feature:3".to_owned(),
            name: "It works".to_owned(),
            verdicts: [verdict(None), verdict(None), real],
        };
        let trial = Trial {
            name: "oci-moves",
            seconds: 7,
            problem: None,
        };
        Report {
            scenarios: vec![row],
            pipelines: vec![trial],
            faults: Vec::new(),
        }
    }

    #[test]
    fn verdicts_stand_side_by_side() {
        let report = report(verdict(Some("<not> & so")));
        assert!(!report.is_green());
        assert_eq!(
            report.table(),
            "  memory    https      k3s  scenario\n  \
             passed   passed   FAILED  order/a.feature:3 It works\n\
             0 of 1 shared scenarios have one verdict everywhere\n"
        );
    }

    #[test]
    fn a_scenario_that_cannot_run_on_the_cluster_is_not_held_against_it() {
        let report = report(None);
        assert!(report.is_green());
        assert!(report.table().contains("0 of 0 shared"));
    }

    #[test]
    fn machines_read_problems_as_they_are() {
        let text = report(verdict(Some("<not> & so")))
            .junit()
            .expect("it is XML");
        let suite =
            r#"<testsuite name="scenarios on k3s" tests="1" skipped="0" errors="0" failures="1">"#;
        assert!(text.contains(suite), "{text}");
        assert!(text.contains("&lt;not&gt; &amp; so"), "{text}");
        assert!(
            text.contains(r#"<testcase name="oci-moves" time="7.000"/>"#),
            "{text}"
        );
    }
}
