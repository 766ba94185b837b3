//! The documented examples as they stand in `fixtures/`.

use anyhow::{Context, Result, ensure};
use cucumber::{given, then};
use serde_json::Value;

use crate::comparison::shortfall;
use crate::snapshot::Snapshot;
use crate::world::World;

#[given(expr = "the {word} example")]
fn the_example(world: &mut World, example: String) -> Result<()> {
    the_example_as_in(world, example, "default".to_owned())
}

#[given(expr = "the {word} example as in {string}")]
fn the_example_as_in(world: &mut World, example: String, book: String) -> Result<()> {
    world.staging.replace(arc_fixtures::manifests(&example)?);
    let book = arc_fixtures::outcomes(&example, &book)?;
    world.examples = vec![example];
    world.script.follow(&book)
}

/// Merges the artifacts of another example into the Order.
#[given(expr = "the {word} example beside it")]
async fn another_example(world: &mut World, example: String) -> Result<()> {
    let mut artifacts = Vec::new();
    for object in arc_fixtures::manifests(&example)? {
        let (kind, name) = (object["kind"].as_str(), object["metadata"]["name"].as_str());
        let (kind, name) = (kind.context("kind")?, name.context("name")?);
        if kind == "Order" {
            artifacts = with_references(&object["spec"]);
        } else if !world.staging.has(kind, name) {
            let order = world.staging.0.pop().context("an Order comes last")?;
            world.staging.stage(object);
            world.staging.0.push(order);
        }
    }
    world
        .script
        .follow_too(&arc_fixtures::outcomes(&example, "default")?)?;
    let append = |order: &mut Value| {
        if let Some(list) = order["spec"]["artifacts"].as_array_mut() {
            list.extend(artifacts);
        }
    };
    world.change_order(append).await
}

#[given(expr = "the run goes as in {string}")]
fn the_run_goes_as_in(world: &mut World, book: String) -> Result<()> {
    let example = world.examples.first().context("no example is loaded")?;
    let book = arc_fixtures::outcomes(example, &book)?;
    world.script.follow(&book)
}

#[then("everything is as the example expects")]
async fn as_expected(world: &mut World) -> Result<()> {
    let example = world.examples.first().context("no example is loaded")?;
    let expected = arc_fixtures::expected(example)?;
    let named = world.namespace()? == "default";
    let check = |snapshot: &Snapshot| {
        expected
            .iter()
            .try_for_each(|object| covers(snapshot, &expected, object, named))
    };
    world.expect(check).await
}

/// The artifacts of an Order, each with the references that the Order's defaults give it.
fn with_references(spec: &Value) -> Vec<Value> {
    let mut artifacts = spec["artifacts"].as_array().cloned().unwrap_or_default();
    for artifact in &mut artifacts {
        for reference in ["srcRef", "dstRef"] {
            if artifact[reference].is_null() {
                artifact[reference] = spec["defaults"][reference].clone();
            }
        }
    }
    artifacts
}

/// That the cluster holds `object`; names hold the namespace's hash and are compared only where that is `default`.
fn covers(snapshot: &Snapshot, all: &[Value], object: &Value, named: bool) -> Result<()> {
    let kind = object["kind"].as_str().context("kind")?;
    let mut siblings = all.iter().filter(|other| other["kind"] == kind);
    let number = 1 + siblings
        .position(|other| other == object)
        .context("it is one of all")?;
    let child = snapshot.child(number)?;
    let found = match kind {
        "Order" => snapshot.the_order()?,
        "ArtifactWorkflow" => child,
        _ => snapshot.named(kind, crate::snapshot::name(child))?,
    };
    let mut wanted = object.clone();
    if !named {
        wanted["metadata"] = serde_json::json!({"labels": object["metadata"]["labels"]});
        if kind == "Order" {
            wanted["status"]["artifactWorkflows"] = serde_json::json!({});
        }
    }
    let missing = shortfall(&wanted, found);
    ensure!(
        missing.is_none(),
        "{kind} of artifact {number}{}",
        missing.unwrap_or_default()
    );
    Ok(())
}
