//! `arcsim`: what a person or a pipeline calls.

mod books;
mod command;
mod failed;
mod load;
pub mod manifest;
mod parameters;
mod record;
mod refusal;
mod report;
mod run;
mod screen;
mod serve;
mod suggestion;
mod tree;

pub(crate) use command::duration;
pub use command::{Arcsim, main};
pub use failed::{Failed, Verdict};
