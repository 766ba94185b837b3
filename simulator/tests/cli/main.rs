//! `arcsim` as people and pipelines call it: the binary itself, its streams and its exit status.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

mod bad_input;
mod program;
mod results;
mod usage;
