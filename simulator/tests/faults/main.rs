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
use arc_simulator::faults::{
    Delays, Disturbance, Fault, Faults, Flaw, Meddling, Moment, Nth, Refusal, Rule, Swizzle, Verbs,
};
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

/// How long a client waits for an answer.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// How far a clock jumps.
const A_JUMP: SignedDuration = SignedDuration::from_hours(1);
const A_JUMP_BACK: SignedDuration = SignedDuration::from_hours(-1);

/// How fast watches stop one by one, in an order of its own.
const SWIZZLE: Swizzle = Swizzle {
    seed: 1,
    pace: SignedDuration::from_secs(5),
};

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

async fn ending_without_faults(seed: u64, course: Course) -> Ending {
    let mut world = World::start(seed, "reference").await;
    course.play(&mut world).await;
    world.ending()
}

async fn crash(actor: &str, course: Course, (point, moment): (usize, Moment)) -> Ending {
    let moment_index = usize::from(moment == Moment::After);
    let replay = format!(
        "ARC_POINT={point} ARC_CRASH_MOMENT={moment_index} cargo test -p arc-simulator --test faults {}",
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

/// How many writes `actor` makes, and at which of them a fault is to meet it: at each `stride`-th.
fn points(reference: &Ending, (actor, stride): (&str, usize)) -> impl Iterator<Item = usize> {
    let n_writes = reference.n_writes.get(actor).copied().unwrap_or_default();
    assert!(n_writes > 0, "{actor} writes nothing");
    let points = (1..=n_writes).step_by(stride);
    points.filter(|point| only("ARC_POINT").is_none_or(|one| one == *point))
}

/// `fault` at each write of `whose`, or each so many-th, of a run that is else as without faults.
async fn at_any_write(whose: (&'static str, usize), fault: Fault, check: fn(&Ending, &Ending)) {
    let reference = ending_without_faults(0, Course::Kept).await;
    for point in points(&reference, whose) {
        let replay = format!(
            "ARC_POINT={point} cargo test -p arc-simulator --test faults any_write ({whose:?}, {fault:?})"
        );
        let ending = once((whose.0, Course::Kept), (point, fault), &replay).await;
        check(&ending, &reference);
    }
}

/// A fault at each write of the operator, or each fourth of Argo: the end is the same as without.
#[rstest]
#[case::expired(Fault::Disturb(Disturbance::ExpireWatches))]
#[case::short_watches(Fault::Disturb(Disturbance::ShortWatches(A_WHILE)))]
#[case::late_events(Fault::Disturb(Disturbance::Watches(Flaw::Late(A_WHILE))))]
#[case::batched_events(Fault::Disturb(Disturbance::Watches(Flaw::Batched(A_WHILE))))]
#[case::torn_watches(Fault::Disturb(Disturbance::Watches(Flaw::Torn)))]
#[case::unmarked_watches(Fault::Disturb(Disturbance::Watches(Flaw::Unmarked)))]
#[case::silent_watches(Fault::Disturb(Disturbance::Watches(Flaw::Silent)))]
#[case::slow_consumer(Fault::Disturb(Disturbance::Watches(Flaw::Stalled(1))))]
#[case::lag(Fault::Disturb(Disturbance::Lag(A_WHILE)))]
#[case::compaction(Fault::Disturb(Disturbance::Compact))]
#[case::restart(Fault::Disturb(Disturbance::Restart(A_WHILE)))]
#[case::server_ahead(Fault::Disturb(Disturbance::Skew(A_JUMP)))]
#[case::server_behind(Fault::Disturb(Disturbance::Skew(A_JUMP_BACK)))]
#[case::client_ahead(Fault::Disturb(Disturbance::ClientSkew(A_JUMP)))]
#[case::client_behind(Fault::Disturb(Disturbance::ClientSkew(A_JUMP_BACK)))]
#[case::touched(Fault::Disturb(Disturbance::Meddle(Meddling::Touch)))]
#[case::hanging_without_effect(Fault::Hang(Moment::Before, PATIENCE))]
#[case::hanging_with_effect(Fault::Hang(Moment::After, PATIENCE))]
#[tokio::test]
async fn a_fault_at_any_write_changes_nothing(
    #[values(("operator", 1), ("argo", 4))] whose: (&'static str, usize),
    #[case] fault: Fault,
) {
    at_any_write(whose, fault, Ending::assert_same).await;
}

/// At some writes of the operator: the end is the same as without.
#[rstest]
#[case::swizzled_watches(Fault::Disturb(Disturbance::Swizzle(SWIZZLE)))]
#[case::overloaded(Fault::Answer(Refusal::Overloaded))]
#[case::webhook_timed_out(Fault::Answer(Refusal::WebhookTimedOut))]
#[case::unavailable_without_a_word(Fault::Answer(Refusal::UnavailableBare))]
#[case::unserved(Fault::Disturb(Disturbance::Unserve(A_WHILE)))]
#[case::flooded(Fault::Disturb(Disturbance::Meddle(Meddling::Flood(50))))]
#[case::owned(Fault::Disturb(Disturbance::Meddle(Meddling::Own)))]
#[tokio::test]
async fn a_fault_at_some_writes_changes_nothing(
    #[values(2, 5, 9)] point: usize,
    #[case] fault: Fault,
) {
    let reference = ending_without_faults(0, Course::Kept).await;
    let replay = "cargo test -p arc-simulator --test faults some_writes";
    let ending = once(("operator", Course::Kept), (point, fault), replay).await;
    ending.assert_same(&reference);
}

/// Somebody takes an object away, before each write of the operator: what is asked for is there again in the end, and if
/// nothing is asked for any more, nothing is left.
#[rstest]
#[case::deleted(Meddling::Delete)]
#[case::replaced(Meddling::Recreate)]
#[tokio::test]
async fn what_somebody_takes_away_comes_back_at_any_write(#[case] meddling: Meddling) {
    let fault = Fault::Disturb(Disturbance::Meddle(meddling));
    at_any_write(("operator", 1), fault, Ending::assert_as_asked_for).await;
}

const RUNS: &str = "object.kind == 'Workflow' && object.status.phase == 'Running'";
const ENDED: &str = "object.kind == 'Workflow' && object.status.phase == 'Succeeded'";
const DONE: &str = "object.kind == 'Order' && object.status.phase == 'Succeeded' && oldObject.status.phase != 'Succeeded'";

/// The operator is struck when an object changes, whoever changes it: the end is the same.
#[rstest]
#[tokio::test]
async fn a_fault_at_a_change_of_an_object_changes_nothing(
    #[values(RUNS, ENDED, DONE)] condition: &str,
    #[values(
        Fault::Crash(Moment::Before),
        Fault::Crash(Moment::After),
        Fault::Disturb(Disturbance::ExpireWatches),
        Fault::Disturb(Disturbance::Lag(A_WHILE))
    )]
    fault: Fault,
) {
    let reference = ending_without_faults(0, Course::Kept).await;
    let mut world = World::start(0, "cargo test -p arc-simulator --test faults change").await;
    let rule = Rule::of_anybody(Verbs::Writes, fault).strikes("operator");
    let rule = rule.when(condition).unwrap().nth(Nth::Only(1));
    world.fail(Faults::from_rules(vec![rule]));
    Course::Kept.play(&mut world).await;
    assert_eq!(world.end_faults(), 1);
    world.ending().assert_same(&reference);
}

/// The controllers of the cluster see late, so that the operator is now faster than they, now slower.
#[rstest]
#[tokio::test]
async fn late_controllers_change_nothing(#[values(1, 2, 3, 4)] seed: u64) {
    let reference = ending_without_faults(seed, Course::Deleted).await;
    let mut world = World::start(seed, "cargo test -p arc-simulator --test faults late").await;
    let mut faults = Faults::default();
    faults.delay(Delays {
        seed,
        one_in: 4,
        seconds_max: 300,
        victims: vec!["garbage-collector".to_owned(), "namespaces".to_owned()],
    });
    world.fail(faults);
    Course::Deleted.play(&mut world).await;
    assert!(world.end_faults() > 0);
    world.ending().assert_same(&reference);
}

/// The order of turns, which the seed draws, decides who of the two is faster.
#[rstest]
#[case::kept(Course::Kept)]
#[case::deleted(Course::Deleted)]
#[tokio::test]
async fn two_operators_do_the_work_once(
    #[values(1, 2, 3, 4, 5, 6, 7, 8)] seed: u64,
    #[case] course: Course,
) {
    let reference = ending_without_faults(seed, course).await;
    let mut world = World::start(seed, "cargo test -p arc-simulator --test faults two").await;
    world.double_operator().await;
    course.play(&mut world).await;
    world.ending().assert_same(&reference);
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
    let reference = ending_without_faults(0, course).await;
    assert_eq!(reference.order.as_deref(), course.phase());
    let mut n_points = 0;
    for point in points(&reference, (actor, stride)) {
        for (index, moment) in [Moment::Before, Moment::After].into_iter().enumerate() {
            if only("ARC_CRASH_MOMENT").is_none_or(|one| one == index) {
                n_points += 1;
                let ending = crash(actor, course, (point, moment)).await;
                ending.assert_same(&reference);
            }
        }
    }
    println!("{actor}: {n_points} crash points, at every {stride}. write, before and after");
}

/// A run with random faults that has recovered; returns the digest of its log.
async fn random(seed: u64) -> String {
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
    world.log_digest()
}

#[tokio::test]
async fn after_random_faults_everything_recovers_and_then_stays_quiet() {
    let seeds = (0..20).filter(|seed| only("ARC_FAULT_SEED").is_none_or(|one| one as u64 == *seed));
    for seed in seeds {
        random(seed).await;
    }
}

/// Somebody writes to whatever the parts write to, as seeds say: what comes of it may be anything that is allowed, but it comes
/// to an end, and everything is quiet.
#[rstest]
#[tokio::test]
async fn after_a_monkey_everything_comes_to_rest(#[values(0, 1, 2, 3, 4, 5, 6, 7)] seed: u64) {
    let replay = "cargo test -p arc-simulator --test faults monkey";
    let mut world = World::start(seed, replay).await;
    world.fail(Faults::from_monkey(
        seed,
        ONE_IN,
        &["operator", "argo", "kubelet"],
    ));
    world.play(FAULTY).await;
    assert!(world.end_faults() > 0, "seed {seed}");
    world.play(RECOVERED).await;
    let ending = world.ending();
    world.play(RECOVERED + STILL).await;
    world.assert_no_writes_since(&ending);
}

#[rstest]
#[tokio::test]
async fn a_seed_gives_one_log_with_its_faults_too(#[values(1, 2, 3)] seed: u64) {
    assert_eq!(random(seed).await, random(seed).await);
}
