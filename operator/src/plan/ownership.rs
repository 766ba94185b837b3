//! Who owns what.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

/// The owner reference of a child: controller, and blocking its owner's foreground deletion.
///
/// Source: spec/arc.md §3.1, §4.4.
pub(crate) fn controlled_by(api_version: &str, kind: &str, owner: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: owner.name.clone().unwrap_or_default(),
        uid: owner.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Whether `child` belongs to `owner`, by uid, so that a namesake is never adopted.
pub(crate) fn is_owned(child: &ObjectMeta, owner: &ObjectMeta) -> bool {
    owner.uid.is_some()
        && child
            .owner_references
            .iter()
            .flatten()
            .any(|reference| Some(&reference.uid) == owner.uid.as_ref())
}

/// Whether the API server has been asked to delete `object`.
pub(crate) fn is_deleting(object: &ObjectMeta) -> bool {
    object.deletion_timestamp.is_some()
}

/// Whether `object` carries `finalizer`.
pub(crate) fn has_finalizer(object: &ObjectMeta, finalizer: &str) -> bool {
    object.finalizers.iter().flatten().any(|f| f == finalizer)
}

/// What happens to the reconciled object itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Own {
    /// Nothing, but for its status.
    #[default]
    Keep,
    /// It gets our finalizer; the write brings it back here.
    AddFinalizer,
    /// It loses our finalizer, being cleaned up.
    RemoveFinalizer,
    /// It is deleted, its time being over.
    Delete,
}
