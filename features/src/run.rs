//! Runs feature files against a cluster of their own per scenario.

use std::fs::File;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
pub use cucumber::gherkin::tagexpr::TagOperation;
use cucumber::gherkin::{Feature, Rule, Scenario};
use cucumber::parser::{self, Parser};
use cucumber::tag::Ext as _;
use cucumber::writer::{self, Ext as _, Writer};
use cucumber::{World as _, cli, runner};
use futures::stream::{self, LocalBoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};

use crate::backend::Backend;
use crate::report::{Report, Summary};
use crate::world::World;

/// The tag of a scenario that cannot run on a real cluster.
pub const SIMULATED_ONLY: &str = "simulated-only";

/// How many scenarios there are, so that none is skipped in silence.
pub const N_SCENARIOS: usize = 208;

/// What to run, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// Feature files, or folders that hold them at any depth.
    pub paths: Vec<PathBuf>,
    /// The cluster.
    pub backend: Backend,
    /// The seed of every cluster.
    pub seed: u64,
    /// Where to write a JUnit report.
    pub junit: Option<PathBuf>,
    /// Which scenarios to run, by their tags; all of them without.
    pub tags: Option<TagOperation>,
}

/// Every `of`-th scenario, from the one at `index`.
#[derive(Clone, Copy, Debug)]
struct Share {
    index: usize,
    of: usize,
}

/// Runs every scenario, one on each processor at a time, and prints those that fail; a report is written by one thread,
/// in the order of the files.
///
/// # Errors
/// A path does not exist, or the report cannot be written.
pub fn run(options: &Options) -> Result<Summary> {
    for path in &options.paths {
        ensure!(path.exists(), "no such file or folder: {}", path.display());
    }
    let n_processors = thread::available_parallelism().map_or(1, NonZero::get);
    let of = match &options.backend {
        Backend::Memory | Backend::Https if options.junit.is_none() => n_processors,
        Backend::Memory | Backend::Https | Backend::Real(_) => 1,
    };
    let summaries: Vec<Result<Summary>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..of)
            .map(|index| scope.spawn(move || run_share(options, Share { index, of })))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<_>| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a thread of scenarios panicked")))
        };
        threads.into_iter().map(join).collect()
    });
    let mut summary: Summary = summaries.into_iter().sum::<Result<_>>()?;
    summary.verdicts.sort();
    Ok(summary)
}

/// Runs some of the scenarios on a thread and a runtime of their own.
fn run_share(options: &Options, share: Share) -> Result<Summary> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start a runtime")?;
    let is_real = matches!(options.backend, Backend::Real(_));
    let (report, summary) = Report::new(is_real);
    match &options.junit {
        None => runtime.block_on(drive(options, share, report.normalized())),
        Some(path) => {
            let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
            let junit = writer::JUnit::raw(file, writer::Verbosity::Default);
            let writer = report.tee::<World, _>(junit).normalized();
            runtime.block_on(drive(options, share, writer));
        }
    }
    Ok(summary.take())
}

async fn drive<W>(options: &Options, share: Share, writer: W)
where
    W: Writer<World> + writer::Normalized,
    W::Cli: Default,
{
    let (backend, seed) = (options.backend.clone(), options.seed);
    let n_at_once = match &backend {
        Backend::Memory | Backend::Https => Some(1),
        // They take turns themselves.
        Backend::Real(_) => None,
    };
    let is_real = matches!(backend, Backend::Real(_));
    let runner = runner::Basic::default()
        .steps(World::collection())
        .max_concurrent_scenarios(n_at_once)
        .before(move |_, _, _, world: &mut World| {
            let backend = backend.clone();
            async move { must(world.begin(&backend, seed).await) }.boxed_local()
        })
        .after(|_, _, _, _, world: Option<&mut World>| {
            async move {
                if let Some(world) = world {
                    must(world.end().await);
                }
            }
            .boxed_local()
        });
    let tags = options.tags.clone();
    let n_seen = AtomicUsize::new(0);
    let is_wanted = move |feature: &Feature, rule: Option<&Rule>, scenario: &Scenario| {
        let inherited = feature
            .tags
            .iter()
            .chain(rule.into_iter().flat_map(|rule| &rule.tags));
        let all = inherited.chain(&scenario.tags);
        let is_possible = !is_real || !all.clone().any(|tag| tag == SIMULATED_ONLY);
        is_possible && tags.as_ref().is_none_or(|tags| tags.eval(all)) && {
            let position = n_seen.fetch_add(1, Ordering::Relaxed);
            position % share.of == share.index
        }
    };
    cucumber::Cucumber::<World, _, _, _, _>::custom(Files, runner, writer)
        .with_cli(cli::Opts::<_, _, _, cli::Empty>::default())
        .filter_run(options.paths.clone(), is_wanted)
        .await;
}

#[expect(clippy::panic, reason = "a hook has no other way to fail its scenario")]
fn must(result: Result<()>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

/// Reads the features of several paths, where cucumber's own parser takes one.
struct Files;

impl Parser<Vec<PathBuf>> for Files {
    type Cli = cli::Empty;
    type Output = LocalBoxStream<'static, parser::Result<Feature>>;

    fn parse(self, paths: Vec<PathBuf>, _cli: cli::Empty) -> Self::Output {
        let parse = |path: PathBuf| parser::Basic::new().parse(path, parser::basic::Cli::default());
        stream::iter(paths).flat_map(parse).boxed_local()
    }
}

/// The features below `path`, outlines expanded.
///
/// # Errors
/// The first feature that does not parse.
pub async fn features(path: &Path) -> Result<Vec<Feature>> {
    let found = Files.parse(vec![path.to_owned()], cli::Empty);
    Ok(found.try_collect().await?)
}
