//! What goes wrong between a part of the cluster and the API server.

use anyhow::{Result, bail};
use arc_simulator::faults::{
    Disturbance, Fault, Flaw, Meddling, Moment, Nth, Refusal, Rule, Verbs,
};
use cucumber::given;
use jiff::SignedDuration;

use crate::world::World;

/// What stands before how long something lasts, how late or wrong it is, or how often it happens.
const TIMES: [&str; 3] = [" for ", " by ", " every "];
/// How many events may wait for a part that takes up none.
const N_EVENTS_WAITING: usize = 1;

/// What happens at one write or list of a part, counted from 1.
#[given(regex = r"^at (write|list) (\d+) of the (operator|argo|kubelet) (.*)$")]
fn happens_at(
    world: &mut World,
    verb: String,
    n: usize,
    actor: String,
    what: String,
) -> Result<()> {
    let verbs = match verb.as_str() {
        "list" => Verbs::One("list"),
        _ => Verbs::Writes,
    };
    world.disturb(Rule::new(&actor, verbs, fault(&what)?).nth(Nth::Only(n)))
}

/// As if neither heeded their lease.
#[given(regex = r"^a second operator works beside the first$")]
async fn a_second_operator(world: &mut World) -> Result<()> {
    world.double_operator().await
}

fn fault(what: &str) -> Result<Fault> {
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
        "it is told to try again later" => Fault::Answer(Refusal::TooManyRequests),
        "it is told that it is ahead" => Fault::Answer(Refusal::TooLargeRevision),
        "it is told that it may not" => Fault::Answer(Refusal::Forbidden),
        other => Fault::Disturb(disturbance(other, time)?),
    })
}

fn disturbance(what: &str, time: SignedDuration) -> Result<Disturbance> {
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
        "somebody touches the object" => Disturbance::Meddle(Meddling::Touch),
        "somebody deletes the object" => Disturbance::Meddle(Meddling::Delete),
        "somebody replaces the object" => Disturbance::Meddle(Meddling::Recreate),
        other => bail!("nobody knows what it is that {other:?}"),
    })
}

fn seconds(text: &str) -> Result<SignedDuration> {
    match text.strip_suffix(" s").map(str::parse) {
        Some(Ok(seconds)) => Ok(SignedDuration::from_secs(seconds)),
        _ => bail!("{text:?} is no number of seconds, as in \"20 s\""),
    }
}
