//! Floor 3, the upper edge: where Services come from.
//!
//! Absent on purpose: what a Service's addresses mean for this node (floor 2 decides) and anything of the kernel's network stack.

mod file;
pub mod files;
mod index;
pub mod kubernetes;
mod trail;
mod watch;

pub use files::{Files, OpenError, Pace};
pub use kubernetes::Kubernetes;
