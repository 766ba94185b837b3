//! What an Endpoint says.

use anyhow::Result;
use cucumber::{given, when};
use serde_json::{Value, json};

use crate::world::World;

async fn change(world: &mut World, name: &str, field: &str, value: Value) -> Result<()> {
    world
        .change("Endpoint", name, |endpoint| endpoint["spec"][field] = value)
        .await
}

async fn forget(world: &mut World, name: &str, field: &str) -> Result<()> {
    let remove = |endpoint: &mut Value| {
        endpoint["spec"]
            .as_object_mut()
            .map(|spec| spec.remove(field));
    };
    world.change("Endpoint", name, remove).await
}

#[given(expr = "the Endpoint {string} is of type {string}")]
async fn is_of_type(world: &mut World, name: String, kind: String) -> Result<()> {
    change(world, &name, "type", json!(kind)).await
}

#[given(expr = "the Endpoint {string} is at {string}")]
#[when(expr = "the Endpoint {string} is now at {string}")]
async fn is_at(world: &mut World, name: String, address: String) -> Result<()> {
    change(world, &name, "remoteURL", json!(address)).await
}

#[given(expr = "the Endpoint {string} is used as {string}")]
#[when(expr = "the Endpoint {string} is now used as {string}")]
async fn is_used_as(world: &mut World, name: String, usage: String) -> Result<()> {
    change(world, &name, "usage", json!(usage)).await
}

#[given(expr = "the Endpoint {string} says nothing about its usage")]
async fn says_nothing_about_usage(world: &mut World, name: String) -> Result<()> {
    forget(world, &name, "usage").await
}

#[given(expr = "the Endpoint {string} has the Secret {string}")]
async fn has_secret(world: &mut World, name: String, secret: String) -> Result<()> {
    change(world, &name, "secretRef", json!({"name": secret})).await
}

#[given(expr = "the Endpoint {string} has no Secret")]
async fn has_no_secret(world: &mut World, name: String) -> Result<()> {
    forget(world, &name, "secretRef").await
}
