//! Floor 1, codec: golden bytes, round trips, arbitrary input.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod arp;
mod ndp;
mod selector;
