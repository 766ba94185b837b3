//! Somebody who asks.

use std::collections::BTreeMap;

use crate::json::{Value, json};

/// The group whose members may do everything.
const MASTERS: &str = "system:masters";
/// The group of everybody with credentials.
const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody without.
const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user without credentials.
const ANONYMOUS: &str = "system:anonymous";
/// What the name of a service account's user begins with.
const ACCOUNT_PREFIX: &str = "system:serviceaccount:";

/// A user as authentication describes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Such as `alice` or `system:serviceaccount:default:builder`.
    pub name: String,
    /// Empty if there is none.
    pub uid: String,
    /// Every group the user is in.
    pub groups: Vec<String>,
    /// Whatever else is known.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// The user whom nothing is refused.
    #[must_use]
    pub fn admin() -> Self {
        Self {
            name: "admin".to_owned(),
            groups: vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()],
            ..Self::default()
        }
    }

    /// Whether no question needs to be asked.
    #[must_use]
    pub fn is_master(&self) -> bool {
        self.is_in(MASTERS)
    }

    /// Whether the user is in `group`.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|known| known == group)
    }

    /// The namespace and the name of the service account that this user is.
    #[must_use]
    pub fn account(&self) -> Option<(&str, &str)> {
        let (namespace, name) = self.name.strip_prefix(ACCOUNT_PREFIX)?.split_once(':')?;
        let is_account = !namespace.is_empty() && !name.is_empty() && !name.contains(':');
        is_account.then_some((namespace, name))
    }

    /// The service account of this name, in no other groups than those of service accounts.
    ///
    /// Source: apiserver v0.34.3, pkg/authentication/serviceaccount/util.go, `UserInfo`.
    #[must_use]
    pub fn of_account(namespace: &str, name: &str) -> Self {
        Self {
            name: format!("{ACCOUNT_PREFIX}{namespace}:{name}"),
            groups: account_groups(namespace),
            ..Self::default()
        }
    }

    /// The same user in the groups that come with the name.
    ///
    /// Source: kubernetes v1.34 `apiserver/pkg/endpoints/filters/impersonation.go`.
    #[must_use]
    pub fn in_implied_groups(mut self) -> Self {
        if self.groups.is_empty()
            && let Some((namespace, _)) = self.account()
        {
            self.groups = account_groups(namespace);
        }
        let implied = if self.name == ANONYMOUS {
            UNAUTHENTICATED
        } else {
            AUTHENTICATED
        };
        if !self.is_in(AUTHENTICATED) && !self.is_in(UNAUTHENTICATED) {
            self.groups.push(implied.to_owned());
        }
        self
    }

    /// The `userInfo` of reviews.
    #[must_use]
    pub fn info(&self) -> Value {
        let mut info = json!({"username": self.name});
        if !self.uid.is_empty() {
            info["uid"] = self.uid.as_str().into();
        }
        if !self.groups.is_empty() {
            info["groups"] = self.groups.clone().into();
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }
}

/// The groups of every service account of a namespace.
fn account_groups(namespace: &str) -> Vec<String> {
    let of_namespace = format!("system:serviceaccounts:{namespace}");
    vec!["system:serviceaccounts".to_owned(), of_namespace]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::person("alice", &["devs"], &["devs", "system:authenticated"])]
    #[case::account("system:serviceaccount:ns:sa", &[], &["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"])]
    #[case::account_with_groups("system:serviceaccount:ns:sa", &["g"], &["g", "system:authenticated"])]
    #[case::nobody("system:anonymous", &[], &["system:unauthenticated"])]
    fn a_name_implies_groups(
        #[case] name: &str,
        #[case] groups: &[&str],
        #[case] expected: &[&str],
    ) {
        let user = User {
            name: name.to_owned(),
            groups: groups.iter().map(ToString::to_string).collect(),
            ..User::default()
        };
        assert_eq!(user.in_implied_groups().groups, expected);
    }

    #[rstest]
    #[case("system:serviceaccount:ns:sa", Some(("ns", "sa")))]
    #[case("system:serviceaccount:ns", None)]
    #[case("system:serviceaccount:ns:sa:x", None)]
    #[case("alice", None)]
    fn a_name_may_be_that_of_a_service_account(
        #[case] name: &str,
        #[case] account: Option<(&str, &str)>,
    ) {
        let user = User {
            name: name.to_owned(),
            ..User::default()
        };
        assert_eq!(user.account(), account);
    }
}
