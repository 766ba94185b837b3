//! What processes use.

use std::fs::{read_dir, read_to_string};
use std::time::Duration;

/// The resident memory of all `processes` together, in bytes.
pub(super) fn resident_bytes(processes: &[u32]) -> u64 {
    processes.iter().map(|process| of(*process)).sum()
}

fn of(process: u32) -> u64 {
    let status = read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// How long all threads of `processes` have run together.
///
/// Source: Linux, `Documentation/scheduler/sched-stats.rst`.
pub(super) fn running_time(processes: &[u32]) -> Duration {
    let threads = processes
        .iter()
        .flat_map(|process| read_dir(format!("/proc/{process}/task")).unwrap());
    let running = threads.map(|thread| {
        let stats = read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        stats
            .split_whitespace()
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    });
    Duration::from_nanos(running.sum())
}
