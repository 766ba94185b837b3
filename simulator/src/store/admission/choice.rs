//! Fields that are one of a few words.

use crate::json::Value;
use crate::store::schema::cause;
use crate::store::status::Cause;

/// A cause if the last step of `path`, a field of `value`, is none of the choices.
pub(in crate::store) fn choice(
    path: &str,
    value: &Value,
    choices: &[&str],
    causes: &mut Vec<Cause>,
) {
    let field = path.rsplit('.').next().unwrap_or(path);
    let Some(chosen) = value.get(field).filter(|chosen| !chosen.is_null()) else {
        return;
    };
    if !choices.iter().any(|choice| chosen == choice) {
        let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
        causes.push(cause::not_supported(path, chosen, &choices));
    }
}
