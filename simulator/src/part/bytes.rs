//! JSON as bytes.

use std::str;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

/// Reads JSON.
///
/// serde_json's own way from bytes looks at each string anew whether it is UTF-8, and doubles the code for every type.
///
/// # Errors
/// It is not UTF-8, no JSON, or none of these.
pub(super) fn from_bytes<'t, T: Deserialize<'t>>(text: &'t [u8]) -> Result<T, Error> {
    serde_json::from_str(str::from_utf8(text).map_err(Error::custom)?)
}
