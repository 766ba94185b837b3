//! `arcsim`, the command line of the simulator.

use std::process::ExitCode;
use std::sync::Arc;

/// A simulation is trees of JSON, which is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "here the wall clock comes in")]
    let wall = Arc::new(jiff::Timestamp::now);
    arc_simulator::process::run(|stop| arc_simulator::cli::main(wall, stop))
}
