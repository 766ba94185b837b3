//! CronWorkflows: Workflows that start at their times.
//!
//! ```text
//!   CronWorkflow, its runs, alarms ──▶ pass ──▶ Outcome: a run to start, runs to delete, the new record, alarms
//!                                      │ history: which runs ended, which are too many
//!                                      │ timetable: when the next run is due, which was missed
//!                                      └ fire: whether a run starts, and how it looks
//! ```
//!
//! The pass is pure; [`CronController`] is the thin shell that watches, calls it and writes.
//! Source: `spec/argo.md` §33; argo-workflows v3.7.4 `workflow/cron`.

mod controller;
mod cron_workflow;
mod fire;
mod history;
mod pass;
mod record;
mod timetable;

pub use controller::CronController;
