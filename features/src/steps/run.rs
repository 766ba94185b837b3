//! How the steps of a run end, and how they ended.

use std::sync::Arc;

use anyhow::{Result, ensure};
use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::snapshot::{Snapshot, uid};
use crate::world::World;

#[given(expr = "step {string} fails with exit code {int} and prints {string}")]
async fn fails_with(world: &mut World, name: String, code: u8, text: String) -> Result<()> {
    world
        .rehearse(|script| script.always(&name, &json!({"exitCode": code, "stdout": text})))
        .await
}

#[given(regex = r#"^step "(.*)" fails (\d+) times?$"#)]
async fn fails_times(world: &mut World, name: String, n_times: u32) -> Result<()> {
    world.rehearse(|script| script.fails(&name, n_times)).await
}

#[given(regex = r#"^step "(.*)" ends with (ImagePullBackOff|OOMKilled|Evicted|NodeLost)$"#)]
async fn ends_with(world: &mut World, name: String, error: String) -> Result<()> {
    world
        .rehearse(|script| script.always(&name, &json!({"error": error})))
        .await
}

#[given(expr = "step {string} succeeds from now on")]
async fn succeeds_from_now_on(world: &mut World, name: String) -> Result<()> {
    world.settle().await?;
    world.rehearse(|script| script.forget(&name)).await
}

#[given(expr = "the run has reached step {string}")]
#[when(expr = "the run has reached step {string}")]
async fn has_reached(world: &mut World, name: String) -> Result<()> {
    world
        .run_until(|snapshot| snapshot.has_reached(&name))
        .await
}

#[then(
    regex = r"^of artifact (\d+) these steps are (Succeeded|Skipped|Failed|Error|Pending): (.*)$"
)]
async fn steps_are(world: &mut World, number: usize, phase: String, steps: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        for step in steps.split(", ") {
            let nodes = snapshot.nodes(number, step)?;
            let found = nodes
                .iter()
                .find(|node| node["displayName"] == step)
                .map(|node| &node["phase"]);
            ensure!(
                found == Some(&Value::from(phase.as_str())),
                "step {step} is {found:?}"
            );
        }
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "of artifact {int} step {string} never ran")]
async fn never_ran(world: &mut World, number: usize, name: String) -> Result<()> {
    world
        .expect(|snapshot| attempts(snapshot, number, &name, 0))
        .await
}

#[then(regex = r#"^of artifact (\d+) step "(.*)" ran (\d+) times?$"#)]
async fn ran(world: &mut World, number: usize, name: String, n_times: usize) -> Result<()> {
    world
        .expect(|snapshot| attempts(snapshot, number, &name, n_times))
        .await
}

#[then(expr = "artifact {int} was not run again")]
async fn was_not_run_again(world: &mut World, number: usize) -> Result<()> {
    check_repetition(world, number, false).await
}

#[then(expr = "artifact {int} was run again")]
async fn was_run_again(world: &mut World, number: usize) -> Result<()> {
    check_repetition(world, number, true).await
}

#[then(regex = r"^the (source|destination) credentials of artifact (\d+) are an empty folder$")]
async fn credentials_are_empty(world: &mut World, side: String, number: usize) -> Result<()> {
    world
        .expect(|snapshot| credentials(snapshot, number, &side, &json!({"emptyDir": {}})))
        .await
}

#[then(regex = r#"^the (source|destination) credentials of artifact (\d+) are the Secret "(.*)"$"#)]
async fn credentials_are(
    world: &mut World,
    side: String,
    number: usize,
    secret: String,
) -> Result<()> {
    let wanted = json!({"secret": {"secretName": secret}});
    world
        .expect(|snapshot| credentials(snapshot, number, &side, &wanted))
        .await
}

fn attempts(snapshot: &Snapshot, number: usize, step: &str, expected: usize) -> Result<()> {
    let nodes = snapshot.nodes(number, step)?;
    let found = nodes.iter().filter(|node| node["type"] == "Pod").count();
    ensure!(found == expected, "step {step} ran {found} times");
    Ok(())
}

async fn check_repetition(world: &mut World, number: usize, expected: bool) -> Result<()> {
    let before = Arc::clone(&world.before);
    let check = |snapshot: &Snapshot| {
        let is_new = !before
            .workflow_uids()
            .contains(uid(snapshot.workflow(number)?));
        ensure!(
            is_new == expected,
            "the Workflow of artifact {number} is{} a new one",
            if is_new { "" } else { " not" }
        );
        Ok(())
    };
    world.expect(check).await
}

fn credentials(snapshot: &Snapshot, number: usize, side: &str, wanted: &Value) -> Result<()> {
    let mut wanted = wanted.clone();
    wanted["name"] = json!(if side == "source" {
        "src-secret-vol"
    } else {
        "dst-secret-vol"
    });
    let found = &snapshot.workflow(number)?["spec"]["volumes"];
    let is_there = found
        .as_array()
        .is_some_and(|volumes| volumes.contains(&wanted));
    ensure!(is_there, "the volumes are {found}");
    Ok(())
}
