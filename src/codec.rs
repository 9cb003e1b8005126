//! Floor 1: bytes and text to [`crate::model`] and back, pure.
//!
//! Absent on purpose: sockets and files (the edges read and write), and any decision about what was decoded.

pub mod arp;
pub mod ndp;
