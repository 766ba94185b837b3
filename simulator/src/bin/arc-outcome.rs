//! What a container of a real pod runs in place of its program: it does what the outcome book says, so that a scenario
//! means the same on a real cluster as on the simulated one.
//!
//! Who it is comes from the environment and from what Argo's executor leaves in the pod; time goes [`SPEED`] times as
//! fast as the book says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};
use arc_simulator::outcomes::{Book, Container, Ending, Files, NodeName, Outcome, Role};
use serde_json::Value;

/// Seconds of the book in a second here.
const SPEED: u32 = 60;
/// Where Argo's executor leaves the template. Source: argo-workflows v3.7.4 `workflow/common/common.go`.
const TEMPLATE: &str = "/var/run/argo/template";
/// How a container ends that cannot do what it is to do.
const UNABLE: u8 = 125;

fn main() -> ExitCode {
    match act() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("arc-outcome: {error:#}");
            ExitCode::from(UNABLE)
        }
    }
}

/// Does what the book says; the exit code.
fn act() -> Result<u8> {
    let file = variable("ARC_OUTCOMES")?;
    let book = fs::read_to_string(&file).with_context(|| format!("read {file}"))?;
    let book = Book::parse(&file, &book)?;
    let template = fs::read_to_string(TEMPLATE).with_context(|| format!("read {TEMPLATE}"))?;
    let template: Value =
        serde_json::from_str(&template).with_context(|| format!("read {TEMPLATE} as JSON"))?;
    let outcome = outcome(&book, &template)?;
    thread::sleep(Duration::try_from(outcome.duration)? / SPEED);
    print!("{}", outcome.stdout.as_deref().unwrap_or_default());
    eprint!("{}", outcome.stderr);
    for (path, content) in files(&outcome, &template) {
        write(Path::new(&path), &content).with_context(|| format!("write {path}"))?;
    }
    match outcome.ending {
        Ending::Exit(code) => Ok(code),
        Ending::OomKilled => exhaust(),
        Ending::Hang => loop {
            thread::park();
        },
        Ending::ImagePullBackOff | Ending::Evicted | Ending::NodeLost | Ending::Pending => {
            bail!("{:?} is not in the power of a container", outcome.ending)
        }
    }
}

/// What the book says of this container.
fn outcome(book: &Book, template: &Value) -> Result<Outcome> {
    let (workflow, node) = (variable("ARC_WORKFLOW")?, variable("ARC_NODE")?);
    let (image, namespace) = (variable("ARC_IMAGE")?, variable("ARC_NAMESPACE")?);
    let container = variable("ARGO_CONTAINER_NAME")?;
    let node = NodeName::parse(&workflow, &node);
    let found = book.lookup(&Container {
        template: template["name"].as_str().unwrap_or_default(),
        attempt: node.attempt,
        node: node.display,
        step: node.step,
        image: &image,
        workflow: &workflow,
        namespace: &namespace,
        container: &container,
        role: Role::Main,
    });
    Ok(found.cloned().unwrap_or_default())
}

/// What the container leaves behind, path → content; outputs that nobody scripted are made up, as everywhere.
fn files(outcome: &Outcome, template: &Value) -> BTreeMap<String, String> {
    let name = template["name"].as_str().unwrap_or_default();
    match &outcome.files {
        Files::Scripted(files) => files.clone(),
        Files::Unscripted if outcome.ending != Ending::Exit(0) => BTreeMap::new(),
        Files::Unscripted => {
            let parameters = template["outputs"]["parameters"].as_array();
            let made_up = parameters.into_iter().flatten().filter_map(|parameter| {
                let from = &parameter["valueFrom"];
                let path = from["path"]
                    .as_str()
                    .filter(|_| from["default"].is_null())?;
                let output = parameter["name"].as_str().unwrap_or_default();
                Some((path.to_owned(), format!("{name}.{output}")))
            });
            made_up.collect()
        }
    }
}

fn write(path: &Path, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, content)?)
}

/// Uses memory until the kernel has enough of it.
fn exhaust() -> ! {
    let mut held = Vec::new();
    loop {
        held.push(vec![1_u8; 1 << 20]);
    }
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("the variable {name} is needed"))
}
