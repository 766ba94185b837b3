//! Subresources that lead to a node, up to where somebody would have to be called there.
//!
//! Simplified: who stands behind an address is never asked, which is 501.
//!
//! Source: kubernetes v1.34 `pkg/registry/core/pod/strategy.go`, `pkg/registry/core/service/storage/storage.go` and
//! `pkg/registry/core/node/strategy.go` (`ResourceLocation`), `pkg/registry/core/pod/rest/subresources.go`.

use http::Method;

use super::call::Call;
use super::query::Query;
use super::resource::not_allowed;
use super::route::Target;
use super::service::ApiServer;
use super::state::State;
use crate::json::Value;
use crate::store::object::{Key, Object};
use crate::store::pod_log::container_of;
use crate::store::registry::Served;
use crate::store::status::Status;

/// What is called through a subresource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A container of a pod.
    Container,
    /// The ports of a pod.
    Ports,
    /// Whatever answers behind an address.
    Address,
}

impl Way {
    fn of(target: &Target, served: &Served) -> Option<Self> {
        let (first, rest) = match target.subresource.split_once('/') {
            Some((first, rest)) => (first, rest),
            None => (target.subresource.as_str(), ""),
        };
        let kind = &served.kind;
        let is_there = ["Pod", "Service", "Node"]
            .iter()
            .any(|name| kind.is("", name))
            && kind.subresources.iter().any(|name| name == first)
            && kind.namespaced != target.namespace.is_empty()
            && !target.watch;
        match first {
            "exec" | "attach" if is_there && rest.is_empty() => Some(Self::Container),
            "portforward" if is_there && rest.is_empty() => Some(Self::Ports),
            "proxy" if is_there => Some(Self::Address),
            _ => None,
        }
    }

    fn allows(self, method: &Method) -> bool {
        match self {
            Self::Container | Self::Ports => matches!(*method, Method::GET | Method::POST),
            Self::Address => matches!(
                *method,
                Method::GET
                    | Method::HEAD
                    | Method::POST
                    | Method::PUT
                    | Method::PATCH
                    | Method::DELETE
                    | Method::OPTIONS
            ),
        }
    }
}

/// A name with the scheme and the port that stand around it.
struct Place<'a> {
    name: &'a str,
    port: &'a str,
}

impl<'a> Place<'a> {
    /// Source: apimachinery v0.34 `pkg/util/net/port_split.go`, `SplitSchemeNamePort`.
    fn read(id: &'a str) -> Option<Self> {
        let parts: Vec<&str> = id.split(':').collect();
        let (scheme, name, port) = match *parts.as_slice() {
            [name] => ("", name, ""),
            [name, port] => ("", name, port),
            [scheme, name, port] => (scheme, name, port),
            _ => return None,
        };
        let is_good = !name.is_empty() && matches!(scheme, "" | "http" | "https");
        is_good.then_some(Self { name, port })
    }
}

impl ApiServer {
    /// Why a call that is to be passed on to a node is not; nothing for other calls.
    pub(super) fn unconnected(
        &self,
        call: &Call,
        target: &Target,
        served: &Served,
    ) -> Option<Status> {
        let way = Way::of(target, served)?;
        if !way.allows(&call.method) {
            return Some(not_allowed());
        }
        let state = self.lock();
        let found = match (way, served.kind.kind.as_str()) {
            (Way::Container, _) => container(&state, call, (target, served)),
            (Way::Ports, _) => ports(&state, call, (target, served)),
            (Way::Address, "Pod") => pod_address(&state, target, served),
            (Way::Address, "Service") => service_address(&state, target, served),
            (Way::Address, _) => node_address(&state, target, served),
        };
        let subresource = target.subresource.split('/').next().unwrap_or_default();
        let what = format!("the subresource {}/{subresource}", served.kind.plural);
        let nobody = || Status::not_implemented(&what);
        Some(found.err().unwrap_or_else(nobody))
    }
}

fn object<'s>(
    state: &'s State,
    (namespace, name): (&str, &str),
    served: &Served,
) -> Result<&'s Object, Status> {
    let found = state
        .kernel
        .log()
        .get(served.table, &Key::new(namespace, name));
    let missing = || Status::not_found(&served.kind.resource(), name);
    found.map(AsRef::as_ref).ok_or_else(missing)
}

