//! A write that the API refused a collector.

use kube::Error;

use crate::part::Key;

/// What could not be done to which object.
#[derive(Debug, thiserror::Error)]
#[error("{act} {} {}/{}", key.kind, key.namespace, key.name)]
pub(super) struct CollectError {
    act: &'static str,
    key: Key,
    #[source]
    source: Error,
}

impl CollectError {
    /// Adds what was tried to an error of the client.
    pub(super) fn during(act: &'static str, key: &Key) -> impl FnOnce(Error) -> Self {
        let key = key.clone();
        move |source| Self { act, key, source }
    }
}

/// The result of a write whose object may be gone or changed by now: then the watch tells, and there is nothing to do.
pub(super) fn unless_overtaken<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        result => result.map(drop),
    }
}

/// The result of a creation where another of the same name, or the end of the namespace, is as good.
pub(super) fn unless_there<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
        Err(Error::Api(status)) if status.code == 404 || is_namespace_ending(&status.message) => {
            Ok(())
        }
        result => result.map(drop),
    }
}

fn is_namespace_ending(message: &str) -> bool {
    message.contains("because it is being terminated")
}
