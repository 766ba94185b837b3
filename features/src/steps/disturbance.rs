//! What goes wrong between a part of the cluster and the API server.

use anyhow::{Result, bail};
use arc_simulator::faults::{
    Delays, Disturbance, Fault, Flaw, Meddling, Moment, Nth, Refusal, Rule, Swizzle, Verbs,
};
use cucumber::given;
use jiff::SignedDuration;

use crate::world::World;

/// What stands before how long something lasts, how late or wrong it is, or how often it happens.
const TIMES: [&str; 3] = [" for ", " by ", " every "];
/// How many events may wait for a part that takes up none.
const N_EVENTS_WAITING: usize = 1;
/// How many events a flood has.
const N_EVENTS: usize = 50;

/// What happens at one write or list of a part, counted from 1; maybe to another part.
#[given(
    regex = r"^at (write|list) (\d+) of the (operator|argo|kubelet|garbage-collector)((?:, as for the [a-z-]+,)? (?:it .*|its .*|somebody .*|nobody .*|the API server.*|history .*|discovery .*|new .*))$"
)]
fn happens_at(
    world: &mut World,
    verb: String,
    n: usize,
    actor: String,
    happens: String,
) -> Result<()> {
    let (whom, what) = aimed(&happens);
    let verbs = match verb.as_str() {
        "list" => Verbs::One("list"),
        _ => Verbs::Writes,
    };
    let rule = Rule::new(&actor, verbs, fault(what, n as u64)?).nth(Nth::Only(n));
    world.disturb(strikes(rule, whom))
}

/// What happens at the first write of a part that changes an object so: CEL over `object`, which is what the write makes
/// of it, and `oldObject`, which is what it was before.
#[given(
    regex = r#"^at the first write of the (operator|argo|kubelet|garbage-collector) with "([^"]*)"((?:, as for the [a-z-]+,)? .*)$"#
)]
fn happens_when(
    world: &mut World,
    actor: String,
    condition: String,
    happens: String,
) -> Result<()> {
    let (whom, what) = aimed(&happens);
    let rule = Rule::new(&actor, Verbs::Writes, fault(what, 1)?);
    let rule = rule.when(&condition)?.nth(Nth::Only(1));
    world.disturb(strikes(rule, whom))
}

/// At some writes, whosever they are.
#[given(
    regex = r"^the ([a-z-]+) sees up to (\d+) s late at one write in (\d+), as seed (\d+) says$"
)]
fn sees_late(
    world: &mut World,
    victim: String,
    seconds_max: usize,
    one_in: usize,
    seed: u64,
) -> Result<()> {
    world.delay(Delays {
        seed,
        one_in,
        seconds_max,
        victims: vec![victim],
    })
}

/// Whom something strikes besides the one that asks, and what happens.
fn aimed(happens: &str) -> (Option<&str>, &str) {
    let aimed = happens.strip_prefix(", as for the ");
    match aimed.and_then(|aimed| aimed.split_once(", ")) {
        Some((victim, what)) => (Some(victim), what),
        None => (None, happens.trim_start()),
    }
}

fn strikes(rule: Rule, whom: Option<&str>) -> Rule {
    match whom {
        Some(victim) => rule.strikes(victim),
        None => rule,
    }
}

/// As if neither heeded their lease.
#[given(regex = r"^a second operator works beside the first$")]
async fn a_second_operator(world: &mut World) -> Result<()> {
    world.double_operator().await
}

/// The fault that a sentence means; what chance decides about it, `seed` does.
fn fault(what: &str, seed: u64) -> Result<Fault> {
    let (what, time) = match TIMES.iter().find_map(|word| what.rsplit_once(word)) {
        Some((what, time)) => (what, seconds(time)?),
        None => (what, SignedDuration::ZERO),
    };
    Ok(match what {
        "it dies before" => Fault::Crash(Moment::Before),
        "it dies after" => Fault::Crash(Moment::After),
        "the connection breaks before" => Fault::Refuse,
        "the connection breaks after" => Fault::LoseAnswer,
        "nobody hears it" => Fault::Hang(Moment::Before, time),
        "nobody answers it" => Fault::Hang(Moment::After, time),
        other => match other.strip_prefix("it is told ") {
            Some(told) => Fault::Answer(refusal(told)?),
            None => Fault::Disturb(disturbance(other, time, seed)?),
        },
    })
}

