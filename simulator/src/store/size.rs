//! How large an object may be.

use super::object::Object;
use super::status::Status;
use super::write::bare_internal;

/// The largest object, in bytes.
///
/// Simplified: etcd measures a whole request, in which built-in kinds are protobuf; here it is the text of the object.
///
/// Source: `spec/kube-api.md` §1.1; etcd v3.6 `--max-request-bytes`.
const BYTES_MAX: usize = 1536 * 1024;

/// Refuses an object that is too large to be stored.
///
/// # Errors
/// 500 in the words of etcd.
pub(super) fn check(object: &Object) -> Result<(), Status> {
    if object.encoded().len() <= BYTES_MAX {
        return Ok(());
    }
    Err(bare_internal("etcdserver: request is too large"))
}
