//! Claims for volumes that live as long as a Workflow. Source: `spec/argo.md` §28.

use k8s_openapi::api::core::v1::Volume;
use serde::Deserialize;

use super::key;
use super::pass::{Action, Halt, Pass};
use super::resolution::to_value;
use super::spec::WorkflowPhase;
use crate::json::{Value, json};

impl Pass<'_> {
    /// Creates the claims of the specification, once.
    pub(crate) fn create_claims(&mut self) -> Result<(), Halt> {
        let made = self
            .status
            .persistent_volume_claims
            .as_ref()
            .map_or(0, Vec::len);
        let under_way = matches!(
            self.status.phase,
            WorkflowPhase::Pending | WorkflowPhase::Running
        );
        if !under_way || self.spec.volume_claim_templates.len() == made {
            return Ok(());
        }
        for (index, template) in self.spec.volume_claim_templates.clone().iter().enumerate() {
            let Some(reference) = template
                .metadata
                .name
                .clone()
                .filter(|name| !name.is_empty())
            else {
                return Err(Halt::error(format!(
                    "volumeClaimTemplates[{index}].metadata.name is required"
                )));
            };
            let name = format!("{}-{reference}", self.identity.name);
            if let Some(refusal) = self
                .input
                .refusals
                .get(&("PersistentVolumeClaim", name.clone()))
            {
                let message = refusal.message.clone();
                return Err(if refusal.transient {
                    Halt::Transient(message)
                } else {
                    Halt::Template(message)
                });
            }
            let claim = self.claim(to_value(template), &name);
            self.actions.push(Action::CreateClaim(claim));
            let volume = json!({"name": reference, "persistentVolumeClaim": {"claimName": name}});
            let volume =
                Volume::deserialize(&volume).map_err(|error| Halt::error(error.to_string()))?;
            self.status
                .persistent_volume_claims
                .get_or_insert_default()
                .push(volume);
            self.updated = true;
        }
        Ok(())
    }

    fn claim(&self, mut claim: Value, name: &str) -> Value {
        claim["apiVersion"] = json!("v1");
        claim["kind"] = json!("PersistentVolumeClaim");
        claim["metadata"]["name"] = json!(name);
        claim["metadata"]["namespace"] = json!(self.identity.namespace);
        claim["metadata"]["labels"][key::WORKFLOW] = json!(self.identity.name);
        claim["metadata"]["ownerReferences"] = json!([self.identity.owner()]);
        claim
    }

    /// Deletes the claims if the end of the Workflow asks for it.
    pub(crate) fn delete_claims(&mut self) {
        let strategy = self
            .spec
            .volume_claim_gc
            .as_ref()
            .map_or("", |gc| &gc.strategy);
        let due = match strategy {
            "OnWorkflowCompletion" => true,
            "" | "OnWorkflowSuccess" => self.status.phase == WorkflowPhase::Succeeded,
            _ => false,
        };
        if !due {
            return;
        }
        for volume in self
            .status
            .persistent_volume_claims
            .take()
            .unwrap_or_default()
        {
            if let Some(claim) = volume.persistent_volume_claim {
                self.actions.push(Action::DeleteClaim(claim.claim_name));
            }
            self.updated = true;
        }
    }
}