fn container(
    state: &State,
    call: &Call,
    (target, served): (&Target, &Served),
) -> Result<(), Status> {
    let pod = object(state, (&target.namespace, &target.name), served)?;
    let query = Query::parse(call.uri.query().unwrap_or_default());
    container_of(pod, query.text("container"))?;
    check_host(pod)
}

fn ports(state: &State, call: &Call, (target, served): (&Target, &Served)) -> Result<(), Status> {
    let query = Query::parse(call.uri.query().unwrap_or_default());
    let numbers = query.all("ports").iter().flat_map(|ports| ports.split(','));
    for text in numbers.map(str::trim).filter(|text| !text.is_empty()) {
        if text.parse::<u32>().is_err() {
            return Err(Status::bad_request(format!(
                "cannot convert to []int32: strconv.ParseUint: parsing {text:?}: invalid syntax"
            )));
        }
    }
    check_host(object(state, (&target.namespace, &target.name), served)?)
}

fn check_host(pod: &Object) -> Result<(), Status> {
    match pod.value()["spec"]["nodeName"].as_str() {
        None | Some("") => Err(Status::bad_request(format!(
            "pod {} does not have a host assigned",
            pod.name()
        ))),
        Some(_) => Ok(()),
    }
}

fn place<'t>(target: &'t Target, what: &str) -> Result<Place<'t>, Status> {
    let id = &target.name;
    Place::read(id).ok_or_else(|| Status::bad_request(format!("invalid {what} request {id:?}")))
}

fn pod_address(state: &State, target: &Target, served: &Served) -> Result<(), Status> {
    let place = place(target, "pod")?;
    let pod = object(state, (&target.namespace, place.name), served)?;
    match pod.value()["status"]["podIP"].as_str() {
        None | Some("") => Err(Status::bad_request("address not allowed")),
        Some(_) => Ok(()),
    }
}

fn service_address(state: &State, target: &Target, served: &Served) -> Result<(), Status> {
    let place = place(target, "service")?;
    let whose = (target.namespace.as_str(), place.name);
    let mut port = place.port;
    if let Ok(number) = place.port.parse::<i64>() {
        let service = object(state, whose, served)?.value();
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        let named = ports.into_iter().find(|port| port["port"] == number);
        let Some(named) = named else {
            let name = place.name;
            return Err(unavailable(format!(
                "no service port {number} found for service {name:?}"
            )));
        };
        port = named["name"].as_str().unwrap_or_default();
    }
    let endpoints = state.kernel.registry().get("", "v1", "endpoints");
    let found = state
        .kernel
        .log()
        .get(endpoints.table, &Key::new(whose.0, whose.1));
    let Some(found) = found else {
        return Err(Status::not_found(&served.kind.resource(), place.name));
    };
    let subsets = found.value()["subsets"].as_array();
    if subsets.is_none_or(Vec::is_empty) {
        return Err(nobody_behind(place.name));
    }
    let leads_on = |subset: &Value| {
        let is_ready = subset["addresses"]
            .as_array()
            .is_some_and(|all| !all.is_empty());
        let mut ports = subset["ports"].as_array().into_iter().flatten();
        is_ready && ports.any(|known| known["name"].as_str().unwrap_or_default() == port)
    };
    match subsets.into_iter().flatten().any(leads_on) {
        true => Ok(()),
        false => Err(nobody_behind(&target.name)),
    }
}

fn nobody_behind(service: &str) -> Status {
    unavailable(format!("no endpoints available for service {service:?}"))
}

fn unavailable(message: String) -> Status {
    Status {
        code: 503,
        reason: "ServiceUnavailable".into(),
        message,
        details: None,
    }
}

fn node_address(state: &State, target: &Target, served: &Served) -> Result<(), Status> {
    let place = place(target, "node")?;
    let node = object(state, ("", place.name), served)?;
    let addresses = node.value()["status"]["addresses"].as_array();
    if addresses.is_none_or(Vec::is_empty) {
        return Err(Status {
            code: 500,
            reason: "".into(),
            message: "no preferred addresses found; known addresses: []".to_owned(),
            details: None,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", Some(("a", "")))]
    #[case("a:80", Some(("a", "80")))]
    #[case("https:a:http", Some(("a", "http")))]
    #[case("ftp:a:21", None)]
    #[case(":80", None)]
    #[case("a:b:c:d", None)]
    fn a_name_may_have_a_scheme_and_a_port(
        #[case] id: &str,
        #[case] expected: Option<(&str, &str)>,
    ) {
        let place = Place::read(id).map(|place| (place.name, place.port));
        assert_eq!(place, expected);
    }
}
