//! Labs: real packets between network namespaces.
//!
//! A lab waits for conditions and never asserts how fast something was; speed is the benches' business.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod adverse;
mod announce;
mod brex;
mod check;
pub mod cluster;
mod conflict;
mod control_plane;
mod demo;
mod explain;
mod harness;
mod http;
pub mod kubernetes;
#[path = "../support/lab.rs"]
pub mod lab;
mod life;
mod matrix;
mod metrics;
#[path = "../support/openmetrics.rs"]
pub mod openmetrics;
mod ovnk;
mod owner;
mod placements;
mod plan;
mod reload;
mod repair;
mod sources;
mod trouble;
mod whohas;
