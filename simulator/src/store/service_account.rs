//! The ServiceAccount admission: a new pod runs as somebody who exists.
//!
//! Simplified: the pod gets no volume with a token of its account.
//!
//! Source: `spec/kube-api.md` §1.20; kubernetes v1.34 `plugin/pkg/admission/serviceaccount`.

use serde_json::Value;

use super::kernel::Kernel;
use super::kind::Origin;
use super::object::{Key, Object};
use super::request::Request;
use super::status::Status;

/// The account of a pod that names none.
const DEFAULT: &str = "default";
/// Pods that a kubelet made by itself and only shows here.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Whether new pods need their service account, which is up to the flags of a real API server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountAdmission {
    /// As with `--disable-admission-plugins=ServiceAccount`.
    #[default]
    Disabled,
    /// As by default; something must then make the account `default` of each namespace.
    Enabled,
}

impl Kernel {
    /// Chooses whether new pods need their service account from now on.
    pub fn set_account_admission(&mut self, admission: AccountAdmission) {
        self.account_admission = admission;
    }

    /// Refuses a new pod whose service account is missing.
    pub(super) fn admit_account(&self, request: &Request, value: &Value) -> Result<(), Status> {
        if !self.is_account_wanted(request, value) {
            return Ok(());
        }
        let account = account_name(value);
        if self.account(&request.namespace, account).is_some() {
            return Ok(());
        }
        let metadata = &value["metadata"];
        let text = |field: &str| metadata[field].as_str().filter(|text| !text.is_empty());
        let name = text("name").or(text("generateName")).unwrap_or_default();
        let why = format!(
            "error looking up service account {}/{account}: serviceaccount \"{account}\" not found",
            request.namespace
        );
        Err(Status::forbidden(
            &request.served.kind.resource(),
            name,
            &why,
        ))
    }

    /// Writes the service account, and what it pulls images with, into a new pod that leaves them open.
    pub(super) fn give_account(&self, request: &Request, value: &mut Value) {
        if !self.is_account_wanted(request, value) {
            return;
        }
        let account = account_name(value).to_owned();
        let found = self.account(&request.namespace, &account);
        let pull_secrets = found.map(|found| &found.value()["imagePullSecrets"]);
        if let Some(spec) = value["spec"].as_object_mut() {
            for field in ["serviceAccountName", "serviceAccount"] {
                spec.insert(field.to_owned(), account.clone().into());
            }
            if let Some(secrets) = pull_secrets.filter(|secrets| secrets.is_array()) {
                spec.entry("imagePullSecrets").or_insert(secrets.clone());
            }
        }
    }

    fn is_account_wanted(&self, request: &Request, value: &Value) -> bool {
        let kind = &request.served.kind;
        self.account_admission == AccountAdmission::Enabled
            && kind.origin == Origin::BuiltIn
            && (kind.group.as_str(), kind.kind.as_str()) == ("", "Pod")
            && value["metadata"]["annotations"][MIRROR].is_null()
    }

    fn account(&self, namespace: &str, name: &str) -> Option<&Object> {
        let key = Key {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let table = self.registry.get("", "v1", "serviceaccounts").table;
        self.log.get(table, &key).map(AsRef::as_ref)
    }
}

/// The account that a pod names, also by the field's old name.
fn account_name(value: &Value) -> &str {
    let fields = ["serviceAccountName", "serviceAccount"];
    let mut named = fields
        .iter()
        .filter_map(|field| value["spec"][*field].as_str());
    named.find(|name| !name.is_empty()).unwrap_or(DEFAULT)
}
