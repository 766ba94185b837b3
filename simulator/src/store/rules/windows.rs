//! Options of pods and containers for Windows.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateWindowsSecurityContextOptions` and
//! `validateWindowsHostProcessPod`.

use std::sync::LazyLock;

use regex::Regex;

use super::part::{containers, refuse};
use crate::json::Value;
use crate::store::naming::subdomain_faults;
use crate::store::schema::cause::{invalid, invalid_shown};
use crate::store::status::Cause;

const CREDENTIALS_BYTES_MAX: usize = 64 * 1024;
const DOMAIN_BYTES_MAX: usize = 256;
const USER_BYTES_MAX: usize = 104;
/// What the name of a user may not contain.
const FORBIDDEN: &str = "\"/\\:;|=,+*?<>@[]";

/// The two forms of domains: of NetBIOS and of DNS.
static DOMAINS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    let pattern = |text: &str| Regex::new(text).expect("the pattern compiles");
    [
        pattern(r#"^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$"#),
        pattern(&format!(r"^{label}(?:\.{label})*$")),
    ]
});

/// What is wrong with the options of a security context, which lies at `path`.
pub(super) fn faults(path: &str, context: &Value, causes: &mut Vec<Cause>) {
    let options = &context["windowsOptions"];
    let path = format!("{path}.windowsOptions");
    if let Some(name) = options["gmsaCredentialSpecName"].as_str() {
        let field = format!("{path}.gmsaCredentialSpecName");
        refuse(&field, name, subdomain_faults(name), causes);
    }
    if let Some(text) = options["gmsaCredentialSpec"].as_str() {
        let why = match text.len() {
            0 => Some("gmsaCredentialSpec cannot be an empty string"),
            1..=CREDENTIALS_BYTES_MAX => None,
            _ => Some("gmsaCredentialSpec size must be under 64 KiB"),
        };
        let field = format!("{path}.gmsaCredentialSpec");
        causes.extend(why.map(|why| invalid(field, &text.into(), why)));
    }
    if let Some(name) = options["runAsUserName"].as_str() {
        let (field, shown) = (
            format!("{path}.runAsUserName"),
            Value::from(name).to_string(),
        );
        let faults = user_faults(name).into_iter();
        causes.extend(faults.map(|why| {
            // Go quotes what may be absent as JSON.
            invalid_shown(&*field, &shown, &format!("runAsUserName{why}"))
        }));
    }
}

/// What is wrong with a user such as `DOMAIN\user`.
fn user_faults(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec![" cannot be an empty string".to_owned()];
    }
    if name.contains(|letter: char| letter.is_ascii_control()) {
        return vec![" cannot contain control characters".to_owned()];
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, user)) if user.contains('\\') => {
            return vec![" cannot contain more than one backslash".to_owned()];
        }
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut faults = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= DOMAIN_BYTES_MAX) {
        faults.push(format!(
            "'s Domain length must be under {DOMAIN_BYTES_MAX} characters"
        ));
    }
    let fits = |domain: &str| DOMAINS.iter().any(|form| form.is_match(domain));
    if domain.is_some_and(|domain| !fits(domain)) {
        faults.push("'s Domain doesn't match the NetBios nor the DNS format".to_owned());
    }
    if user.is_empty() {
        faults.push("'s User cannot be empty".to_owned());
    } else if user.len() > USER_BYTES_MAX {
        faults.push(format!(
            "'s User length must not be longer than {USER_BYTES_MAX} characters"
        ));
    }
    if !user.is_empty() && user.chars().all(|letter| ". ".contains(letter)) {
        faults.push("'s User cannot contain only periods or spaces".to_owned());
    }
    if user.contains(|letter| FORBIDDEN.contains(letter)) {
        faults.push(format!(
            "'s User cannot contain the following characters: {FORBIDDEN}"
        ));
    }
    faults
}

/// What is wrong with a spec some of whose containers are processes of the node.
pub(super) fn host_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let wish = |part: &Value| part["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
    let of_pod = wish(spec);
    let all = Vec::from_iter(containers(path, spec));
    let mut n_processes = 0;
    for (path, container) in &all {
        let own = wish(container);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let why = format!(
                "pod hostProcess value must be identical if both are specified, was {of_pod}"
            );
            let field = format!("{path}.securityContext.windowsOptions.hostProcess");
            causes.push(invalid(field, &own.into(), &why));
        }
        n_processes += usize::from(own.or(of_pod) == Some(true));
    }
    if n_processes == 0 {
        return;
    }
    if n_processes != all.len() {
        let why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        causes.push(invalid(path, &"".into(), why));
    }
    if spec["hostNetwork"] != true {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        causes.push(invalid(format!("{path}.hostNetwork"), &false.into(), why));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case("a", &[])]
    #[case("-a.b\\c", &[])]
    #[case("", &[" cannot be an empty string"])]
    #[case("a\u{1}b", &[" cannot contain control characters"])]
    #[case("a\\b\\c", &[" cannot contain more than one backslash"])]
    #[case("\\b", &["'s Domain doesn't match the NetBios nor the DNS format"])]
    #[case("a\\", &["'s User cannot be empty"])]
    #[case("...", &["'s User cannot contain only periods or spaces"])]
    #[case("a*b", &["'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"])]
    fn users_are_read(#[case] name: &str, #[case] expected: &[&str]) {
        assert_eq!(user_faults(name), expected);
    }

    #[rstest]
    #[case::inherited(json!(true), json!(null), true, &[])]
    #[case::not_all_alike(json!(true), json!(false), true, &["s.containers[0].securityContext.windowsOptions.hostProcess"])]
    #[case::own_network(json!(null), json!(true), false, &["s.hostNetwork"])]
    #[case::none(json!(null), json!(false), false, &[])]
    fn processes_of_the_node_are_alike(
        #[case] of_pod: Value,
        #[case] own: Value,
        #[case] is_on_host: bool,
        #[case] expected: &[&str],
    ) {
        let context = |wish: Value| json!({"windowsOptions": {"hostProcess": wish}});
        let spec = json!({"hostNetwork": is_on_host, "securityContext": context(of_pod), "containers": [{"securityContext": context(own)}]});
        let mut causes = Vec::new();
        host_faults("s", &spec, &mut causes);
        let found = Vec::from_iter(causes.iter().map(|cause| &*cause.field));
        assert_eq!(found, expected);
    }
}
