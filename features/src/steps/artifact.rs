//! What an Order says about one artifact; artifacts are counted from 1.

use anyhow::Result;
use cucumber::gherkin::Step;
use cucumber::{given, when};
use serde_json::{Value, json};

use crate::table;
use crate::world::World;

async fn change(world: &mut World, number: usize, edit: impl FnOnce(&mut Value)) -> Result<()> {
    world
        .change_order(|order| edit(&mut order["spec"]["artifacts"][number - 1]))
        .await
}

fn ask(artifact: &mut Value, wishes: Vec<(String, String)>) {
    for (path, cell) in wishes {
        table::put(&mut artifact["spec"], &path, table::value(&cell));
    }
}

#[given(expr = "artifact {int} asks for:")]
#[when(expr = "artifact {int} now asks for:")]
async fn asks_for(world: &mut World, number: usize, step: &Step) -> Result<()> {
    let wishes = table::pairs(step)?;
    change(world, number, |artifact| ask(artifact, wishes)).await
}

#[given(expr = "artifact {int} does not ask for {string}")]
async fn does_not_ask_for(world: &mut World, number: usize, wish: String) -> Result<()> {
    change(world, number, |artifact| {
        artifact["spec"]
            .as_object_mut()
            .map(|spec| spec.remove(&wish));
    })
    .await
}

/// The new artifact asks for what the first one does, but for the table.
#[given("an artifact is added that asks for:")]
#[when("an artifact is added that asks for:")]
async fn is_added(world: &mut World, step: &Step) -> Result<()> {
    let wishes = table::pairs(step)?;
    let add = |order: &mut Value| {
        if let Some(artifacts) = order["spec"]["artifacts"].as_array_mut() {
            let mut artifact = artifacts[0].clone();
            ask(&mut artifact, wishes);
            artifacts.push(artifact);
        }
    };
    world.change_order(add).await
}

#[given(expr = "artifact {int} is left out")]
#[when(expr = "artifact {int} is left out")]
async fn is_left_out(world: &mut World, number: usize) -> Result<()> {
    let remove = |order: &mut Value| {
        order["spec"]["artifacts"]
            .as_array_mut()
            .map(|artifacts| artifacts.remove(number - 1));
    };
    world.change_order(remove).await
}

#[when("the artifacts are listed in reverse")]
async fn are_reversed(world: &mut World) -> Result<()> {
    let reverse = |order: &mut Value| {
        if let Some(artifacts) = order["spec"]["artifacts"].as_array_mut() {
            artifacts.reverse();
        }
    };
    world.change_order(reverse).await
}

#[given(expr = "artifact {int} is of type {string}")]
async fn is_of_type(world: &mut World, number: usize, kind: String) -> Result<()> {
    change(world, number, |artifact| artifact["type"] = json!(kind)).await
}

#[given(expr = "artifact {int} comes from the Endpoint {string}")]
async fn comes_from(world: &mut World, number: usize, endpoint: String) -> Result<()> {
    change(world, number, |artifact| {
        artifact["srcRef"] = json!({"name": endpoint})
    })
    .await
}

#[given(expr = "artifact {int} is scheduled {string}")]
async fn is_scheduled(world: &mut World, number: usize, schedule: String) -> Result<()> {
    change(world, number, |artifact| {
        artifact["cron"] = json!({"schedules": [schedule]})
    })
    .await
}

#[given(regex = r#"^artifact (\d+) is scheduled with (suspend|disabled) "true"$"#)]
async fn is_scheduled_with(world: &mut World, number: usize, field: String) -> Result<()> {
    change(world, number, |artifact| {
        artifact["cron"][&field] = json!(true)
    })
    .await
}
