//! The Kubernetes API as one tower service, in process or behind a listener.

pub mod body;
pub mod service;

mod dispatch;
mod encode;
mod journal;
mod negotiate;
mod query;
mod resource;
mod route;
mod watchers;
