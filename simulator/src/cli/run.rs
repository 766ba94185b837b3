//! `arcsim run` and `arcsim workflow`: manifests in, a settled cluster out.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use kube::core::{ApiResource, GroupVersionKind};

use super::manifest::Document;
use super::record::Recorder;
use super::report::{Format, Report};
use super::screen::{self, Screen};
use super::tree::{self, Tree};
use super::{Failed, Verdict, books, load};
use crate::assembly::PartName;
use crate::clock::EPOCH;
use crate::input_error::InputError;
use crate::outcomes::Book;
use crate::part::PartObject;
use crate::simulation::{Config, Simulation};

/// What both commands take.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Manifests: files, folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Where uids, generated names and the order of turns come from
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) seed: u64,
    /// What containers do; without it, outcomes/default.yaml in the folders given
    #[arg(long, value_name = "FILE")]
    pub(super) outcomes: Option<PathBuf>,
    /// How long to simulate at most, such as 90m or 24h
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = super::duration)]
    pub(super) until: SignedDuration,
    /// The namespace of objects that name none
    #[arg(long, short, default_value = "default")]
    pub(super) namespace: String,
    /// How to print the result
    #[arg(long, short, value_enum, default_value = "tree")]
    pub(super) output: Format,
}

/// Which objects a command is about.
pub(super) struct Subject {
    /// The kinds whose objects must succeed.
    pub(super) roots: &'static [&'static str],
    /// Everything to report on: group, version, kind and plural.
    pub(super) kinds: &'static [[&'static str; 4]],
    /// The parts that do not take part.
    pub(super) without: &'static [PartName],
}

