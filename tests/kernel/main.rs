//! The lower edge against the real kernel, each test in a network namespace of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod address;
mod event;
mod foreign;
mod journal;
mod link;
mod packet;
mod preflight;
mod request;
mod route;
mod support;
mod sysctl;
