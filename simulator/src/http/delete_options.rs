//! The options of a deletion, from its body or from the parameters of a call.
//!
//! Source: `spec/kube-api.md` §1.15.

use super::options::integer;
use super::query::Query;
use crate::json::{Value, json};
use crate::store::json_type::json_type;
use crate::store::kind::{UNVERSIONED, unregistered};
use crate::store::request::DeleteOptions;
use crate::store::status::Status;

/// Options of a deletion: those of the body, be it as good as empty, or else those of the parameters.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/delete.go, `DeleteResource`.
pub(crate) fn delete(query: &Query, body: Option<Value>) -> Result<DeleteOptions, Status> {
    match body {
        Some(Value::Null) => DeleteOptions::read(&json!({})),
        Some(body) => {
            check_delete_types(&body)?;
            DeleteOptions::read(&body)
        }
        None => DeleteOptions::read(&query_deletion(query)?),
    }
}

/// Refuses a body that is of another kind, or does not fit the Go type of options of a deletion.
///
/// Source: apimachinery v0.34 `pkg/apis/meta/v1/types.go`, `DeleteOptions`; `pkg/runtime/scheme.go`.
fn check_delete_types(body: &Value) -> Result<(), Status> {
    let bare = |message: String| Status {
        reason: "".into(),
        ..Status::internal(message)
    };
    let kind = body["kind"].as_str().unwrap_or("DeleteOptions");
    let version = body["apiVersion"].as_str().unwrap_or("meta.k8s.io/v1");
    if version.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {version}");
        return Err(bare(why));
    }
    if version == "v1" && UNVERSIONED.contains(&kind) {
        return Err(bare(format!(
            "converting (v1.{kind}) to (v1.DeleteOptions): unknown conversion"
        )));
    }
    if kind != "DeleteOptions" {
        return Err(bare(unregistered(kind, version)));
    }
    let fields = DELETE_FIELDS.iter();
    let mut misfits = fields.filter_map(|(path, holder, wanted)| {
        let found = body.pointer(&format!("/{}", path.replace('.', "/")))?;
        misfit(found, &format!("{holder}.{path}"), wanted)
    });
    misfits.next().map_or(Ok(()), |why| Err(bare(why)))
}

/// The fields of options of a deletion, with their Go struct and type.
const DELETE_FIELDS: [(&str, &str, &str); 8] = [
    ("gracePeriodSeconds", "DeleteOptions", "int64"),
    ("preconditions", "DeleteOptions", "v1.Preconditions"),
    ("preconditions.uid", "Preconditions", "types.UID"),
    ("preconditions.resourceVersion", "Preconditions", "string"),
    ("orphanDependents", "DeleteOptions", "bool"),
    (
        "propagationPolicy",
        "DeleteOptions",
        "v1.DeletionPropagation",
    ),
    ("dryRun", "DeleteOptions", "[]string"),
    (
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "DeleteOptions",
        "bool",
    ),
];

/// Why a value is not `wanted`, in the words of Go's JSON decoder.
fn misfit(found: &Value, field: &str, wanted: &str) -> Option<String> {
    let (is_fitting, found_in_words) = match wanted {
        "int64" => {
            let is_fraction = found.is_number() && found.as_i64().is_none();
            let words = match is_fraction {
                true => format!("number {found}"),
                false => json_type(found).to_owned(),
            };
            (found.is_i64(), words)
        }
        "bool" => (found.is_boolean(), json_type(found).to_owned()),
        "v1.Preconditions" => (found.is_object(), json_type(found).to_owned()),
        "[]string" => (found.is_array(), json_type(found).to_owned()),
        _ => (found.is_string(), json_type(found).to_owned()),
    };
    (!is_fitting && !found.is_null()).then(|| {
        format!(
            "json: cannot unmarshal {found_in_words} into Go struct field {field} of type {wanted}"
        )
    })
}

fn query_deletion(query: &Query) -> Result<Value, Status> {
    let mut options = json!({});
    if let Some(seconds) = integer(query, "gracePeriodSeconds")? {
        options["gracePeriodSeconds"] = seconds.into();
    }
    if let Some(policy) = query.given("propagationPolicy") {
        options["propagationPolicy"] = policy.into();
    }
    if query.given("orphanDependents").is_some() {
        options["orphanDependents"] = query.flag("orphanDependents").into();
    }
    if query.given("dryRun").is_some() {
        options["dryRun"] = query.all("dryRun").to_vec().into();
    }
    for field in ["uid", "resourceVersion"] {
        if let Some(value) = query.get(field) {
            options["preconditions"][field] = value.into();
        }
    }
    Ok(options)
}
