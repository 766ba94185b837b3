//! Every scenario on every simulated cluster.

use std::path::Path;
use std::process::ExitCode;

use arc_features::backend::Backend;
use arc_features::run::{N_SCENARIOS, Options, run};

const FOLDERS: [&str; 5] = ["artifacts", "endpoint", "failure", "order", "schedule"];

/// A simulation is trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths: Vec<_> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    let mut is_green = true;
    for backend in [Backend::Memory, Backend::Https] {
        let name = format!("{backend:?}");
        let options = Options {
            paths: paths.clone(),
            backend,
            seed: 1,
            junit: None,
            tags: None,
        };
        match run(&options) {
            Err(error) => {
                println!("{name}: {error:#}");
                is_green = false;
            }
            Ok(summary) => {
                let (n_passed, n_failed) = (summary.n_passed(), summary.n_failed());
                println!("{name}: {n_passed} passed, {n_failed} failed");
                is_green &= n_failed == 0 && n_passed == N_SCENARIOS;
            }
        }
    }
    if is_green {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
