//! Tokens of service accounts: granted on request, known again when somebody brings one.
//!
//! A token is a JSON Web Token with the claims of a real one, but signed with a secret of this server (HS256) instead of
//! a key that others can verify.
//!
//! Source: `spec/kube-api.md` §1.17, §1.21; kubernetes v1.34 `pkg/registry/core/serviceaccount/storage/token.go` and
//! `pkg/serviceaccount/claims.go`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::admission::Attempt;
use super::answer::Answer;
use super::kernel::{Context, Kernel};
use super::metadata::{invalid, invalid_json, seconds};
use super::object::{Key, Object, texts};
use super::request::{Request, WriteOptions};
use super::schema::builtin::builtin;
use super::status::{Qualified, Status};
use super::{ownership, posted};
use crate::access::User;
use crate::json::{Value, json};

/// For whom a token is unless it says otherwise, and who grants it.
pub(crate) const AUDIENCE: &str = "https://kubernetes.default.svc.cluster.local";
/// How long a token is good for unless the request says otherwise.
const DEFAULT_SECONDS: i64 = 3600;
/// The shortest life of a token.
const SECONDS_MIN: i64 = 600;
/// The longest one.
const SECONDS_MAX: i64 = 1 << 32;
const TOKEN_REQUEST: Qualified = Qualified {
    group: "authentication.k8s.io",
    name: "TokenRequest",
};
/// How many bytes the hash works on at a time.
const BLOCK_BYTES: usize = 64;

/// What tokens are signed with. Its value is printed nowhere.
#[derive(Clone, Default)]
pub(crate) struct TokenSecret([u8; 32]);

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("TokenSecret")
    }
}

impl TokenSecret {
    /// The secret of a server with this seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(Sha256::digest(format!("arcsim secret of service account tokens {seed}")).into())
    }

    fn signature(&self, text: &str) -> [u8; 32] {
        let pad = |byte: u8| {
            let mut block = [byte; BLOCK_BYTES];
            block
                .iter_mut()
                .zip(self.0)
                .for_each(|(to, from)| *to ^= from);
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(text)
            .finalize();
        Sha256::new()
            .chain_update(pad(0x5c))
            .chain_update(inner)
            .finalize()
            .into()
    }
}

/// Somebody whose token was good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// The service account as a user.
    pub(crate) user: User,
    /// For whom the token is.
    pub(crate) audiences: Vec<String>,
}

impl Kernel {
    /// Chooses what tokens are signed with from now on.
    pub(crate) fn set_token_secret(&mut self, secret: TokenSecret) {
        self.token_secret = secret;
    }

    /// Answers a TokenRequest.
    pub(super) fn grant_token(
        &self,
        request: &Request,
        body: &Value,
        options: &WriteOptions,
        context: &mut Context,
    ) -> Result<Answer, Status> {
        let body = &posted::read_part(request, body, options, &mut context.warnings)?;
        self.admit_content(request, &request.name)?;
        let asked = asked(body, options, context.now);
        let attempt = Attempt::action(request, &asked, options);
        let mutated = self.mutate(&attempt, context)?;
        let mut granted = mutated.unwrap_or_else(|| asked.clone());
        check_name(&granted, &request.name)?;
        let account = self.find(request)?;
        let lifetime = granted["spec"]["expirationSeconds"].as_i64();
        let lifetime = lifetime.unwrap_or(DEFAULT_SECONDS);
        if texts(&granted["spec"]["audiences"]).is_empty() {
            granted["spec"]["audiences"] = json!([AUDIENCE]);
        }
        let audiences = granted["spec"]["audiences"].clone();
        let metadata = &mut granted["metadata"];
        metadata["name"] = account.name().into();
        metadata["namespace"] = account.namespace().into();
        metadata["uid"] = account.uid().into();
        metadata["creationTimestamp"] = seconds(context.now).into();
        granted["status"] = no_token();
        check_lifetime(lifetime)?;
        self.admit(&attempt.of(Some(&granted)), context)?;
        let bound = self.bound(request, &granted["spec"])?;
        let end = context.now + SignedDuration::from_secs(lifetime);
        let claims = json!({
            "aud": audiences,
            "exp": end.as_second(),
            "iat": context.now.as_second(),
            "iss": AUDIENCE,
            "jti": context.ids.uid(),
            "kubernetes.io": about(account, &bound),
            "nbf": context.now.as_second(),
            "sub": format!("system:serviceaccount:{}:{}", account.namespace(), account.name()),
        });
        granted["status"] =
            json!({"token": self.signed(&claims), "expirationTimestamp": seconds(end)});
        Ok(Answer::Done(201, granted))
    }

