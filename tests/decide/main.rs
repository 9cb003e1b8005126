//! The pure core, by tables and properties. No kernel, no clock.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod announce;
mod conflict;
mod doctor;
mod explain;
mod findings;
mod guards;
mod placement;
mod plan;
mod retry;
mod support;
mod verdicts;
mod whohas;
