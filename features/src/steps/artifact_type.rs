//! What a type says: the cluster's, and the namespace's own.

use anyhow::{Context, Result};
use cucumber::{given, when};
use serde_json::{Value, json};

use crate::world::World;

const CLUSTER: &str = "ClusterArtifactType";
const NAMESPACE: &str = "ArtifactType";

/// The kind behind `the type` and `the namespace's type`.
fn kind_of(whose: &str) -> &'static str {
    if whose.is_empty() { CLUSTER } else { NAMESPACE }
}

fn set(artifact_type: &mut Value, name: &str, value: &str) {
    if let Some(parameters) = artifact_type["spec"]["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != name);
        parameters.push(json!({"name": name, "value": value}));
    }
}

#[given(regex = r#"^the (namespace's |)type "(.*)" sets the parameter "(.*)" to "(.*)"$"#)]
#[when(regex = r#"^the (namespace's |)type "(.*)" now sets the parameter "(.*)" to "(.*)"$"#)]
async fn sets(
    world: &mut World,
    whose: String,
    name: String,
    parameter: String,
    value: String,
) -> Result<()> {
    world
        .change(kind_of(&whose), &name, |found| {
            set(found, &parameter, &value)
        })
        .await
}

#[given(expr = "the type {string} sets no parameters")]
async fn sets_nothing(world: &mut World, name: String) -> Result<()> {
    world
        .change(CLUSTER, &name, |found| {
            found["spec"]["parameters"] = json!([])
        })
        .await
}

#[given(expr = "the type {string} has the parameter {string} twice")]
async fn sets_twice(world: &mut World, name: String, parameter: String) -> Result<()> {
    let twice = json!([{"name": parameter, "value": "a"}, {"name": parameter, "value": "b"}]);
    world
        .change(CLUSTER, &name, |found| found["spec"]["parameters"] = twice)
        .await
}

#[given(expr = "the type {string} has no rules")]
async fn has_no_rules(world: &mut World, name: String) -> Result<()> {
    world
        .change(CLUSTER, &name, |found| found["spec"]["rules"] = json!({}))
        .await
}

#[given(expr = "the type {string} names no template")]
async fn names_no_template(world: &mut World, name: String) -> Result<()> {
    world
        .change(CLUSTER, &name, |found| {
            found["spec"]["workflowTemplateRef"] = json!({})
        })
        .await
}

#[given(expr = "the type {string} says nothing about finished runs")]
async fn says_nothing_about_finished_runs(world: &mut World, name: String) -> Result<()> {
    let forget = |found: &mut Value| {
        found["spec"]
            .as_object_mut()
            .map(|spec| spec.remove("ttlAfterFinished"));
    };
    world.change(CLUSTER, &name, forget).await
}

#[given(regex = r#"^the type "(.*)" keeps (finished|failed) runs for "(.*)"$"#)]
async fn keeps_runs(
    world: &mut World,
    name: String,
    which: String,
    duration: String,
) -> Result<()> {
    let field = if which == "finished" {
        "ttlAfterFinished"
    } else {
        "ttlAfterFailed"
    };
    world
        .change(CLUSTER, &name, |found| {
            found["spec"][field] = json!(duration)
        })
        .await
}

/// A copy of the cluster's type, under the same name.
#[given(expr = "the namespace has its own type {string}")]
fn has_its_own(world: &mut World, name: String) -> Result<()> {
    let mut object = world.staging.find(CLUSTER, &name)?.object.clone();
    object["kind"] = json!(NAMESPACE);
    object["spec"]["workflowTemplateRef"]["clusterScope"] = json!(true);
    insert_before_order(world, object)
}

#[given(expr = "the namespace's type {string} uses the namespace's template {string}")]
async fn uses_template(world: &mut World, name: String, template: String) -> Result<()> {
    let mut object = world
        .staging
        .find("ClusterWorkflowTemplate", &template)?
        .object
        .clone();
    object["kind"] = json!("WorkflowTemplate");
    insert_before_order(world, object)?;
    world
        .staging
        .hold_back("ClusterWorkflowTemplate", &template)?;
    let refer =
        |found: &mut Value| found["spec"]["workflowTemplateRef"] = json!({"name": template});
    world.change(NAMESPACE, &name, refer).await
}

fn insert_before_order(world: &mut World, object: Value) -> Result<()> {
    let order = world.staging.0.pop().context("an Order comes last")?;
    world.staging.stage(object);
    world.staging.0.push(order);
    Ok(())
}
