//! Every sentence of every feature means one thing, and no step waits for a sentence that nobody writes.

use std::collections::BTreeSet;
use std::path::Path;

use arc_features::run::{N_SCENARIOS, SIMULATED_ONLY, features};
use arc_features::world::World;
use cucumber::codegen::{LazyRegex, StepConstructor, WorldInventory, inventory};
use cucumber::gherkin::{Feature, Step, StepType};

const N_FILES: usize = 20;
const N_STEPS_MAX: usize = 10;

async fn all_features() -> Vec<Feature> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    features(root).await.expect("every feature parses")
}

/// The sentences that steps understand, by the keyword they stand after.
fn understood() -> Vec<(&'static str, String)> {
    fn of<C: inventory::Collect + StepConstructor<World>>() -> Vec<String> {
        let regex = |step: &C| -> LazyRegex { step.inner().1 };
        inventory::iter::<C>
            .into_iter()
            .map(|step| regex(step)().to_string())
            .collect()
    }
    let named = |keyword, found: Vec<String>| found.into_iter().map(move |regex| (keyword, regex));
    named("Given", of::<<World as WorldInventory>::Given>())
        .chain(named("When", of::<<World as WorldInventory>::When>()))
        .chain(named("Then", of::<<World as WorldInventory>::Then>()))
        .collect()
}

fn keyword(step: &Step) -> &'static str {
    match step.ty {
        StepType::Given => "Given",
        StepType::When => "When",
        StepType::Then => "Then",
    }
}

/// Background and own steps of every scenario.
fn scenarios(features: &[Feature]) -> Vec<(String, Vec<&Step>)> {
    let mut found = Vec::new();
    for feature in features {
        let background = feature
            .background
            .iter()
            .flat_map(|background| &background.steps);
        for scenario in &feature.scenarios {
            let steps = background.clone().chain(&scenario.steps).collect();
            found.push((format!("{}: {}", feature.name, scenario.name), steps));
        }
    }
    found
}

#[tokio::test]
async fn no_file_and_no_scenario_is_lost() {
    let features = all_features().await;
    assert_eq!(
        (features.len(), scenarios(&features).len()),
        (N_FILES, N_SCENARIOS)
    );
}

#[tokio::test]
async fn a_scenario_that_no_real_cluster_runs_says_why() {
    for feature in all_features().await {
        let path = feature.path.expect("it was read from a file");
        let text = std::fs::read_to_string(&path).expect("it was read before");
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let is_explained = index > 0 && lines[index - 1].starts_with("# ");
            assert!(
                *line != format!("@{SIMULATED_ONLY}") || is_explained,
                "{}:{} gives no reason",
                path.display(),
                index + 1
            );
        }
    }
}

#[tokio::test]
async fn every_sentence_means_one_thing_and_every_step_is_used() {
    let features = all_features().await;
    let known: Vec<_> = understood()
        .into_iter()
        .map(|(keyword, text)| {
            (
                keyword,
                regex::Regex::new(&text).expect("it came from a regex"),
            )
        })
        .collect();
    let mut unused: BTreeSet<_> = known
        .iter()
        .map(|(keyword, regex)| (*keyword, regex.as_str()))
        .collect();
    let mut unclear = BTreeSet::new();
    for step in scenarios(&features)
        .into_iter()
        .flat_map(|(_, steps)| steps)
    {
        let matching = known
            .iter()
            .filter(|(word, regex)| *word == keyword(step) && regex.is_match(&step.value));
        let matching: Vec<_> = matching
            .map(|(keyword, regex)| (*keyword, regex.as_str()))
            .collect();
        if matching.len() != 1 {
            unclear.insert((keyword(step), step.value.as_str()));
        }
        matching.iter().for_each(|used| {
            unused.remove(used);
        });
    }
    assert_eq!(
        (unclear, unused),
        (BTreeSet::new(), BTreeSet::new()),
        "unclear sentences, unused steps"
    );
}

#[tokio::test]
async fn a_scenario_has_one_when_and_few_steps() {
    let features = all_features().await;
    for (name, steps) in scenarios(&features) {
        let n_when = steps
            .iter()
            .filter(|step| step.ty == StepType::When)
            .count();
        assert!(
            n_when == 1 && steps.len() <= N_STEPS_MAX,
            "{name}: {n_when} When, {} steps",
            steps.len()
        );
    }
}
