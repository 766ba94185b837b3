//! Whole Workflows through the pure engine, with pods that do what a table says.

mod flow;
mod image_pipeline;
mod runner;
