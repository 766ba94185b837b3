//! `arcsim`: what a person or a pipeline calls.

mod books;
mod command;
mod failed;
mod load;
pub mod manifest;
mod record;
mod report;
mod run;
mod serve;
mod tree;

pub use command::{Arcsim, main};
pub(crate) use command::duration;
pub use failed::{Failed, Verdict};
