//! A pod as it is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::identity;
use crate::json::{Error, Value, from_value};
use crate::part::{Key, PartObject};

/// The parts of a pod, wherever each is kept.
#[derive(Clone, Copy, Debug)]
pub struct PodView<'a> {
    /// Who the pod is.
    pub metadata: &'a ObjectMeta,
    /// What it asks for.
    pub spec: &'a PodSpec,
    /// The template that its executor carries out, if it has one.
    pub template: Option<&'a Value>,
    /// What has become of it.
    pub status: &'a PodStatus,
}

/// What a pod asks for.
#[derive(Default)]
pub(super) struct Asked {
    /// Of the node.
    pub(super) spec: PodSpec,
    /// Of the executor.
    pub(super) template: Option<Value>,
}

/// What each pod asks for, as last read: it is most of a pod, and changes once in its life.
#[derive(Default)]
pub(super) struct Specs(BTreeMap<Key, Known>);

struct Known {
    written: Value,
    offloaded: Option<String>,
    asked: Arc<Asked>,
}

impl Specs {
    /// What `pod`, called `key`, asks for; `offloaded` is the template that Argo put into the ConfigMap of its name.
    pub(super) fn read(
        &mut self,
        key: &Key,
        pod: &PartObject,
        offloaded: Option<&str>,
    ) -> Result<Arc<Asked>, Error> {
        let Some(written) = pod.data.get("spec") else {
            return Ok(Arc::default());
        };
        if let Some(known) = self.0.get(key)
            && known.written == *written
            && known.offloaded.as_deref() == offloaded
        {
            return Ok(Arc::clone(&known.asked));
        }
        let spec: PodSpec = from_value(written)?;
        let template = identity::template(&spec, offloaded);
        let asked = Arc::new(Asked { spec, template });
        let known = Known {
            written: written.clone(),
            offloaded: offloaded.map(str::to_owned),
            asked: Arc::clone(&asked),
        };
        self.0.insert(key.clone(), known);
        Ok(asked)
    }

    /// Forgets a pod that is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }
}
