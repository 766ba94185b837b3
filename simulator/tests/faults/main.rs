//! The documented OCI example while clients die, answers get lost and watches break.
//!
//! A failure prints the command that repeats it alone.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails where it is wrong"
)]

#[path = "../example/create.rs"]
mod create;
mod world;

use arc_simulator::assembly::ACTORS;
use arc_simulator::faults::{Disturbance, Fault, Faults, Moment, Nth, Rule, Verbs};
use jiff::SignedDuration;
use rstest::rstest;

use world::{Ending, World};

/// Long after the example has ended and everything has been tidied up.
const END: SignedDuration = SignedDuration::from_mins(30);
/// How long faults happen in a random run.
const FAULTY: SignedDuration = SignedDuration::from_mins(5);
/// By then a random run has recovered: the longest wait after a failure is five minutes.
const RECOVERED: SignedDuration = SignedDuration::from_mins(60);
/// How long it must then be still.
const STILL: SignedDuration = SignedDuration::from_hours(6);

/// How long a replica lags behind, or the server is away.
const A_WHILE: SignedDuration = SignedDuration::from_secs(20);

/// One of so many requests fails in a random run.
const ONE_IN: usize = 8;

/// A number that the command line of a failure sets, to repeat one run alone.
fn only(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What becomes of the Order after its run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    Kept,
    /// With all that it made, which is the collector's work.
    Deleted,
}

impl Course {
    async fn play(self, world: &mut World) {
        world.play(END).await;
        if self == Self::Deleted {
            world.delete_order().await;
            world.play(END * 2).await;
        }
    }

    fn phase(self) -> Option<&'static str> {
        match self {
            Self::Kept => Some("Succeeded"),
            Self::Deleted => None,
        }
    }
}

async fn ending_without_faults(course: Course) -> Ending {
    let mut world = World::start(0, "reference").await;
    course.play(&mut world).await;
    world.ending()
}

async fn crash(actor: &str, course: Course, (point, moment): (usize, Moment)) -> Ending {
    let moment_index = usize::from(moment == Moment::After);
    let replay = format!(
        "ARC_CRASH_POINT={point} ARC_CRASH_MOMENT={moment_index} cargo test -p arc-simulator --test faults {}",
        actor.replace('-', "_")
    );
    once((actor, course), (point, Fault::Crash(moment)), &replay).await
}

/// The end of a run in which `fault` meets the write number `point` of `actor`.
async fn once(
    (actor, course): (&str, Course),
    (point, fault): (usize, Fault),
    replay: &str,
) -> Ending {
    let mut world = World::start(0, replay).await;
    let rule = Rule::new(actor, Verbs::Writes, fault).nth(Nth::Only(point));
    world.fail(Faults::from_rules(vec![rule]));
    course.play(&mut world).await;
    let n_faults = world.end_faults();
    assert_eq!(n_faults, 1, "no such point: {replay}");
    world.ending()
}

/// A disturbance at each write of the operator, or each fourth of Argo: the end is the same as without.
#[rstest]
#[tokio::test]
async fn a_disturbance_at_any_write_changes_nothing(
    #[values(("operator", 1), ("argo", 4))] whose: (&str, usize),
    #[values(
        Disturbance::ExpireWatches,
        Disturbance::Lag(A_WHILE),
        Disturbance::Compact,
        Disturbance::Restart(A_WHILE)
    )]
    disturbance: Disturbance,
) {
    let (actor, stride) = whose;
    let reference = ending_without_faults(Course::Kept).await;
    let n_writes = reference.n_writes.get(actor).copied().unwrap_or_default();
    let fault = Fault::Disturb(disturbance);
    let points = (1..=n_writes).step_by(stride);
    for point in points.filter(|point| only("ARC_POINT").is_none_or(|one| one == *point)) {
        let replay = format!(
            "ARC_POINT={point} cargo test -p arc-simulator --test faults disturbance ({actor}, {disturbance:?})"
        );
        let ending = once((actor, Course::Kept), (point, fault), &replay).await;
        ending.assert_same(&reference);
    }
}

/// A crash at each write of `actor`, or each `stride`-th: the end is the same as without.
#[rstest]
#[case::operator("operator", 1, Course::Kept)]
#[case::argo("argo", 1, Course::Kept)]
#[case::kubelet("kubelet", 1, Course::Kept)]
#[case::garbage_collector("garbage-collector", 1, Course::Deleted)]
#[case::volume_binder("volume-binder", 1, Course::Kept)]
#[tokio::test]
async fn a_crash_at_any_write_changes_nothing(
    #[case] actor: &str,
    #[case] stride: usize,
    #[case] course: Course,
) {
    let reference = ending_without_faults(course).await;
    assert_eq!(reference.order.as_deref(), course.phase());
    let n_writes = reference.n_writes.get(actor).copied().unwrap_or_default();
    assert!(n_writes > 0, "{actor} writes nothing");
    let points = (1..=n_writes)
        .step_by(stride)
        .filter(|point| only("ARC_CRASH_POINT").is_none_or(|one| one == *point));
    let mut n_points = 0;
    for point in points {
        for (index, moment) in [Moment::Before, Moment::After].into_iter().enumerate() {
            if only("ARC_CRASH_MOMENT").is_none_or(|one| one == index) {
                n_points += 1;
                let ending = crash(actor, course, (point, moment)).await;
                ending.assert_same(&reference);
            }
        }
    }
    println!(
        "{actor}: {n_points} crash points, every {stride}. of {n_writes} writes, before and after"
    );
}

async fn random(seed: u64) {
    let replay = format!("ARC_FAULT_SEED={seed} cargo test -p arc-simulator --test faults random");
    let actors = ACTORS.map(|actor| actor.actor);
    let mut world = World::start(seed, &replay).await;
    world.fail(Faults::from_seed(seed, ONE_IN, &actors));
    world.play(FAULTY).await;
    let n_faults = world.end_faults();
    world.play(RECOVERED).await;
    let ending = world.ending();
    ending.assert_succeeded();
    world.play(RECOVERED + STILL).await;
    world.assert_no_writes_since(&ending);
    println!("seed {seed}: {n_faults} faults");
}

#[tokio::test]
async fn after_random_faults_everything_recovers_and_then_stays_quiet() {
    let seeds = (0..20).filter(|seed| only("ARC_FAULT_SEED").is_none_or(|one| one as u64 == *seed));
    for seed in seeds {
        random(seed).await;
    }
}
