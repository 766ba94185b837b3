//! Patches, and who owns which field.
//!
//! Source: `spec/kube-api.md` §1.13.

use jiff::Timestamp;
use serde_json::Value;

use super::request::{PatchKind, Request, WriteOptions};
use super::status::Status;

/// The state that a patch makes of `live`, which carries `apiVersion` and `kind`.
pub(super) fn patched(
    _request: &Request,
    (kind, body): (PatchKind, &[u8]),
    live: &Value,
    _context: (&WriteOptions, Timestamp),
) -> Result<Value, Status> {
    match kind {
        PatchKind::Merge => {
            let patch: Value = serde_json::from_slice(body).map_err(|error| undecodable(&error))?;
            if !patch.is_object() {
                return Err(Status::bad_request(
                    "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
                ));
            }
            let mut value = live.clone();
            json_patch::merge(&mut value, &patch);
            Ok(value)
        }
        PatchKind::Json | PatchKind::Strategic | PatchKind::Apply => {
            Err(Status::not_implemented(&format!("{kind:?} patches")))
        }
    }
}

/// The object that a server-side apply creates.
pub(super) fn applied_new(
    _request: &Request,
    _body: &[u8],
    _context: (&WriteOptions, Timestamp),
) -> Result<Value, Status> {
    Err(Status::not_implemented("server-side apply"))
}

/// Records in `managedFields` what a write other than an apply changed.
pub(super) fn track(
    _request: &Request,
    _before: Option<&Value>,
    _after: &mut Value,
    _options: &WriteOptions,
    _now: Timestamp,
) {
}

fn undecodable(error: &serde_json::Error) -> Status {
    let why = if error.is_eof() {
        "unexpected end of JSON input".to_owned()
    } else {
        error.to_string()
    };
    Status::bad_request(format!("error decoding patch: {why}"))
}
