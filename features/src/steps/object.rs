//! Whether the objects that an Order needs are there.

use anyhow::{Context, Result};
use cucumber::{given, then, when};
use jiff::SignedDuration;
use serde_json::json;

use crate::world::World;

/// The kind behind the word that scenarios use.
fn kind_of(word: &str) -> &str {
    match word {
        "type" => "ClusterArtifactType",
        "template" => "ClusterWorkflowTemplate",
        other => other,
    }
}

#[given(expr = "the {word} {string} is missing")]
fn is_missing(world: &mut World, kind: String, name: String) -> Result<()> {
    world.staging.hold_back(kind_of(&kind), &name)
}

#[when(expr = "the {word} {string} is created")]
async fn is_created(world: &mut World, kind: String, name: String) -> Result<()> {
    world.create_missing(kind_of(&kind), &name).await
}

#[when(expr = "the {word} {string} is deleted")]
async fn is_deleted(world: &mut World, kind: String, name: String) -> Result<()> {
    world.delete(kind_of(&kind), &name).await
}

#[when(expr = "the Secret {string} gets another password")]
async fn gets_another_password(world: &mut World, name: String) -> Result<()> {
    world
        .change("Secret", &name, |secret| {
            secret["data"]["password"] = json!("cm90YXRlZA==")
        })
        .await
}

#[given(expr = "{int} minutes pass")]
#[when(expr = "{int} minutes pass")]
async fn minutes_pass(world: &mut World, minutes: i64) -> Result<()> {
    world.pass(SignedDuration::from_mins(minutes)).await
}

#[then(regex = r"^there (?:is|are) (\d+) (ArtifactWorkflow|Workflow|CronWorkflow)s?$")]
async fn there_are(world: &mut World, expected: usize, kind: String) -> Result<()> {
    world
        .expect(|snapshot| snapshot.count(&kind, expected))
        .await
}

#[then(expr = "it is refused at {string}")]
fn is_refused(world: &mut World, place: String) -> Result<()> {
    let refusal = world.refused.as_ref().context("it was accepted")?;
    anyhow::ensure!(
        refusal.contains(&place),
        "the refusal does not name {place}: {refusal}"
    );
    Ok(())
}

#[then("it does not run")]
async fn does_not_run(world: &mut World) -> Result<()> {
    if world.refused.is_some() {
        return Ok(());
    }
    let check = |snapshot: &crate::snapshot::Snapshot| {
        snapshot.count("Workflow", 0)?;
        snapshot.count("CronWorkflow", 0)?;
        anyhow::ensure!(
            snapshot.condition("Accepted")?["status"] == "False",
            "the Order is accepted"
        );
        Ok(())
    };
    world.expect(check).await
}
