//! Structural schemas: what an object may hold, and what is made of it on the way in.
pub mod node;
