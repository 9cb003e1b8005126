//! hostvip puts Service addresses into the host network stack of the right node, answered by exactly one node.
//!
//! ```text
//! 5  main, cli
//! 4  agent                          wiring, the one reconcile loop, lifecycle
//! 3  cluster | kernel | telemetry   edges: async, fallible, thin; siblings never import each other
//! 2  decide                         pure: snapshots and `now` in, decisions and reasons out
//! 1  config | codec                 pure
//! 0  model                          types only
//! ```
//! A module imports only lower floors (`tests/tidy.rs` enforces it).

pub mod cluster;
pub mod codec;
pub mod config;
pub mod model;
