//! `arcsim`: what a person or a pipeline calls.

pub mod load;
pub mod manifest;
pub mod record;
pub mod tree;
