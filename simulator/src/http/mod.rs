//! The Kubernetes API as one tower service, in process or behind a listener.

mod advertise;
pub mod age;
pub mod backend;
pub mod body;
pub mod certificate;
pub mod discovery;
pub mod json_path;
pub mod kubeconfig;
pub mod listener;
pub mod openapi;
pub mod protobuf;
pub mod review;
mod review_check;
pub mod service;
pub mod table;

mod caller;
mod connection;
mod content;
mod custom;
mod delete_options;
pub(crate) mod direct;
mod dispatch;
mod document;
mod encode;
mod entrance;
mod farewell;
mod foresight;
mod founding;
pub(crate) mod gate;
mod hang;
mod health;
mod heartbeat;
mod journal;
mod lifecycle;
mod meddle;
mod negotiate;
mod opened;
mod options;
mod outgoing;
mod payload;
mod pending;
mod pull;
mod query;
mod resource;
mod response;
mod route;
mod shape;
mod streams;
mod survival;
mod trouble;
mod warning;
mod watchers;
mod webhook;

#[cfg(test)]
mod tests;
