//! What an Order tells about itself and its artifacts.

use anyhow::{Result, ensure};
use cucumber::then;

use crate::snapshot::Snapshot;
use crate::world::World;

fn text<'a>(value: &'a serde_json::Value, what: &str) -> &'a str {
    value[what].as_str().unwrap_or_default()
}

#[then(regex = r"^the Order is (Pending|Running|Succeeded|Failed|Stopped)$")]
async fn is_in_phase(world: &mut World, phase: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(&snapshot.the_order()?["status"], "phase");
        ensure!(found == phase, "the Order is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r"^the Order is not (Succeeded)$")]
async fn is_not_in_phase(world: &mut World, phase: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(&snapshot.the_order()?["status"], "phase");
        ensure!(found != phase, "the Order is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "the Order's progress is {string}")]
async fn progress_is(world: &mut World, progress: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(&snapshot.the_order()?["status"], "progress");
        ensure!(found == progress, "the progress is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "the Order's message says {string}")]
async fn message_says(world: &mut World, part: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(&snapshot.the_order()?["status"], "message");
        ensure!(found.contains(&part), "the message is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then("the Order's message is empty")]
async fn message_is_empty(world: &mut World) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(&snapshot.the_order()?["status"], "message");
        ensure!(found.is_empty(), "the message is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r"^the Order is (not |)(accepted|complete)$")]
async fn has_condition(world: &mut World, not: String, condition: String) -> Result<()> {
    let kind = if condition == "accepted" {
        "Accepted"
    } else {
        "Complete"
    };
    let wanted = if not.is_empty() { "True" } else { "False" };
    let check = |snapshot: &Snapshot| {
        let found = text(snapshot.condition(kind)?, "status");
        ensure!(found == wanted, "{kind} is {found}");
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r"^the Order is not accepted because of (\w+)$")]
async fn is_not_accepted(world: &mut World, reason: String) -> Result<()> {
    world
        .expect(|snapshot| not_accepted(snapshot, &reason))
        .await
}

#[then(regex = r"^artifact (\d+) is blocked because of (\w+)$")]
async fn is_blocked(world: &mut World, number: usize, reason: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        ensure!(
            snapshot.entry(number).is_err(),
            "artifact {number} was started"
        );
        not_accepted(snapshot, &reason)
    };
    world.expect(check).await
}

#[then(regex = r"^artifact (\d+) is (Pending|Running|Succeeded|Failed|Error)$")]
async fn artifact_is(world: &mut World, number: usize, phase: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = text(snapshot.entry(number)?.1, "phase");
        ensure!(found == phase, "artifact {number} is {found:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "the message of artifact {int} says {string}")]
async fn artifact_message_says(world: &mut World, number: usize, part: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let (entry, child) = (snapshot.entry(number)?.1, snapshot.child(number)?);
        for found in [text(entry, "message"), text(&child["status"], "message")] {
            ensure!(found.contains(&part), "the message is {found:?}");
        }
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r"^artifact (\d+) has (succeeded|failed) (\d+) times?$")]
async fn artifact_has(world: &mut World, number: usize, ending: String, count: u64) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = &snapshot.entry(number)?.1[&ending];
        ensure!(
            found.as_u64() == Some(count),
            "artifact {number} has {ending} {found} times"
        );
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r"^a warning (\w+) is recorded for the Order$")]
async fn is_warned_of(world: &mut World, reason: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let mut events = snapshot.of("Event").iter();
        let found = events.any(|event| {
            event["type"] == "Warning"
                && event["reason"] == reason
                && event["regarding"]["kind"] == "Order"
                && event["regarding"]["name"] == snapshot.order
        });
        ensure!(found, "there is no such event");
        Ok(())
    };
    world.expect(check).await
}

#[then("nothing of the Order is left")]
async fn nothing_is_left(world: &mut World) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let kinds = [
            "Order",
            "ArtifactWorkflow",
            "CronWorkflow",
            "Workflow",
            "Pod",
            "PersistentVolumeClaim",
        ];
        kinds.iter().try_for_each(|kind| snapshot.count(kind, 0))
    };
    world.expect(check).await
}

fn not_accepted(snapshot: &Snapshot, reason: &str) -> Result<()> {
    let condition = snapshot.condition("Accepted")?;
    ensure!(condition["status"] == "False", "the Order is accepted");
    ensure!(
        condition["reason"] == reason,
        "the reason is {}",
        condition["reason"]
    );
    Ok(())
}