/// `arcsim run`: Orders, with the operator.
pub(super) const ORDERS: Subject = Subject {
    roots: &["Order"],
    kinds: &[
        ["arc.opendefense.cloud", "v1alpha1", "Order", "orders"],
        [
            "arc.opendefense.cloud",
            "v1alpha1",
            "ArtifactWorkflow",
            "artifactworkflows",
        ],
        ["arc.opendefense.cloud", "v1alpha1", "Endpoint", "endpoints"],
        [
            "arc.opendefense.cloud",
            "v1alpha1",
            "ArtifactType",
            "artifacttypes",
        ],
        [
            "arc.opendefense.cloud",
            "v1alpha1",
            "ClusterArtifactType",
            "clusterartifacttypes",
        ],
        ["argoproj.io", "v1alpha1", "Workflow", "workflows"],
        ["argoproj.io", "v1alpha1", "CronWorkflow", "cronworkflows"],
        ["", "v1", "Pod", "pods"],
        ["", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"],
        ["events.k8s.io", "v1", "Event", "events"],
    ],
    without: &[],
};

/// `arcsim workflow`: plain Argo.
pub(super) const WORKFLOWS: Subject = Subject {
    roots: &["Workflow", "CronWorkflow"],
    kinds: &[
        ["argoproj.io", "v1alpha1", "Workflow", "workflows"],
        ["argoproj.io", "v1alpha1", "CronWorkflow", "cronworkflows"],
        ["", "v1", "Pod", "pods"],
        ["", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"],
        ["events.k8s.io", "v1", "Event", "events"],
    ],
    without: &[PartName::Operator],
};

/// Runs the command and prints its report to standard output.
///
/// # Errors
/// Bad input, or a cluster that does not come to rest.
pub(super) async fn run(
    args: &RunArgs,
    documents: &[Document],
    subject: &Subject,
) -> Result<Verdict, Failed> {
    let book = books::find(args.outcomes.as_deref(), &args.paths)?;
    let mut session = Session::start(args.seed, book, subject).await?;
    let client = session.simulation.server().client("user");
    load::load(&client, documents, &args.namespace).await?;
    refuse_idle(documents, subject)?;
    session.play(args.until, &mut Screen::new()).await?;
    screen::print(&session.report().render(args.output))?;
    Ok(session.verdict())
}

/// Refuses manifests without anything to run.
fn refuse_idle(documents: &[Document], subject: &Subject) -> Result<(), InputError> {
    let is_root = |document: &Document| {
        let kind = document.value["kind"].as_str();
        kind.is_some_and(|kind| subject.roots.contains(&kind))
    };
    match documents.first() {
        Some(first) if !documents.iter().any(is_root) => {
            let roots = subject.roots.join(" or ");
            let message = format!("nothing to run; expected at least one object of kind {roots}");
            Err(first.error("kind", message))
        }
        _ => Ok(()),
    }
}

/// One simulation and what is seen of it.
struct Session<'a> {
    simulation: Simulation,
    recorder: Recorder,
    subject: &'a Subject,
}

impl<'a> Session<'a> {
    async fn start(seed: u64, outcomes: Book, subject: &'a Subject) -> Result<Self, Failed> {
        let without = subject.without.iter().copied().collect();
        let config = Config {
            seed,
            outcomes,
            without,
            ..Config::default()
        };
        let mut simulation = Simulation::start(config).await?;
        let recorder = Recorder::new(subject.kinds.iter().map(resource).collect());
        let client = simulation.server().part_client("recorder");
        simulation.cluster().add(Box::new(recorder.clone()), client);
        Ok(Self {
            simulation,
            recorder,
            subject,
        })
    }

    /// Lets time pass until everything is final and still, nothing can act any more, or the time is over; what is due
    /// just then does not begin. Between two instants others have their turn, such as the one who waits for SIGINT. With a schedule nothing is final for good, and it alone keeps the cluster from being
    /// quiet: its timer starts a run each time it runs out.
    async fn play(&mut self, until: SignedDuration, screen: &mut Screen) -> Result<(), Failed> {
        let until = EPOCH + until - SignedDuration::from_nanos(1);
        self.simulation.cluster().settle_now().await?;
        while !self.is_over() && !self.simulation.cluster().is_quiet() {
            screen.draw(|| self.tree());
            tokio::task::yield_now().await;
            if !self.simulation.cluster().step(until).await? {
                break;
            }
        }
        screen.clear();
        Ok(())
    }

    fn is_over(&self) -> bool {
        let scheduled = self.present(|kind| kind == "CronWorkflow");
        let mut roots = self.roots().into_iter();
        scheduled.is_empty() && roots.all(|root| is_final(phase(&root)))
    }

    /// The objects that the command is about.
    fn roots(&self) -> Vec<Arc<PartObject>> {
        self.present(|kind| self.subject.roots.contains(&kind))
    }

    fn present(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<Arc<PartObject>> {
        let record = self.recorder.record();
        let kinds = self.subject.kinds.iter().enumerate();
        let wanted = kinds.filter(|(_, [.., kind, _])| is_wanted(kind));
        wanted
            .flat_map(|(index, _)| record.present(index).cloned().collect::<Vec<_>>())
            .collect()
    }

    fn tree(&self) -> Tree {
        let objects: Vec<_> = self.recorder.record().all().cloned().collect();
        let now = self.simulation.server().clock().now();
        tree::draw(&objects, self.subject.roots, now)
    }

    fn report(&self) -> Report<'a> {
        let now = self.simulation.server().clock().now();
        Report {
            objects: self.recorder.record().all().cloned().collect(),
            roots: self.subject.roots,
            now,
            lasted: now.duration_since(EPOCH),
            made_up: self.simulation.made_up().values(),
            log_sha256: self.simulation.server().log_digest(),
        }
    }

    fn verdict(&self) -> Verdict {
        if self.roots().iter().all(|root| is_good(root)) {
            Verdict::Good
        } else {
            Verdict::Failed
        }
    }
}

fn resource([group, version, kind, plural]: &[&str; 4]) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

fn phase(object: &PartObject) -> &str {
    object.data["status"]["phase"].as_str().unwrap_or_default()
}

/// Whether an object did what it is for: a schedule, if none of its runs failed or was refused.
fn is_good(object: &PartObject) -> bool {
    let status = &object.data["status"];
    let is_schedule = object
        .types
        .as_ref()
        .is_some_and(|types| types.kind == "CronWorkflow");
    if is_schedule {
        status["failed"].as_i64().unwrap_or(0) == 0 && status["conditions"].is_null()
    } else {
        phase(object) == "Succeeded"
    }
}

fn is_final(phase: &str) -> bool {
    matches!(phase, "Succeeded" | "Failed" | "Error" | "Stopped")
}
