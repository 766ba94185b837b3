//! Tokens of service accounts: granted on request, known again when somebody brings one.
//!
//! A token is a JSON Web Token with the claims of a real one, but signed with a secret of this server (HS256) instead of
//! a key that others can verify. Tokens bound to a Node, and the refusal of those whose Secret is gone, are absent.
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
use super::metadata::{invalid_json, seconds};
use super::object::{Key, Object};
use super::ownership;
use super::request::{Request, WriteOptions};
use super::status::{Qualified, Status};
use crate::access::User;
use crate::json::{Map, Value, json};

/// For whom a token is unless it says otherwise, and who grants it.
pub(crate) const AUDIENCE: &str = "https://kubernetes.default.svc.cluster.local";
/// How long a token is good for unless the request says otherwise.
const DEFAULT_SECONDS: i64 = 3600;
/// The shortest life of a token.
const SECONDS_MIN: i64 = 600;
/// The longest one.
const SECONDS_MAX: i64 = 1 << 32;
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
        let account = self.find(request)?;
        let attempt = Attempt::action(request, body, options);
        let mutated = self.mutate(&attempt, context)?;
        let attempt = attempt.of(mutated.as_ref());
        let body = mutated.as_ref().unwrap_or(body);
        let mut spec = body["spec"].as_object().cloned().unwrap_or_default();
        let lifetime = spec
            .get("expirationSeconds")
            .and_then(Value::as_i64)
            .unwrap_or(DEFAULT_SECONDS);
        spec.insert("expirationSeconds".to_owned(), lifetime.into());
        check_lifetime(lifetime)?;
        let bound = self.bound(request, &spec)?;
        self.admit(&attempt, context)?;
        let mut granted = json!({
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": spec,
        });
        ownership::track_posted(
            &mut granted,
            ("authentication.k8s.io/v1", "token"),
            options,
            context.now,
        );
        let audiences = match spec.get("audiences").and_then(Value::as_array) {
            Some(list) if !list.is_empty() => list.clone(),
            _ => vec![AUDIENCE.into()],
        };
        granted["spec"]["audiences"] = audiences.clone().into();
        granted["spec"].as_object_mut().map(|spec| {
            spec.entry("boundObjectRef")
                .or_insert(Value::Null)
                .is_null()
        });
        let metadata = &mut granted["metadata"];
        metadata["name"] = account.name().into();
        metadata["namespace"] = account.namespace().into();
        metadata["uid"] = account.uid().into();
        metadata["creationTimestamp"] = seconds(context.now).into();
        let end = context.now + SignedDuration::from_secs(lifetime);
        let claims = json!({
            "aud": audiences,
            "exp": end.as_second(),
            "iat": context.now.as_second(),
            "iss": AUDIENCE,
            "jti": context.ids.uid(),
            "kubernetes.io": about(account, bound),
            "nbf": context.now.as_second(),
            "sub": format!("system:serviceaccount:{}:{}", account.namespace(), account.name()),
        });
        granted["status"] =
            json!({"token": self.signed(&claims), "expirationTimestamp": seconds(end)});
        Ok(Answer::Done(201, granted))
    }

    /// The object that a token is to end with, as its claim.
    fn bound(&self, request: &Request, spec: &Map) -> Result<Option<(String, Value)>, Status> {
        let Some(reference) = spec
            .get("boundObjectRef")
            .filter(|reference| reference.is_object())
        else {
            return Ok(None);
        };
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let plural = match text("kind") {
            "Pod" => "pods",
            "Secret" => "secrets",
            other => {
                return Err(Status::bad_request(format!(
                    "cannot bind token to object of type {}/, Kind={other}",
                    text("apiVersion")
                )));
            }
        };
        let key = Key::new(&request.namespace, text("name"));
        let table = self.registry.get("", "v1", plural).table;
        let resource = Qualified {
            group: "",
            name: plural,
        };
        let Some(object) = self.log.get(table, &key) else {
            return Err(Status::not_found(&resource, &key.name));
        };
        let uid = text("uid");
        if !uid.is_empty() && uid != object.uid() {
            let mut status = Status::conflict(&resource, &key.name);
            status.message = format!(
                "Operation cannot be fulfilled on {plural} {:?}: the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated",
                key.name
            );
            return Err(status);
        }
        let claim = json!({"name": object.name(), "uid": object.uid()});
        Ok(Some((text("kind").to_lowercase(), claim)))
    }

    fn signed(&self, claims: &Value) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let head = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let text = format!("{head}.{}", encode(&claims.to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.token_secret.signature(&text));
        format!("{text}.{signature}")
    }

    /// Who brings a token; `None` if it was not granted here, has ended, or its account or its pod is another by now.
    pub(crate) fn bearer(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Digests are compared, so that the time it takes tells nothing of the signature.
        if Sha256::digest(signature) != Sha256::digest(self.token_secret.signature(text)) {
            return None;
        }
        let (_, claims) = text.split_once('.')?;
        let claims: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        if claims["exp"].as_i64()? <= now.as_second() {
            return None;
        }
        let about = &claims["kubernetes.io"];
        let (namespace, name) = (
            about["namespace"].as_str()?,
            about["serviceaccount"]["name"].as_str()?,
        );
        let account = self.object_of("serviceaccounts", namespace, &about["serviceaccount"])?;
        let mut extra = BTreeMap::new();
        let credential = format!("JTI={}", claims["jti"].as_str()?);
        extra.insert(
            "authentication.kubernetes.io/credential-id".to_owned(),
            vec![credential],
        );
        if about["pod"].is_object() {
            let pod = self.object_of("pods", namespace, &about["pod"])?;
            for (field, text) in [("name", pod.name()), ("uid", pod.uid())] {
                extra.insert(
                    format!("authentication.kubernetes.io/pod-{field}"),
                    vec![text.to_owned()],
                );
            }
        }
        let user = User {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            uid: account.uid().to_owned(),
            groups: Vec::new(),
            extra,
        };
        let audiences = claims["aud"].as_array()?.iter();
        Some(Bearer {
            user: user.in_implied_groups(),
            audiences: audiences
                .filter_map(|text| Some(text.as_str()?.to_owned()))
                .collect(),
        })
    }

    /// The object that a claim names, unless it is another one of the same name.
    fn object_of(&self, plural: &str, namespace: &str, claim: &Value) -> Option<&Object> {
        let key = Key::new(namespace, claim["name"].as_str()?);
        let object = self
            .log
            .get(self.registry.get("", "v1", plural).table, &key)?;
        (object.uid() == claim["uid"].as_str()?).then_some(object)
    }
}

fn about(account: &Object, bound: Option<(String, Value)>) -> Value {
    let mut about = json!({
        "namespace": account.namespace(),
        "serviceaccount": {"name": account.name(), "uid": account.uid()},
    });
    if let Some((kind, claim)) = bound {
        about[kind.as_str()] = claim;
    }
    about
}

fn check_lifetime(lifetime: i64) -> Result<(), Status> {
    let detail = if lifetime < SECONDS_MIN {
        "may not specify a duration less than 10 minutes"
    } else if lifetime > SECONDS_MAX {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let kind = Qualified {
        group: "authentication.k8s.io",
        name: "TokenRequest",
    };
    let cause = invalid_json("spec.expirationSeconds", &lifetime.to_string(), detail);
    Err(Status::invalid(&kind, "", &[cause]))
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
            assert_eq!(kernel.bearer(token, Timestamp::UNIX_EPOCH), None);
        }
    }
}
