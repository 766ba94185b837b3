//! What scenarios say, grouped by the noun they say it of.

mod artifact;
mod artifact_type;
mod artifact_workflow;
mod disturbance;
mod endpoint;
mod example;
mod object;
mod order;
mod order_status;
mod run;
