//! What goes wrong between a part of the cluster and the API server.

use anyhow::{Result, bail};
use arc_simulator::faults::{Disturbance, Fault, Moment, Nth, Refusal, Rule, Verbs};
use cucumber::given;
use jiff::SignedDuration;

use crate::world::World;

/// What happens at one write of a part, counted from 1; of several such steps the last counts.
#[given(regex = r"^at write (\d+) of the (operator|argo|kubelet) (.*)$")]
fn happens_at_write(world: &mut World, n: usize, actor: String, what: String) -> Result<()> {
    let rule = Rule::new(&actor, Verbs::Writes, fault(&what)?).nth(Nth::Only(n));
    world.disturb(vec![rule])
}

fn fault(what: &str) -> Result<Fault> {
    let (what, seconds) = match what.rsplit_once(" for ") {
        Some((what, time)) => (what, seconds(time)?),
        None => (what, SignedDuration::ZERO),
    };
    Ok(match what {
        "it dies before" => Fault::Crash(Moment::Before),
        "it dies after" => Fault::Crash(Moment::After),
        "the connection breaks before" => Fault::Refuse,
        "the connection breaks after" => Fault::LoseAnswer,
        "it is told to try again later" => Fault::Answer(Refusal::TooManyRequests),
        "it is told that it may not" => Fault::Answer(Refusal::Forbidden),
        "its watches end" => Fault::Disturb(Disturbance::DropWatches),
        "its watches expire" => Fault::Disturb(Disturbance::ExpireWatches),
        "history is forgotten" => Fault::Disturb(Disturbance::Compact),
        "it sees nothing new" => Fault::Disturb(Disturbance::Lag(seconds)),
        "the API server is away" => Fault::Disturb(Disturbance::Restart(seconds)),
        other => bail!("nobody knows what it is that {other:?}"),
    })
}

fn seconds(text: &str) -> Result<SignedDuration> {
    match text.strip_suffix(" s").map(str::parse) {
        Some(Ok(seconds)) => Ok(SignedDuration::from_secs(seconds)),
        _ => bail!("{text:?} is no number of seconds, as in \"20 s\""),
    }
}
