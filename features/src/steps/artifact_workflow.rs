//! What ARC makes of an artifact, and ArtifactWorkflows written by hand.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::snapshot::{Snapshot, name};
use crate::table;
use crate::world::World;

/// A list of `{name, value}` as a map.
fn parameters(list: &Value) -> BTreeMap<String, String> {
    let pairs = list.as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    pairs
        .map(|pair| (text(&pair["name"]), text(&pair["value"])))
        .collect()
}

/// What is passed to the run: to the ArtifactWorkflow, and by it to the Workflow.
fn passed(snapshot: &Snapshot, number: usize) -> Result<BTreeMap<String, String>> {
    let found = parameters(&snapshot.child(number)?["spec"]["parameters"]);
    if let Ok(workflow) = snapshot.workflow(number) {
        let arguments = parameters(&workflow["spec"]["arguments"]["parameters"]);
        ensure!(
            arguments == found,
            "the Workflow got {arguments:?} instead of {found:?}"
        );
    }
    Ok(found)
}

#[then(expr = "artifact {int} runs with exactly the parameters:")]
async fn runs_with_exactly(world: &mut World, number: usize, step: &Step) -> Result<()> {
    let expected = table::texts(step)?;
    let check = |snapshot: &Snapshot| {
        let found = passed(snapshot, number)?;
        ensure!(found == expected, "the parameters are {found:#?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "artifact {int} also runs with the parameters:")]
async fn also_runs_with(world: &mut World, number: usize, step: &Step) -> Result<()> {
    let expected = table::texts(step)?;
    let check = |snapshot: &Snapshot| {
        let found = passed(snapshot, number)?;
        let contained = expected
            .iter()
            .all(|(name, value)| found.get(name) == Some(value));
        ensure!(contained, "the parameters are {found:#?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "artifact {int} runs with parameter {string} set to {string}")]
async fn runs_with(
    world: &mut World,
    number: usize,
    parameter: String,
    value: String,
) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = passed(snapshot, number)?;
        ensure!(
            found.get(&parameter) == Some(&value),
            "the parameters are {found:#?}"
        );
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "artifact {int} runs without parameter {string}")]
async fn runs_without(world: &mut World, number: usize, parameter: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = passed(snapshot, number)?;
        ensure!(
            !found.contains_key(&parameter),
            "the parameters are {found:#?}"
        );
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r#"^artifact (\d+) uses the (cluster|namespace's) template "(.*)"$"#)]
async fn uses_template(
    world: &mut World,
    number: usize,
    whose: String,
    template: String,
) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let reference = &snapshot.child(number)?["spec"]["workflowTemplateRef"];
        ensure!(reference["name"] == template, "the template is {reference}");
        let is_cluster = reference["clusterScope"] == true;
        ensure!(
            is_cluster == (whose == "cluster"),
            "the template is {reference}"
        );
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "artifact {int} is labelled {string} with {string}")]
async fn is_labelled(world: &mut World, number: usize, label: String, value: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        for object in [snapshot.child(number)?, snapshot.workflow(number)?] {
            let labels = &object["metadata"]["labels"];
            ensure!(
                labels[&label] == value,
                "{} has the labels {labels}",
                object["kind"]
            );
        }
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "artifact {int} is not labelled {string}")]
async fn is_not_labelled(world: &mut World, number: usize, label: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        for object in [snapshot.child(number)?, snapshot.workflow(number)?] {
            ensure!(
                object["metadata"]["labels"][&label].is_null(),
                "{} has it",
                object["kind"]
            );
        }
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "the ArtifactWorkflow of artifact {int} has a name of {int} characters")]
async fn has_name_of(world: &mut World, number: usize, length: usize) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = name(snapshot.child(number)?);
        ensure!(
            found.len() == length,
            "{found} has {} characters",
            found.len()
        );
        Ok(())
    };
    world.expect(check).await
}

