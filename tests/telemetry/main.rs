//! What the outside is told: the metrics' exposition, and its documentation.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod metrics;
#[path = "../support/openmetrics.rs"]
mod openmetrics;
