//! The scenarios of `features/` on the cluster, beside their verdicts on the simulated ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arc_features::backend::{Backend, Places, RealCluster};
use arc_features::report::{Summary, Verdict};
use arc_features::run::{Options, run};

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

/// Runs the scenarios below `features`, from the folder of that name on, or all of them if it names none: everywhere, and
/// `n_at_once` at a time on the cluster.
///
/// # Errors
/// The features cannot be read.
pub async fn verdicts(
    cluster: &Cluster,
    features: &[PathBuf],
    n_at_once: usize,
) -> Result<Vec<Row>> {
    let paths = if features.is_empty() {
        folders()?
    } else {
        features.iter().map(|path| root().join(path)).collect()
    };
    let real = RealCluster {
        config: cluster.node.config().await?,
        image: image::OUTCOME.name(),
        places: Places::new(n_at_once),
    };
    let mut rows: BTreeMap<(PathBuf, usize), Row> = BTreeMap::new();
    let backends = [
        Backend::Memory,
        Backend::Https,
        Backend::Real(Box::new(real)),
    ];
    for (column, backend) in backends.into_iter().enumerate() {
        for verdict in of_backend(backend, paths.clone()).await?.verdicts {
            let row = rows.entry((verdict.path.clone(), verdict.line));
            let row = row.or_insert_with(|| Row::of(&verdict));
            row.verdicts[column] = Some(verdict);
        }
    }
    Ok(rows.into_values().collect())
}

/// Scenarios block a thread; the operator of the suite needs the one that this is.
async fn of_backend(backend: Backend, paths: Vec<PathBuf>) -> Result<Summary> {
    let options = Options {
        paths,
        backend,
        seed: 1,
        junit: None,
        tags: None,
    };
    tokio::task::spawn_blocking(move || run(&options))
        .await
        .context("scenarios")?
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