#[then(expr = "the name of the ArtifactWorkflow of artifact {int} begins with {string}")]
async fn name_begins_with(world: &mut World, number: usize, beginning: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = name(snapshot.child(number)?);
        ensure!(found.starts_with(&beginning), "the name is {found}");
        Ok(())
    };
    world.expect(check).await
}

#[when(regex = r"^the (ArtifactWorkflow|CronWorkflow|Workflow) of artifact (\d+) is deleted$")]
async fn is_deleted(world: &mut World, kind: String, number: usize) -> Result<()> {
    let name = child_name(world, number).await?;
    world.delete(&kind, &name).await
}

#[when(expr = "the ArtifactWorkflow of artifact {int} is edited")]
async fn is_edited(world: &mut World, number: usize) -> Result<()> {
    let name = child_name(world, number).await?;
    let edit = |child: &mut Value| child["spec"]["workflowTemplateRef"]["name"] = json!("another");
    world.change_made("ArtifactWorkflow", &name, edit).await
}

#[when(expr = "the ArtifactWorkflow of artifact {int} is forced at {int}")]
async fn is_forced(world: &mut World, number: usize, time: i64) -> Result<()> {
    let name = child_name(world, number).await?;
    let value = json!(time.to_string());
    let force = |child: &mut Value| {
        child["metadata"]["annotations"]["arc.opendefense.cloud/force-at"] = value
    };
    world.change_made("ArtifactWorkflow", &name, force).await
}

/// The ArtifactWorkflow stands in place of the Order that would make it.
#[given(expr = "an ArtifactWorkflow {string} is written as artifact {int} would be")]
fn is_written(world: &mut World, name: String, number: usize) -> Result<()> {
    let example = world.examples.first().context("no example is loaded")?;
    let expected = arc_fixtures::expected(example)?;
    let mut children = expected
        .iter()
        .filter(|object| object["kind"] == "ArtifactWorkflow");
    let mut object = children
        .nth(number - 1)
        .context("the example has no such artifact")?
        .clone();
    object["metadata"] = json!({"name": name});
    world
        .staging
        .0
        .retain(|manifest| manifest.object["kind"] != "Order");
    world.staging.stage(object);
    Ok(())
}

#[given(expr = "the ArtifactWorkflow {string} has the parameter {string} twice")]
async fn has_parameter_twice(world: &mut World, name: String, parameter: String) -> Result<()> {
    let twice = json!([{"name": parameter, "value": "a"}, {"name": parameter, "value": "b"}]);
    world
        .change("ArtifactWorkflow", &name, |child| {
            child["spec"]["parameters"] = twice
        })
        .await
}

#[given(expr = "the ArtifactWorkflow {string} is scheduled {string}")]
async fn is_scheduled(world: &mut World, name: String, schedule: String) -> Result<()> {
    let cron = json!({"schedules": [schedule]});
    world
        .change("ArtifactWorkflow", &name, |child| {
            child["spec"]["cron"] = cron
        })
        .await
}

#[then(expr = "the ArtifactWorkflow {string} has not started because of {string}")]
async fn has_not_started(world: &mut World, name: String, why: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let status = &snapshot.named("ArtifactWorkflow", &name)?["status"];
        let message = status["message"].as_str().unwrap_or_default();
        ensure!(status["phase"].is_null(), "{name} is {}", status["phase"]);
        ensure!(message.contains(&why), "{name} says {message:?}");
        Ok(())
    };
    world.expect(check).await
}

#[then(regex = r#"^the ArtifactWorkflow "(.*)" is (Pending|Running|Succeeded|Failed|Error)$"#)]
async fn is_in_phase(world: &mut World, name: String, phase: String) -> Result<()> {
    let check = |snapshot: &Snapshot| {
        let found = &snapshot.named("ArtifactWorkflow", &name)?["status"]["phase"];
        ensure!(*found == phase, "{name} is {found}");
        Ok(())
    };
    world.expect(check).await
}

async fn child_name(world: &mut World, number: usize) -> Result<String> {
    world.settle().await?;
    let snapshot = world.look().await?;
    Ok(name(snapshot.child(number)?).to_owned())
}
