//! Tags: `{{ name }}` looked up in a scope, and `{{= expression }}` evaluated over it.
//!
//! Argo substitutes in the JSON text of an object. Here the same is done string by string, which differs only for a tag
//! that begins in one string and ends in another; such an open tag stays as it is.
//! Source: `spec/argo.md` §7; argo-workflows v3.7.4 `util/template/`.

mod expression;
mod replace;

#[cfg(test)]
mod tests;

pub(crate) use expression::{boolean, evaluate};
pub(crate) use replace::{Mode, Scope, TagError, occurs, replace, replace_in};
