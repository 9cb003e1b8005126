//! The config file: what is read, what is refused, and how it is said.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod host;
mod later;
mod limits;
mod meaning;
mod pools;
mod robust;
mod shape;
mod shipped;
mod support;