    /// The objects that a token is to end with, each as a claim; of a pod also its node.
    fn bound(&self, request: &Request, spec: &Value) -> Result<Vec<(&'static str, Value)>, Status> {
        let reference = &spec["boundObjectRef"];
        if !reference.is_object() {
            return Ok(Vec::new());
        }
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let (group, version) = group_version(text("apiVersion"));
        let (claim, plural, namespace) = match (group, text("kind")) {
            ("", "Pod") => ("pod", "pods", request.namespace.as_str()),
            ("", "Secret") => ("secret", "secrets", request.namespace.as_str()),
            ("", "Node") => ("node", "nodes", ""),
            (_, kind) => {
                return Err(Status::bad_request(format!(
                    "cannot bind token to object of type {group}/{version}, Kind={kind}"
                )));
            }
        };
        let resource = Qualified {
            group: "",
            name: plural,
        };
        if text("name").is_empty() {
            return Err(Status::bad_request("Name parameter required."));
        }
        let object = self.object_at(plural, namespace, text("name"));
        let object = object.ok_or_else(|| Status::not_found(&resource, text("name")))?;
        let runs_as = object.value()["spec"]["serviceAccountName"].as_str();
        if claim == "pod" && runs_as.unwrap_or_default() != request.name {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
                request.name
            )));
        }
        check_uid(text("uid"), (text("kind"), object))?;
        let mut claims = vec![(claim, claim_of(object))];
        let node = object.value()["spec"]["nodeName"].as_str();
        if let ("pod", Some(node)) = (claim, node.filter(|node| !node.is_empty())) {
            let known = self.object_at("nodes", "", node).map(claim_of);
            claims.push(("node", known.unwrap_or_else(|| json!({"name": node}))));
        }
        Ok(claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let head = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let text = format!("{head}.{}", encode(&claims.to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.token_secret.signature(&text));
        format!("{text}.{signature}")
    }

    /// Who brings a token, as far as it is for one of `wanted`, or for this server where nobody is named.
    ///
    /// # Errors
    /// What is wrong with it, where it was granted here and something can be said.
    pub(crate) fn bearer(
        &self,
        token: &str,
        wanted: &[&str],
        now: Timestamp,
    ) -> Result<Bearer, Option<String>> {
        let claims = self.claims(token).ok_or(None)?;
        if claims["exp"]
            .as_i64()
            .is_none_or(|end| end <= now.as_second())
        {
            return Err(Some("service account token has expired".to_owned()));
        }
        let wanted = match wanted {
            [] => &[AUDIENCE][..],
            named => named,
        };
        let granted = texts(&claims["aud"]);
        let audiences = wanted.iter().filter(|name| granted.contains(name));
        let audiences: Vec<String> = audiences.map(|name| (*name).to_owned()).collect();
        if audiences.is_empty() {
            return Err(Some(format!(
                "token audiences {} is invalid for the target audiences {}",
                go_list(&granted),
                go_list(wanted)
            )));
        }
        let user = self.bearing(&claims)?;
        Ok(Bearer { user, audiences })
    }

    /// What a token says, if it was signed here.
    fn claims(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Digests are compared, so that the time it takes tells nothing of the signature.
        if Sha256::digest(signature) != Sha256::digest(self.token_secret.signature(text)) {
            return None;
        }
        let (_, claims) = text.split_once('.')?;
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The service account that claims are about, unless it or what the token is bound to is another by now.
    fn bearing(&self, claims: &Value) -> Result<User, Option<String>> {
        let about = &claims["kubernetes.io"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (
            text(&about["namespace"]),
            text(&about["serviceaccount"]["name"]),
        );
        let account = self.object_at("serviceaccounts", &namespace, &name);
        let account = account.ok_or_else(|| format!("serviceaccounts {name:?} not found"))?;
        let claimed = text(&about["serviceaccount"]["uid"]);
        if account.uid() != claimed {
            let why = "does not match claim";
            return Err(Some(format!(
                "service account UID ({}) {why} ({claimed})",
                account.uid()
            )));
        }
        let mut extra = BTreeMap::new();
        let mut tell = |what: &str, text: &str| {
            let key = format!("authentication.kubernetes.io/{what}");
            extra.insert(key, vec![text.to_owned()]);
        };
        tell("credential-id", &format!("JTI={}", text(&claims["jti"])));
        for (claim, plural) in [("secret", "secrets"), ("pod", "pods"), ("node", "nodes")] {
            let claimed = &about[claim];
            if !claimed.is_object() {
                continue;
            }
            // A pod may name a node that is not there.
            if claimed["uid"].is_string() {
                let place = if claim == "node" { "" } else { &*namespace };
                self.check_bound((claim, plural), place, claimed)?;
            }
            for field in ["name", "uid"] {
                if let Some(text) = claimed[field].as_str().filter(|_| claim != "secret") {
                    tell(&format!("{claim}-{field}"), text);
                }
            }
        }
        let user = User {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            uid: account.uid().to_owned(),
            groups: Vec::new(),
            extra,
        };
        Ok(user.in_implied_groups())
    }

    /// Refuses a token once what it is bound to is gone, or is another object of the same name.
    fn check_bound(
        &self,
        (claim, plural): (&str, &str),
        namespace: &str,
        claimed: &Value,
    ) -> Result<(), Option<String>> {
        let text = |field: &str| claimed[field].as_str().unwrap_or_default();
        let object = self.object_at(plural, namespace, text("name"));
        let object =
            object.ok_or_else(|| "service account token has been invalidated".to_owned())?;
        if object.uid() == text("uid") {
            return Ok(());
        }
        let called = match claim {
            "secret" => "service account secret",
            "pod" => "service account pod",
            _ => "service account node",
        };
        Err(Some(format!(
            "{claim} UID ({}) does not match {called} ref claim ({})",
            object.uid(),
            text("uid")
        )))
    }

    fn object_at(&self, plural: &str, namespace: &str, name: &str) -> Option<&Object> {
        let table = self.registry.get("", "v1", plural).table;
        let object = self.log.get(table, &Key::new(namespace, name));
        object.map(|object| &**object)
    }
}

/// What is asked for, with what Go cannot leave out of it and who owns the rest.
fn asked(body: &Value, options: &WriteOptions, now: Timestamp) -> Value {
    let mut asked = json!({
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": body["metadata"], "spec": body["spec"],
    });
    if !asked["spec"].is_object() {
        asked["spec"] = json!({});
    }
    if asked["spec"]["expirationSeconds"].is_null() {
        asked["spec"]["expirationSeconds"] = DEFAULT_SECONDS.into();
    }
    if let Some(status) = body.get("status") {
        asked["status"] = status.clone();
    }
    let at = ("authentication.k8s.io/v1", "token");
    let schema = builtin("authentication.k8s.io", "v1", "TokenRequest").unwrap_or_default();
    ownership::track_as(&mut asked, &schema, at, options, now);
    for (part, fields) in [
        ("spec", json!({"audiences": null, "boundObjectRef": null})),
        ("status", no_token()),
    ] {
        for (field, nothing) in fields.as_object().into_iter().flatten() {
            if asked[part][field.as_str()].is_null() {
                asked[part][field.as_str()] = nothing.clone();
            }
        }
    }
    asked
}

/// The status of a request that is not granted yet.
fn no_token() -> Value {
    json!({"token": "", "expirationTimestamp": null})
}

/// Group and version of an `apiVersion`; neither, if there are more parts.
fn group_version(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        None => ("", text),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some(both) => both,
    }
}

fn claim_of(object: &Object) -> Value {
    json!({"name": object.name(), "uid": object.uid()})
}

fn about(account: &Object, bound: &[(&str, Value)]) -> Value {
    let mut about = json!({
        "namespace": account.namespace(),
        "serviceaccount": claim_of(account),
    });
    for (kind, claim) in bound {
        about[*kind] = claim.clone();
    }
    about
}

/// Texts as Go prints a list of them.
fn go_list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

fn check_name(body: &Value, name: &str) -> Result<(), Status> {
    match body["metadata"]["name"].as_str().unwrap_or_default() {
        "" => Ok(()),
        given if given == name => Ok(()),
        given => {
            let detail = "must match the service account name if specified";
            let cause = invalid("metadata.name", given, detail);
            Err(Status::invalid(&TOKEN_REQUEST, name, &[cause]))
        }
    }
}

fn check_uid(asked: &str, (kind, object): (&str, &Object)) -> Result<(), Status> {
    if asked.is_empty() || asked == object.uid() {
        return Ok(());
    }
    let kind = Qualified {
        group: "",
        name: kind,
    };
    let why = format!(
        "the UID in the bound object reference ({asked}) does not match the UID in record. The object might have been deleted and then recreated"
    );
    Err(Status::conflicting(&kind, object.name(), &why))
}

fn check_lifetime(lifetime: i64) -> Result<(), Status> {
    let detail = if lifetime < SECONDS_MIN {
        "may not specify a duration less than 10 minutes"
    } else if lifetime > SECONDS_MAX {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let cause = invalid_json("spec.expirationSeconds", &lifetime.to_string(), detail);
    Err(Status::invalid(&TOKEN_REQUEST, "", &[cause]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        let mut secret = TokenSecret::default();
        secret.0[..4].copy_from_slice(b"Jefe");
        let hex: String = secret
            .signature("what do ya want for nothing?")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex, expected);
    }

    #[test]
    fn a_secret_is_printed_nowhere() {
        assert_eq!(format!("{:?}", TokenSecret::of(1)), "TokenSecret");
    }

    #[test]
    fn a_token_that_nobody_granted_is_not_known() {
        let kernel = Kernel::new();
        for token in ["", "a", "a.b.c", "e30.e30."] {
            assert_eq!(kernel.bearer(token, &[], Timestamp::UNIX_EPOCH), Err(None));
        }
    }
}
