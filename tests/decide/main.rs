//! The pure core, by tables and properties. No kernel, no clock.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod announce;
mod asked;
mod candidates;
mod conflict;
mod doctor;
mod eligible;
mod explain;
mod findings;
mod guards;
mod notices;
mod placement;
mod plan;
mod reserved;
mod retry;
mod support;
mod verdicts;
mod whohas;
