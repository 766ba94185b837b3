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

pub(crate) use command::duration;
pub use command::{Arcsim, main};
pub use failed::{Failed, Verdict};
