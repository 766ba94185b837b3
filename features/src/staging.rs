//! The manifests of a scenario: staged, applied, or held back until a step creates them.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// One manifest and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The object as written.
    pub(crate) object: Value,
    /// Where it is.
    pub(crate) stage: Stage,
}

/// How far a manifest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// To be applied with the next submission.
    Staged,
    /// In the cluster; changes go there.
    Applied,
    /// Missing, until a step creates it.
    HeldBack,
}

/// All manifests of a scenario, in the order in which they are applied.
#[derive(Debug, Default)]
pub(crate) struct Staging(pub(crate) Vec<Manifest>);

impl Staging {
    /// Stages `objects` in place of everything else.
    pub(crate) fn replace(&mut self, objects: Vec<Value>) {
        self.0.clear();
        objects.into_iter().for_each(|object| self.stage(object));
    }

    /// Stages `object` behind the others.
    pub(crate) fn stage(&mut self, object: Value) {
        self.0.push(Manifest {
            object,
            stage: Stage::Staged,
        });
    }

    /// The manifest of this kind and name.
    ///
    /// # Errors
    /// There is none: the scenario names something that its example lacks.
    pub(crate) fn find(&mut self, kind: &str, name: &str) -> Result<&mut Manifest> {
        let mut manifests = self.0.iter_mut().rev();
        manifests
            .find(|manifest| is(&manifest.object, kind, name))
            .with_context(|| format!("the scenario has no {kind} {name}"))
    }

    /// Whether a manifest of this kind and name is known.
    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.0
            .iter()
            .any(|manifest| is(&manifest.object, kind, name))
    }

    /// The name of the Order that the scenario is about: the last one.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn order(&self) -> Result<&str> {
        let mut orders = self
            .0
            .iter()
            .rev()
            .filter(|manifest| manifest.object["kind"] == "Order");
        let order = orders.next().context("the scenario has no Order")?;
        order.object["metadata"]["name"]
            .as_str()
            .context("the Order has no name")
    }

    /// Holds the manifest back.
    ///
    /// # Errors
    /// It is unknown, or in the cluster already.
    pub(crate) fn hold_back(&mut self, kind: &str, name: &str) -> Result<()> {
        let manifest = self.find(kind, name)?;
        if manifest.stage == Stage::Applied {
            bail!("{kind} {name} is in the cluster already");
        }
        manifest.stage = Stage::HeldBack;
        Ok(())
    }
}

fn is(object: &Value, kind: &str, name: &str) -> bool {
    object["kind"] == kind && object["metadata"]["name"] == name
}
