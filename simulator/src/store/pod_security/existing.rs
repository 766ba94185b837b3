//! What a namespace is told of its pods when its labels ask for more.
//!
//! Simplified: every pod is looked at, however many there are and however long it takes.
//!
//! Source: pod-security-admission v0.34.3, admission/admission.go, `EvaluatePodsInNamespace`.

use std::collections::BTreeMap;

use super::evaluation::violations;
use super::policy::Standard;
use crate::store::kernel::Kernel;

impl Kernel {
    /// Which pods of a namespace do not keep to a standard, grouped by why.
    pub(super) fn insecure_pods(&self, namespace: &str, standard: Standard) -> Vec<String> {
        // They come by name, so that the first is the one that is told.
        let mut groups: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        for pod in self.held_in(namespace, "pods") {
            let found = violations(standard, pod.value());
            if !found.is_empty() {
                let reasons = Vec::from_iter(found.iter().map(|one| one.reason)).join(", ");
                groups.entry(reasons).or_insert((pod.name(), 0)).1 += 1;
            }
        }
        if groups.is_empty() {
            return Vec::new();
        }
        let groups = groups.into_iter();
        let mut told: Vec<String> = groups
            .map(|(reasons, (name, n_pods))| match n_pods {
                1 => format!("{name}: {reasons}"),
                2 => format!("{name} (and 1 other pod): {reasons}"),
                n_pods => format!("{name} (and {} other pods): {reasons}", n_pods - 1),
            })
            .collect();
        told.sort();
        let first = format!(
            "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{standard}\""
        );
        told.insert(0, first);
        told
    }
}
