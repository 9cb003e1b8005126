//! Floor 1, codec: golden bytes, real-world manifests, arbitrary input.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod arp;
mod hostile;
mod manifest;
mod ndp;
mod objects;
mod problems;
mod selector;
