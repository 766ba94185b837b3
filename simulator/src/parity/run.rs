//! Plays cases on both servers and compares.

use std::sync::Arc;

use futures::future::join;
use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::case::{Body, Case, Step};
use super::difference::{self, Line};
use super::hooks::Hooks;
use super::known::Known;
use super::normal::{World, normalise};
use super::peer::Peer;
use super::play::{self, Pace, Played, Recorded, play};
use crate::clock::{Clock, WallClock};

/// One case to be played.
#[derive(Clone, Debug)]
pub struct Job {
    /// The area it counts for.
    pub area: String,
    /// The case.
    pub case: Case,
    /// Whether only its first difference counts, since all others may follow from it.
    pub is_sequence: bool,
    /// How it is played again alone, where its name does not say.
    pub replay: Option<String>,
}

/// What became of one case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case.
    pub job: Job,
    /// How many answers were compared.
    pub n_answers: usize,
    /// Where the servers differ; none if they agree.
    pub differences: Vec<Difference>,
    /// Why they may differ.
    pub known: Option<String>,
    /// The normalised answers of the real server, if they are wanted.
    pub trace: Vec<Recorded>,
}

/// One step in which the servers differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The step, from 0.
    pub step_index: usize,
    /// The request.
    pub what: String,
    /// The places.
    pub lines: Vec<Line>,
}

/// Plays cases.
pub struct Runner<'a> {
    /// The real server.
    pub real: &'a Peer,
    /// The webhooks of the real server, and those of simulated ones.
    pub hooks: &'a [Hooks; 2],
    /// The time.
    pub wall: WallClock,
    /// What is known to differ.
    pub known: &'a Known,
    /// How many cases are played at a time.
    pub n_at_once: usize,
    /// Whether answers are kept.
    pub is_traced: bool,
}

impl Job {
    /// `area/name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.area, self.case.name)
    }
}

impl Runner<'_> {
    /// Plays all `jobs`; the outcomes come in their order, and `done` hears of each.
    pub async fn run(&self, jobs: Vec<Job>, mut done: impl FnMut(&Outcome)) -> Vec<Outcome> {
        let numbered = jobs.into_iter().enumerate();
        let mut played = stream::iter(numbered)
            .map(|(index, job)| self.play(index, job))
            .buffered(self.n_at_once);
        let mut outcomes = Vec::new();
        while let Some(outcome) = played.next().await {
            done(&outcome);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn play(&self, index: usize, job: Job) -> Outcome {
        let namespace = format!("p{index}x");
        let [real, simulated] = if job.is_sequence {
            self.play_in_turn(&job.case, &namespace).await
        } else {
            self.play_together(&job.case, &namespace).await
        };
        let world = |origin, hooks| World {
            origin,
            hooks,
            namespace: &namespace,
            now: (self.wall)(),
        };
        let real = Normal::new(real, world(self.real.origin(), self.hooks[0].origin()));
        let simulated = Normal::new(simulated, world("", self.hooks[1].origin()));
        let mut differences = compare(&real, &simulated, &job.case);
        if job.is_sequence {
            differences.truncate(1);
        }
        let reason = self.known.reason(&job.title());
        Outcome {
            n_answers: real.records.len(),
            known: reason
                .filter(|_| !differences.is_empty())
                .map(str::to_owned),
            differences,
            trace: if self.is_traced {
                real.records
            } else {
                Vec::new()
            },
            job,
        }
    }
}

type Pair = [Result<Played, play::Error>; 2];

impl Runner<'_> {
    async fn play_together(&self, case: &Case, namespace: &str) -> Pair {
        let simulated = Peer::simulated(Clock::scaled(Arc::clone(&self.wall), 1.0), 1);
        let (real, simulated) = join(
            play(
                case,
                (self.real, &self.hooks[0]),
                namespace,
                Pace::Running(&self.wall),
            ),
            play(
                case,
                (&simulated, &self.hooks[1]),
                namespace,
                Pace::Running(&self.wall),
            ),
        )
        .await;
        [real, simulated]
    }

    /// In the simulation each step has the time that it had on the real server: owners are ordered by the second.
    async fn play_in_turn(&self, case: &Case, namespace: &str) -> Pair {
        let clock = Clock::virtual_from((self.wall)());
        let real = play(
            case,
            (self.real, &self.hooks[0]),
            namespace,
            Pace::Running(&self.wall),
        )
        .await;
        let times = real.as_ref().map_or(&[][..], |played| &played.times);
        let simulated = Peer::simulated(clock.clone(), 1);
        let simulated = play(
            case,
            (&simulated, &self.hooks[1]),
            namespace,
            Pace::Repeated(&clock, times),
        )
        .await;
        [real, simulated]
    }
}

/// What one server made of a case, normalised.
struct Normal {
    records: Vec<Recorded>,
    failure: Option<String>,
}

impl Normal {
    fn new(played: Result<Played, play::Error>, world: World<'_>) -> Self {
        let (mut records, failure) = match played {
            Ok(played) => (played.records, None),
            Err(error) => (Vec::new(), Some(chain(&error))),
        };
        let answers: Vec<_> = records.iter().map(|record| record.answer.clone()).collect();
        for (record, answer) in records.iter_mut().zip(normalise(&answers, world)) {
            record.answer = answer;
        }
        Self { records, failure }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn compare(real: &Normal, simulated: &Normal, case: &Case) -> Vec<Difference> {
    if real.failure.is_some() || simulated.failure.is_some() {
        let value = |played: &Normal| played.failure.clone().map(Value::from);
        let line = Line {
            path: String::new(),
            real: value(real),
            simulated: value(simulated),
        };
        return vec![Difference {
            step_index: 0,
            what: format!("all {} steps", case.steps.len()),
            lines: vec![line],
        }];
    }
    let pairs = real.records.iter().zip(&simulated.records);
    let differences = pairs.filter_map(|(real, simulated)| {
        let lines = difference::lines(&real.answer, &simulated.answer);
        (!lines.is_empty()).then(|| Difference {
            step_index: real.step_index,
            what: described(real, case),
            lines,
        })
    });
    differences.collect()
}

/// The request of a record, with its body where it has one.
fn described(record: &Recorded, case: &Case) -> String {
    match case.steps.get(record.step_index) {
        Some(Step::Ask(ask)) => match &ask.body {
            Body::None => record.what.clone(),
            Body::Json(value) => format!("{} {value}", record.what),
            Body::Text(text) => format!("{} {text:?}", record.what),
        },
        _ => record.what.clone(),
    }
}
