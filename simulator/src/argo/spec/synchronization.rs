//! Locks, memoization and garbage collection policies.

use k8s_openapi::api::core::v1::ConfigMapKeySelector;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::wire::wire;

wire! {
    /// The locks that a Workflow or template takes.
    pub struct Synchronization {
        /// Before v4.0: one semaphore.
        pub semaphore: Option<SemaphoreRef>,
        /// Before v4.0: one mutex.
        pub mutex: Option<Mutex>,
        /// All semaphores.
        pub semaphores: Vec<SemaphoreRef>,
        /// All mutexes.
        pub mutexes: Vec<Mutex>,
    }

    /// A lock for as many holders as a number says.
    pub struct SemaphoreRef {
        /// The number, in a ConfigMap.
        pub config_map_key_ref: Option<ConfigMapKeySelector>,
        /// Where the ConfigMap lies.
        pub namespace: String,
        /// The number, in a database.
        pub database: Option<SyncDatabaseRef>,
    }

    /// A limit in a database.
    pub struct SyncDatabaseRef {
        /// Its key.
        pub key: String,
    }

    /// A lock for one holder.
    pub struct Mutex {
        /// Its name.
        pub name: String,
        /// Its namespace.
        pub namespace: String,
        /// Whether it lives in a database.
        pub database: bool,
    }

    /// Takes outputs from a cache.
    pub struct Memoize {
        /// What the entry is filed under.
        pub key: String,
        /// Which cache.
        pub cache: Option<MemoizeCache>,
        /// How old an entry may be, as a Go duration.
        pub max_age: String,
    }

    /// A cache of outputs.
    pub struct MemoizeCache {
        /// The ConfigMap that holds it.
        pub config_map: Option<ConfigMapKeySelector>,
    }

    /// When a finished Workflow is deleted.
    pub struct TtlStrategy {
        /// Seconds after it ended, in whatever phase.
        pub seconds_after_completion: Option<i32>,
        /// Seconds after it succeeded.
        pub seconds_after_success: Option<i32>,
        /// Seconds after it failed.
        pub seconds_after_failure: Option<i32>,
    }

    /// When finished pods are deleted.
    pub struct PodGc {
        /// `OnPodCompletion`, `OnPodSuccess`, `OnWorkflowCompletion`, `OnWorkflowSuccess`, or empty for never.
        pub strategy: String,
        /// Only these pods.
        pub label_selector: Option<LabelSelector>,
        /// How long to wait, as a Go duration.
        pub delete_delay_duration: String,
    }

    /// When claims made from templates are deleted.
    pub struct VolumeClaimGc {
        /// `OnWorkflowSuccess` (also when empty) or `OnWorkflowCompletion`.
        pub strategy: String,
    }
}
