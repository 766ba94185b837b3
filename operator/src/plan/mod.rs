//! What to do about what was observed: values in, values out; no clock, no client, no logging.

pub(crate) mod artifact_workflow;
pub(crate) mod child;
pub(crate) mod cron_run;
pub(crate) mod event;
pub(crate) mod excerpt;
pub(crate) mod expiry;
pub(crate) mod failure;
pub(crate) mod force;
pub(crate) mod identity;
pub(crate) mod leadership;
pub(crate) mod order;
pub(crate) mod ownership;
pub(crate) mod parameters;
pub(crate) mod remnant;
pub(crate) mod resolve;
pub(crate) mod rollup;
pub(crate) mod single_run;
pub(crate) mod timetable;
pub(crate) mod wish;
pub(crate) mod workflow;

#[cfg(test)]
pub(crate) mod builders;
