//! How much history a cluster keeps.

/// What the events that are kept may come to; whoever asks for older ones is answered 410.
///
/// Simplified: a real cluster keeps by time, what etcd has not compacted and what is in the watch cache.
///
/// Source: `spec/kube-api.md` §1.10, §1.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub n_events: usize,
    /// How many bytes their objects may have as text, each counted as the most that it can have.
    pub n_bytes: usize,
}

impl Window {
    /// What a server that runs for long can keep in memory: days of a quiet cluster, minutes of a busy one.
    pub const OF_A_SERVER: Self = Self {
        n_events: 10_000,
        n_bytes: 512 * 1024 * 1024,
    };
}
