//! How much memory processes hold.

/// The resident memory of all `processes` together, in bytes.
pub(super) fn resident_bytes(processes: &[u32]) -> u64 {
    processes.iter().map(|process| of(*process)).sum()
}

fn of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}
