//! Metrics that a Workflow or template emits.

use super::wire::wire;

wire! {
    /// Metrics to emit.
    pub struct Metrics {
        /// One entry a metric.
        pub prometheus: Vec<Prometheus>,
    }

    /// One metric; one of gauge, histogram and counter is set.
    pub struct Prometheus {
        /// Its name.
        pub name: String,
        /// Its labels.
        pub labels: Vec<MetricLabel>,
        /// Its description.
        pub help: String,
        /// Emits only if this holds.
        pub when: String,
        /// A value that goes up and down.
        pub gauge: Option<Gauge>,
        /// A distribution.
        pub histogram: Option<Histogram>,
        /// A value that goes up.
        pub counter: Option<Counter>,
    }

    /// One label of a metric.
    pub struct MetricLabel {
        /// Its name.
        pub key: String,
        /// Its value.
        pub value: String,
    }

    /// A value that goes up and down.
    pub struct Gauge {
        /// The value, a number when substituted.
        pub value: String,
        /// Whether it is emitted while the template runs.
        pub realtime: Option<bool>,
        /// `Set`, `Add` or `Sub`.
        pub operation: String,
    }

    /// A distribution.
    pub struct Histogram {
        /// The observed value.
        pub value: String,
        /// Upper bounds.
        pub buckets: Vec<f64>,
    }

    /// A value that goes up.
    pub struct Counter {
        /// By how much.
        pub value: String,
    }
}
