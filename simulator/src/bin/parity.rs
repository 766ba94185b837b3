//! `parity`, which measures how like the real thing the simulated one is.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "here the wall clock comes in")]
    let wall = Arc::new(jiff::Timestamp::now);
    arc_simulator::process::run(|stop| arc_simulator::parity::main(wall, stop))
}
