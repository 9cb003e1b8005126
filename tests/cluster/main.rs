//! Floor 3, cluster: real directories, real inotify.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod changes;
mod directories;
mod last_good;
mod missing;
mod support;
