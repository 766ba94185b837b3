//! What single kinds demand beyond their schema: defaults, and values that may not be or may not change.

mod allotment;
mod api_service;
mod autoscaler;
mod budget;
mod certificate;
mod condition;
mod container_port;
mod controller;
mod counts;
mod defaults;
mod device;
mod driver;
mod endpoints;
mod event;
mod fill;
mod flow;
mod ingress;
mod ip;
mod job;
mod lease;
mod limits;
mod namespace;
mod network;
mod node_port;
mod of_kind;
mod pod;
mod pod_part;
mod pod_resources;
mod pod_spec;
mod priority;
mod quantity;
mod role;
mod scaling;
mod secret;
mod service;
mod volume;
mod warning;
mod workload;

pub(super) use autoscaler::{to_new_autoscaler, to_old_autoscaler};
pub(super) use certificate::USAGES as KEY_USAGES;
pub(super) use event::{to_core_event, to_new_event};
pub(super) use of_kind::{
    admit, drop_unowned, finish, has_unowned, name_requester, part_faults, plug_in, prepare,
    prepare_status, readmit, restore,
};
pub(super) use pod_part::keep as keep_part_of_pod;
pub(super) use quantity::{Form, binary_power, canonicalise, decimal, decimal_exponent, of_binary};
pub(super) use service::{Taken, drop_dependent, give_addresses};
pub(super) use warning::warnings;
