//! What an Order says, and what is done with it.

use anyhow::Result;
use cucumber::gherkin::Step;
use cucumber::{given, when};
use serde_json::{Value, json};

use crate::staging::Stage;
use crate::table;
use crate::world::World;

#[given("the Order is submitted")]
#[given("it is submitted")]
#[when("the Order is submitted")]
#[when("it is submitted")]
async fn is_submitted(world: &mut World) -> Result<()> {
    world.submit().await
}

#[when("the Order is deleted")]
async fn is_deleted(world: &mut World) -> Result<()> {
    let order = world.staging.order()?.to_owned();
    world.delete("Order", &order).await
}

#[given(regex = r"^the Order has become (\w+)$")]
async fn has_become(world: &mut World, phase: String) -> Result<()> {
    world
        .run_until(|snapshot| {
            snapshot
                .the_order()
                .is_ok_and(|order| order["status"]["phase"] == phase)
        })
        .await
}

/// An Order that was submitted stays; the scenario goes on with a copy.
#[given(expr = "the Order is called {string}")]
fn is_called(world: &mut World, name: String) -> Result<()> {
    let order = world.staging.order()?.to_owned();
    let manifest = world.staging.find("Order", &order)?;
    let mut object = manifest.object.clone();
    object["metadata"]["name"] = json!(name);
    match manifest.stage {
        Stage::Applied => world.staging.stage(object),
        Stage::Staged | Stage::HeldBack => manifest.object = object,
    }
    Ok(())
}

#[given("the Order is labelled:")]
async fn is_labelled(world: &mut World, step: &Step) -> Result<()> {
    let labels = table::texts(step)?;
    world
        .change_order(|order| order["metadata"]["labels"] = json!(labels))
        .await
}

#[given(regex = r"^the Order has no default (source|destination)$")]
async fn has_no_default(world: &mut World, side: String) -> Result<()> {
    let reference = if side == "source" { "srcRef" } else { "dstRef" };
    world
        .change_order(|order| order["spec"]["defaults"][reference] = Value::Null)
        .await
}

#[given(expr = "the Order is kept for {string}")]
async fn is_kept_for(world: &mut World, duration: String) -> Result<()> {
    world
        .change_order(|order| order["spec"]["ttl"] = json!(duration))
        .await
}

#[given(expr = "the Order is scheduled {string}")]
async fn is_scheduled(world: &mut World, schedule: String) -> Result<()> {
    world
        .change_order(|order| order["spec"]["defaults"]["cron"] = json!({"schedules": [schedule]}))
        .await
}

#[given(expr = "the Order has {int} artifacts")]
async fn has_artifacts(world: &mut World, n_artifacts: usize) -> Result<()> {
    let repeat = |order: &mut Value| {
        let artifact = order["spec"]["artifacts"][0].clone();
        order["spec"]["artifacts"] = Value::from(vec![artifact; n_artifacts]);
    };
    world.change_order(repeat).await
}

#[when(regex = r#"^the Order is forced at "?(\w+)"?$"#)]
async fn is_forced(world: &mut World, time: String) -> Result<()> {
    let force = |order: &mut Value| {
        order["metadata"]["annotations"]["arc.opendefense.cloud/force-at"] = json!(time)
    };
    world.change_order(force).await
}
