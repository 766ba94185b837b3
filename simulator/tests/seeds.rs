//! Every example gives one event log per seed, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use arc_simulator::outcomes::Book;
use arc_simulator::simulation::{Config, Simulation};
use jiff::SignedDuration;
use rstest::rstest;

#[path = "example/create.rs"]
mod create;

use create::create;

/// Applies an example and lets `duration` pass; returns the digest of the log and the log.
async fn log(example: &str, seed: u64, duration: SignedDuration) -> (String, Vec<String>) {
    let book = arc_fixtures::outcomes(example, "default").unwrap();
    let config = Config {
        seed,
        outcomes: Book::parse("default.yaml", &book).unwrap(),
        ..Config::default()
    };
    let mut simulation = Simulation::start(config).await.unwrap();
    simulation.server().keep_log_lines();
    for manifest in arc_fixtures::manifests(example).unwrap() {
        create(&simulation, manifest).await;
    }
    simulation.advance(duration).await.unwrap();
    let server = simulation.server();
    (server.log_digest(), server.log_lines())
}

/// The first line in which two logs differ, for people.
fn difference(one: &[String], other: &[String]) -> String {
    let differs = one.iter().zip(other).position(|(one, other)| one != other);
    let at = differs.unwrap_or(one.len().min(other.len()));
    let (one, other) = (one.get(at), other.get(at));
    format!("line {at}:\n{one:?}\n{other:?}")
}

#[rstest]
#[case::blob("blob", 10)]
#[case::helm("helm", 10)]
#[case::oci("oci", 10)]
#[case::two_runs_of_a_schedule("oci-cron", 25)]
#[case::ocm("ocm", 10)]
#[tokio::test]
async fn a_seed_gives_one_log_and_another_seed_another(
    #[case] example: &str,
    #[case] minutes: i64,
) {
    let duration = SignedDuration::from_mins(minutes);
    let (digest, lines) = log(example, 7, duration).await;
    let (again, lines_again) = log(example, 7, duration).await;
    assert_eq!(digest, again, "{}", difference(&lines, &lines_again));
    assert!(
        lines.iter().any(|line| line.contains("/workflows ")),
        "nothing ran"
    );
    let (other, _) = log(example, 8, duration).await;
    assert_ne!(digest, other);
}

#[test]
fn every_example_is_looked_at() {
    assert_eq!(
        arc_fixtures::NAMES,
        ["blob", "helm", "oci", "oci-cron", "ocm"]
    );
}
