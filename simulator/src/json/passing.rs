//! Values that pass through serde whole, so that what they share stays shared.
//!
//! serde knows no way to hand over a subtree as it is. A value therefore goes as a newtype struct with a name of its own,
//! which every other format takes for what is inside; [`super::to_value`] and [`super::from_value`] know the name, and
//! leave the subtree where the other side, called in the same breath, finds it.

use std::cell::Cell;

use super::Value;

/// The name under which a value goes.
pub(super) const NAME: &str = "$arc::json::Value";

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
}

#[derive(Default)]
enum State {
    /// Nothing is handed over.
    #[default]
    Idle,
    /// The next value written is wanted as it is.
    Wanted,
    /// Here it is.
    Here(Value),
}

/// Whether the value that is written now is wanted as it is; then it is given.
pub(super) fn give(value: &Value) -> bool {
    STATE.with(|state| match state.take() {
        State::Wanted => {
            state.set(State::Here(value.clone()));
            true
        }
        other => {
            state.set(other);
            false
        }
    })
}

/// Asks for the value that `write` writes.
pub(super) fn ask<T>(write: impl FnOnce() -> T) -> (T, Option<Value>) {
    STATE.set(State::Wanted);
    let written = write();
    (written, taken())
}

/// Leaves a value for `read`, which takes it.
pub(super) fn leave<T>(value: &Value, read: impl FnOnce() -> T) -> T {
    STATE.set(State::Here(value.clone()));
    let read = read();
    STATE.set(State::Idle);
    read
}

/// What was left.
pub(super) fn taken() -> Option<Value> {
    match STATE.take() {
        State::Here(value) => Some(value),
        State::Idle | State::Wanted => None,
    }
}
