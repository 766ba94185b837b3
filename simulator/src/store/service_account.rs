//! The ServiceAccount admission: a new pod runs as somebody who exists, and its containers can say so to the API.
//!
//! Source: `spec/kube-api.md` §1.20; kubernetes v1.34 `plugin/pkg/admission/serviceaccount`.

use super::kernel::Kernel;
use super::kind::Origin;
use super::object::{Key, Object};
use super::request::Request;
use super::status::Status;
use crate::ids::Ids;
use crate::json::{Value, json};

/// The account of a pod that names none.
const DEFAULT: &str = "default";
/// Pods that a kubelet made by itself and only shows here.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// How the name of the volume with the token begins.
const TOKEN_VOLUME: &str = "kube-api-access-";
/// Where clients look for their token.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How long a token is good for.
const TOKEN_SECONDS: i64 = 3607;

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

    /// Writes the service account, what it pulls images with and its token into a new pod that leaves them open.
    pub(super) fn give_account(&self, request: &Request, value: &mut Value, ids: &mut Ids) {
        if !self.is_account_wanted(request, value) {
            return;
        }
        let name = account_name(value).to_owned();
        let Some(account) = self.account(&request.namespace, &name) else {
            return;
        };
        let account = account.value();
        let spec = &mut value["spec"];
        for field in ["serviceAccountName", "serviceAccount"] {
            spec[field] = name.clone().into();
        }
        if is_mounted(spec, account) {
            mount_token(spec, ids);
        }
        let is_open = spec["imagePullSecrets"]
            .as_array()
            .is_none_or(Vec::is_empty);
        if is_open && account["imagePullSecrets"].is_array() {
            spec["imagePullSecrets"] = account["imagePullSecrets"].clone();
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
        let key = Key::new(namespace, name);
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

/// Whether containers get the token: the pod decides, then its account.
fn is_mounted(spec: &Value, account: &Value) -> bool {
    let decision = |value: &Value| value["automountServiceAccountToken"].as_bool();
    decision(spec).or(decision(account)).unwrap_or(true)
}

/// Mounts the token into every container that has nothing at its place.
fn mount_token(spec: &mut Value, ids: &mut Ids) {
    let volumes = spec["volumes"].as_array().into_iter().flatten();
    let mut names = volumes.filter_map(|volume| volume["name"].as_str());
    let present = names
        .find(|name| name.starts_with(TOKEN_VOLUME))
        .map(str::to_owned);
    let name = present
        .clone()
        .unwrap_or_else(|| format!("{TOKEN_VOLUME}{}", ids.suffix()));
    let mut is_needed = false;
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let mut mounts = container["volumeMounts"].as_array().into_iter().flatten();
            if mounts.all(|mount| mount["mountPath"] != TOKEN_PATH) {
                let mount = json!({"name": name, "readOnly": true, "mountPath": TOKEN_PATH});
                push(container, "volumeMounts", mount);
                is_needed = true;
            }
        }
    }
    if is_needed && present.is_none() {
        push(spec, "volumes", token_volume(&name));
    }
}

fn token_volume(name: &str) -> Value {
    json!({"name": name, "projected": {"defaultMode": 0o644, "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
        ]}},
    ]}})
}

fn push(object: &mut Value, field: &str, element: Value) {
    match object.get_mut(field).and_then(Value::as_array_mut) {
        Some(list) => list.push(element),
        None => object[field] = json!([element]),
    }
}
