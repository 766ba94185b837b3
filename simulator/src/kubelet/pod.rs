//! A pod as it is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::json::{Error, Value, from_value};
use crate::part::{Key, PartObject};

/// The parts of a pod, wherever each is kept.
#[derive(Clone, Copy, Debug)]
pub struct PodView<'a> {
    /// Who the pod is.
    pub metadata: &'a ObjectMeta,
    /// What it asks for.
    pub spec: &'a PodSpec,
    /// What has become of it.
    pub status: &'a PodStatus,
}

/// The specification of each pod as last read: it is most of a pod, and changes once in its life.
#[derive(Default)]
pub(super) struct Specs(BTreeMap<Key, (Value, Arc<PodSpec>)>);

impl Specs {
    /// The specification of `pod`, called `key`.
    pub(super) fn read(&mut self, key: &Key, pod: &PartObject) -> Result<Arc<PodSpec>, Error> {
        let Some(written) = pod.data.get("spec") else {
            return Ok(Arc::default());
        };
        if let Some((known, spec)) = self.0.get(key)
            && known == written
        {
            return Ok(Arc::clone(spec));
        }
        let spec: Arc<PodSpec> = Arc::new(from_value(written)?);
        let known = (written.clone(), Arc::clone(&spec));
        self.0.insert(key.clone(), known);
        Ok(spec)
    }

    /// Forgets a pod that is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }
}
