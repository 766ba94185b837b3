//! What is used of quotas, counted anew whenever something is gone.
//!
//! Source: kubernetes v1.34 `pkg/controller/resourcequota/resource_quota_controller.go` and `resource_quota_monitor.go`;
//! here nothing waits for the next full count.

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::Client;
use kube::api::{Api, PostParams};
use kube::core::ApiResource;

use super::error::{CollectError, unless_overtaken};
use super::kinds::Served;
use crate::json::json;
use crate::part::{Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};
use crate::store::quota::{Amounts, Measured, add, amounts, is_in_scope, written};

/// The watch of ResourceQuotas; it comes first.
const QUOTAS: usize = 0;
const QUOTA: &str = "ResourceQuota";

/// Fills in the status of quotas.
///
/// It follows what quotas are about, and nothing before there is a quota.
pub struct Quotas {
    client: Client,
    /// What the watches after the first one follow.
    followed: Vec<Followed>,
    /// Watches of what quotas have lately begun to be about.
    learned: Vec<Watch>,
}

/// A resource of which quotas measure something.
#[derive(PartialEq, Eq)]
struct Followed {
    group: String,
    plural: String,
}

impl Followed {
    fn measured(&self) -> Measured<'_> {
        Measured {
            group: &self.group,
            plural: &self.plural,
        }
    }
}

impl Quotas {
    /// Works through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            followed: Vec::new(),
            learned: Vec::new(),
        }
    }

    async fn count(
        &mut self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<Option<SignedDuration>, Failure> {
        let Some(quota) = caches.get(QUOTAS, key) else {
            return Ok(None);
        };
        let hard = amounts(&quota.data["spec"]["hard"]);
        if self.follow(&hard, key).await? {
            return Ok(Some(SignedDuration::ZERO));
        }
        let used = self.used(quota, &hard, (key, caches), now);
        let status = &quota.data["status"];
        if amounts(&status["hard"]) == hard && amounts(&status["used"]) == used {
            return Ok(None);
        }
        let mut value = quota.to_value()?;
        value["status"] = json!({"hard": quota.data["spec"]["hard"], "used": written(&used)});
        let counted: ResourceQuota = crate::json::from_value(&value)?;
        let quotas: Api<ResourceQuota> = Api::namespaced(self.client.clone(), &key.namespace);
        let params = PostParams::default();
        let result = quotas.replace_status(&key.name, &params, &counted).await;
        unless_overtaken(result).map_err(CollectError::during("count what is used of", key))?;
        Ok(None)
    }

    /// Begins to follow whatever a quota is about; whether there was something new.
    async fn follow(&mut self, hard: &Amounts, key: &Key) -> Result<bool, Failure> {
        let n_before = self.followed.len();
        for name in hard.keys() {
            let measured = Measured::by(name);
            if self
                .followed
                .iter()
                .any(|known| known.measured() == measured)
            {
                continue;
            }
            let served = match measured.group {
                "" => Served::core(measured.plural),
                group => {
                    let name = format!("{}.{group}", measured.plural);
                    let served = Served::called(&self.client, &name).await;
                    served.map_err(CollectError::during("discover what is counted by", key))?
                }
            };
            let Some(served) = served.filter(|served| served.namespaced) else {
                continue;
            };
            let watch = Watch::all(served.resource);
            self.learned.push(match measured.is_looked_into() {
                true => watch,
                false => watch.metadata_only(),
            });
            self.followed.push(Followed {
                group: measured.group.to_owned(),
                plural: measured.plural.to_owned(),
            });
        }
        Ok(self.followed.len() > n_before)
    }

    /// What the objects of a namespace take of what a quota is about.
    fn used(
        &self,
        quota: &PartObject,
        hard: &Amounts,
        (key, caches): (&Key, &Caches),
        now: Timestamp,
    ) -> Amounts {
        let mut used = Amounts::new();
        for (index, followed) in self.followed.iter().enumerate() {
            let measured = followed.measured();
            let is_its = |name: &&String| Measured::by(name) == measured;
            if !hard.keys().any(|name| is_its(&name)) {
                continue;
            }
            let here = caches.of(QUOTAS + 1 + index).iter();
            let here = here.filter(|((namespace, _), _)| *namespace == key.namespace);
            for (_, object) in here {
                let Ok(object) = object.to_value() else {
                    continue;
                };
                if is_in_scope(measured, &quota.data["spec"], &object) {
                    add(&mut used, &measured.usage(&object, now));
                }
            }
        }
        let is_known = |name: &&String| {
            let measured = Measured::by(name);
            self.followed.iter().any(|it| it.measured() == measured)
        };
        let of = |name: &String| used.get(name).copied().unwrap_or_default();
        let known = hard.keys().filter(is_known);
        known.map(|name| (name.clone(), of(name))).collect()
    }
}

impl Part for Quotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::all(ApiResource::erase::<ResourceQuota>(&()))]
    }

    fn further_watches(&mut self) -> Vec<Watch> {
        std::mem::take(&mut self.learned)
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        let namespace = change.object.metadata.namespace.as_deref();
        let namespace = namespace.unwrap_or_default();
        if change.watch == QUOTAS {
            return match change.kind {
                ChangeKind::Applied => vec![Wake::now(Key::of(QUOTA, &change.object))],
                ChangeKind::Deleted => Vec::new(),
            };
        }
        let followed = self.followed.get(change.watch - QUOTAS - 1);
        let may_take_less = change.kind == ChangeKind::Deleted
            || followed.is_some_and(|followed| followed.measured().is_looked_into());
        let quotas = caches.of(QUOTAS).keys();
        let here = quotas.filter(|(place, _)| may_take_less && place == namespace);
        let key = |(namespace, name): &(String, String)| Key {
            kind: QUOTA.to_owned(),
            namespace: namespace.clone(),
            name: name.clone(),
        };
        here.map(|place| Wake::now(key(place))).collect()
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(self.count(key, caches, now))
    }
}
