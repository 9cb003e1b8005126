//! Floor 1: bytes and text to [`crate::model`] and back, pure.
//!
//! Absent on purpose: sockets and files (the edges read and write), and any decision about what was decoded.

pub mod arp;
pub mod egress_ip;
pub mod endpoint_slice;
pub mod manifest;
pub mod ndp;
pub mod node;
pub mod object;
pub mod service;
pub mod service_cidr;

pub use egress_ip::decode_egress_ip;
pub use endpoint_slice::decode_endpoint_slice;
pub use manifest::{Manifest, Problem, decode_manifest};
pub use node::decode_node;
pub use object::ObjectError;
pub use service::decode_service;
pub use service_cidr::decode_service_cidr;
