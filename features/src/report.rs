//! What is told about scenarios: the failed ones at once and in full, all of them as numbers.

use std::iter::Sum;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cucumber::event::{Cucumber, Feature, Hook, Rule, Scenario, Step, StepError};
use cucumber::writer::{NonTransforming, Writer};
use cucumber::{Event, cli, gherkin, parser};

use crate::world::World;

/// How one scenario went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The feature file.
    pub path: PathBuf,
    /// Where the scenario, or its row of examples, stands in it.
    pub line: usize,
    /// What it is called.
    pub name: String,
    /// The steps that held and the one that did not; none if all did.
    pub problem: Option<String>,
}

/// How the scenarios went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// One of each scenario, and one of each file that does not parse.
    pub verdicts: Vec<Verdict>,
}

impl Summary {
    /// How many scenarios held.
    #[must_use]
    pub fn n_passed(&self) -> usize {
        self.verdicts.len() - self.n_failed()
    }

    /// How many had a step that failed or that nobody understands, or did not parse.
    #[must_use]
    pub fn n_failed(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|verdict| verdict.problem.is_some()).count()
    }
}

impl Sum for Summary {
    fn sum<I: Iterator<Item = Self>>(summaries: I) -> Self {
        Self {
            verdicts: summaries.flat_map(|summary| summary.verdicts).collect(),
        }
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
    /// Whether scenarios that held are told too.
    tells_all: bool,
}

impl Report {
    /// A report, and where its summary will be; with `tells_all` it tells of scenarios that held too, for people who
    /// wait.
    pub(crate) fn new(tells_all: bool) -> (Self, Outcome) {
        let summary = Arc::default();
        let outcome = Outcome(Arc::clone(&summary));
        (
            Self {
                summary,
                held: Vec::new(),
                problem: None,
                tells_all,
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
        let problem = self.problem.take().map(|problem| {
            let held = self.held.iter().map(|step| format!("  ok     {step}\n"));
            format!("{}  failed {problem}", held.collect::<String>())
        });
        let verdict = Verdict {
            path: feature.path.clone().unwrap_or_default(),
            line: scenario.position.line,
            name: scenario.name.clone(),
            problem,
        };
        self.keep(verdict);
    }

    fn keep(&mut self, verdict: Verdict) {
        let (path, line, name) = (verdict.path.display(), verdict.line, &verdict.name);
        match &verdict.problem {
            Some(problem) => println!("\nFAILED {path}:{line} {name}\n{problem}"),
            None if self.tells_all => println!("passed {path}:{line} {name}"),
            None => {}
        }
        let mut summary = self.summary.lock().expect("no holder of a summary panics");
        summary.verdicts.push(verdict);
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
            Err(error) => self.keep(Verdict {
                path: PathBuf::new(),
                line: 0,
                name: "a feature file".to_owned(),
                problem: Some(error.to_string()),
            }),
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
