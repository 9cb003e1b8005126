//! Floor 3, cluster: real directories, real inotify.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod changes;
mod directories;
mod kubernetes;
#[path = "../support/lab.rs"]
pub mod lab;
mod last_good;
mod missing;
mod support;
