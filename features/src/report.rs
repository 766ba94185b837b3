//! What is told about scenarios: the failed ones at once and in full, all of them as numbers.

use std::iter::Sum;
use std::sync::{Arc, Mutex};

use cucumber::event::{Cucumber, Feature, Hook, Rule, Scenario, Step, StepError};
use cucumber::writer::{NonTransforming, Writer};
use cucumber::{Event, cli, gherkin, parser};

use crate::world::World;

/// How many scenarios went how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Every step held.
    pub n_passed: usize,
    /// A step failed, or no step of that wording exists; a feature that does not parse counts too.
    pub n_failed: usize,
}

impl Sum for Summary {
    fn sum<I: Iterator<Item = Self>>(summaries: I) -> Self {
        summaries.fold(Self::default(), |all, one| Self {
            n_passed: all.n_passed + one.n_passed,
            n_failed: all.n_failed + one.n_failed,
        })
    }
}

/// Where a [`Report`] leaves its summary.
pub(crate) struct Outcome(Arc<Mutex<Summary>>);

impl Outcome {
    /// The summary so far.
    pub(crate) fn take(&self) -> Summary {
        self.0
            .lock()
            .expect("no holder of a summary panics")
            .clone()
    }
}

/// A cucumber writer that prints failures.
pub(crate) struct Report {
    summary: Arc<Mutex<Summary>>,
    /// The steps of the present scenario that held.
    held: Vec<String>,
    problem: Option<String>,
}

impl Report {
    /// A report, and where its summary will be.
    pub(crate) fn new() -> (Self, Outcome) {
        let summary = Arc::default();
        let outcome = Outcome(Arc::clone(&summary));
        (
            Self {
                summary,
                held: Vec::new(),
                problem: None,
            },
            outcome,
        )
    }

    fn scenario(
        &mut self,
        feature: &gherkin::Feature,
        scenario: &gherkin::Scenario,
        event: Scenario<World>,
    ) {
        match event {
            Scenario::Started => {
                self.held.clear();
                self.problem = None;
            }
            Scenario::Hook(_, Hook::Failed(_, info)) => {
                self.problem = Some(StepError::Panic(info).to_string())
            }
            Scenario::Background(step, event) | Scenario::Step(step, event) => {
                self.step(&step, event)
            }
            Scenario::Hook(..) | Scenario::Log(_) => {}
            Scenario::Finished => self.finish(feature, scenario),
        }
    }

    fn step(&mut self, step: &gherkin::Step, event: Step<World>) {
        let wording = format!("{}{}", step.keyword, step.value);
        match event {
            Step::Started => {}
            Step::Passed(..) => self.held.push(wording),
            Step::Skipped => self.problem = Some(format!("{wording}\n  no step has this wording")),
            Step::Failed(_, _, _, error) => self.problem = Some(format!("{wording}\n  {error}")),
        }
    }

    fn finish(&mut self, feature: &gherkin::Feature, scenario: &gherkin::Scenario) {
        let mut summary = self.summary.lock().expect("no holder of a summary panics");
        let Some(problem) = self.problem.take() else {
            summary.n_passed += 1;
            return;
        };
        summary.n_failed += 1;
        let path = feature.path.as_deref().unwrap_or("".as_ref()).display();
        println!(
            "\nFAILED {path}:{} {}",
            scenario.position.line, scenario.name
        );
        self.held
            .iter()
            .for_each(|step| println!("  ok     {step}"));
        println!("  failed {problem}");
    }
}

impl Writer<World> for Report {
    type Cli = cli::Empty;

    async fn handle_event(
        &mut self,
        event: parser::Result<Event<Cucumber<World>>>,
        _cli: &cli::Empty,
    ) {
        match event.map(|event| event.value) {
            Err(error) => {
                println!("\nFAILED {error}");
                self.summary
                    .lock()
                    .expect("no holder of a summary panics")
                    .n_failed += 1;
            }
            Ok(Cucumber::Feature(
                feature,
                Feature::Scenario(scenario, event)
                | Feature::Rule(_, Rule::Scenario(scenario, event)),
            )) => self.scenario(&feature, &scenario, event.event),
            Ok(_) => {}
        }
    }
}

impl NonTransforming for Report {}
