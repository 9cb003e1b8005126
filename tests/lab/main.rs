//! Labs: real packets between network namespaces.
//!
//! A lab waits for conditions and never asserts how fast something was; speed is the benches' business.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod demo;
mod harness;
#[path = "../support/lab.rs"]
pub mod lab;
mod matrix;
mod ovnk;
