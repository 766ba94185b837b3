//! The scenarios of `features/` on the cluster, beside their verdicts on the simulated ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arc_features::backend::{Backend, Places, RealCluster};
use arc_features::report::{Summary, Verdict};
use arc_features::run::{Options, TagOperation, run};
use tokio::task::JoinHandle;

use crate::cluster::Cluster;
use crate::image;

/// The verdicts on one scenario.
#[derive(Clone, Debug)]
pub struct Row {
    /// The feature file below `features/`, and the line.
    pub place: String,
    /// What it is called.
    pub name: String,
    /// In process; over TLS; on the cluster, where it can run there.
    pub verdicts: [Option<Verdict>; 3],
}

/// The columns of a [`Row`].
pub const BACKENDS: [&str; 3] = ["memory", "https", "k3s"];

/// The tag of scenarios that differ little from another one on a real cluster, where each takes its minute.
const EXTENDED: &str = "extended";

/// Scenarios at work on the simulated clusters, which need nothing of a real one.
pub struct Simulated {
    paths: Vec<PathBuf>,
    /// Which of them run on the real cluster too; all without.
    tags: Option<TagOperation>,
    columns: [JoinHandle<Result<Summary>>; 2],
}

impl Simulated {
    /// Begins with the scenarios below `features`, from the folder of that name on, or with all of them if it names none.
    /// Those that differ little from another one run on the cluster only if they were named, or `all` are.
    ///
    /// # Errors
    /// The features cannot be read.
    pub fn start(features: &[PathBuf], all: bool) -> Result<Self> {
        let paths = if features.is_empty() {
            folders()?
        } else {
            features.iter().map(|path| root().join(path)).collect()
        };
        let columns = [Backend::Memory, Backend::Https];
        let columns = columns.map(|backend| of_backend(backend, paths.clone(), None));
        let few = !all && features.is_empty();
        let tags = few.then(|| format!("not @{EXTENDED}").parse());
        Ok(Self {
            paths,
            tags: tags.transpose().context("select scenarios")?,
            columns,
        })
    }

    /// Runs the same scenarios on the cluster, `n_at_once` at a time, and puts the verdicts beside each other.
    ///
    /// # Errors
    /// The features cannot be read.
    pub async fn beside(self, cluster: &Cluster, n_at_once: usize) -> Result<Vec<Row>> {
        let real = RealCluster {
            config: cluster.node.config().await?,
            image: image::OUTCOME.name(),
            places: Places::new(n_at_once),
        };
        let real = of_backend(Backend::Real(Box::new(real)), self.paths, self.tags);
        let mut rows: BTreeMap<(PathBuf, usize), Row> = BTreeMap::new();
        for (column, backend) in self.columns.into_iter().chain([real]).enumerate() {
            for verdict in backend.await.context("scenarios")??.verdicts {
                let row = rows.entry((verdict.path.clone(), verdict.line));
                let row = row.or_insert_with(|| Row::of(&verdict));
                row.verdicts[column] = Some(verdict);
            }
        }
        Ok(rows.into_values().collect())
    }
}

/// Scenarios block a thread; the operator of the suite needs the one that this is.
fn of_backend(
    backend: Backend,
    paths: Vec<PathBuf>,
    tags: Option<TagOperation>,
) -> JoinHandle<Result<Summary>> {
    let options = Options {
        paths,
        backend,
        seed: 1,
        junit: None,
        tags,
    };
    tokio::task::spawn_blocking(move || run(&options))
}

/// As verdicts name it: without links and dots.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../features");
    root.canonicalize().unwrap_or(root)
}

/// The folders that hold feature files; those of schedules, which wait most, come first.
fn folders() -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in root().read_dir().context("read the features")? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("src") && !path.ends_with("tests") {
            folders.push(path);
        }
    }
    folders.sort_by_key(|path| Reverse(path.clone()));
    Ok(folders)
}

impl Row {
    fn of(verdict: &Verdict) -> Self {
        let path = verdict.path.strip_prefix(root()).unwrap_or(&verdict.path);
        Self {
            place: format!("{}:{}", path.display(), verdict.line),
            name: verdict.name.clone(),
            verdicts: [const { None }; 3],
        }
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_green(&self) -> bool {
        let mut verdicts = self.verdicts.iter().flatten();
        verdicts.all(|verdict| verdict.problem.is_none())
    }

    /// Whether every backend says the same.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let mut held = self.verdicts.iter().map(|verdict| {
            let verdict = verdict.as_ref();
            verdict.map(|verdict| verdict.problem.is_none())
        });
        let first = held.next();
        held.all(|other| Some(other) == first)
    }
}