fn refusal(told: &str) -> Result<Refusal> {
    Ok(match told {
        "to try again later" => Refusal::TooManyRequests,
        "in plain text to try again later" => Refusal::Overloaded,
        "that storage is initializing" => Refusal::Initializing,
        "that it is ahead" => Refusal::TooLargeRevision,
        "that it may not" => Refusal::Forbidden,
        "that the quota is used up" => Refusal::QuotaExceeded,
        "that a policy is against it" => Refusal::Denied,
        "that somebody was faster" => Refusal::Conflict,
        "that the leader has changed" => Refusal::LeaderChanged,
        "that etcd had no time" => Refusal::EtcdTimedOut,
        "that a webhook had no time" => Refusal::WebhookTimedOut,
        "that nobody is there" => Refusal::Unavailable,
        "in plain text that nobody is there" => Refusal::UnavailableText,
        "without a word that nobody is there" => Refusal::UnavailableBare,
        other => bail!("nobody knows what it is that it is told {other:?}"),
    })
}

fn disturbance(what: &str, time: SignedDuration, seed: u64) -> Result<Disturbance> {
    if let Some(does) = what.strip_prefix("somebody ") {
        return Ok(Disturbance::Meddle(meddling(does, seed)?));
    }
    Ok(match what {
        "its watches end" => Disturbance::DropWatches,
        "its watches expire" => Disturbance::ExpireWatches,
        "its watches end at once" => Disturbance::ShortWatches(time),
        "its watches break off in a line" => Disturbance::Watches(Flaw::Torn),
        "its watches no longer say how far they are" => Disturbance::Watches(Flaw::Unmarked),
        "its watches fall silent" => Disturbance::Watches(Flaw::Silent),
        "its watches overtake it" => Disturbance::Watches(Flaw::Stalled(N_EVENTS_WAITING)),
        "its watches are late" => Disturbance::Watches(Flaw::Late(time)),
        "its watches speak" => Disturbance::Watches(Flaw::Batched(time)),
        "it is asked to connect anew" => Disturbance::GoAway,
        "history is forgotten" => Disturbance::Compact,
        "it sees nothing new" => Disturbance::Lag(time),
        "the API server is away" => Disturbance::Restart(time),
        "the API server's clock goes forward" => Disturbance::Skew(time),
        "the API server's clock goes back" => Disturbance::Skew(-time),
        "its clock goes forward" => Disturbance::ClientSkew(time),
        "its clock goes back" => Disturbance::ClientSkew(-time),
        "its watches stop and go on, one" => Disturbance::Swizzle(Swizzle { seed, pace: time }),
        "its pages hold one object" => Disturbance::Pages(1),
        "its kind is gone" => Disturbance::Unserve(time),
        "discovery shows nothing new" => Disturbance::FreezeDiscovery(time),
        "new definitions wait" => Disturbance::HoldDefinitions(time),
        other => bail!("nobody knows what it is that {other:?}"),
    })
}

fn meddling(does: &str, seed: u64) -> Result<Meddling> {
    Ok(match does {
        "touches the object" => Meddling::Touch,
        "floods the object" => Meddling::Flood(N_EVENTS),
        "edits the object" => Meddling::Edit(seed),
        "strips the object of its labels" => Meddling::StripLabels,
        "owns the object too" => Meddling::Own,
        "holds the object" => Meddling::Hold,
        "releases the object" => Meddling::Release,
        "deletes the object" => Meddling::Delete,
        "replaces the object" => Meddling::Recreate,
        "deletes what the object owns" => Meddling::DeleteDependent(seed),
        "evicts a pod" => Meddling::EvictPod(seed),
        "fails a pod" => Meddling::FailPod(seed),
        "deletes the namespace" => Meddling::DeleteNamespace,
        other => bail!("nobody knows what it is that somebody {other:?}"),
    })
}

fn seconds(text: &str) -> Result<SignedDuration> {
    match text.strip_suffix(" s").map(str::parse) {
        Some(Ok(seconds)) => Ok(SignedDuration::from_secs(seconds)),
        _ => bail!("{text:?} is no number of seconds, as in \"20 s\""),
    }
}
