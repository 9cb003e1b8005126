//! The marks by which an object on the host is known to be ours. Nothing without one is ever touched.

/// `IFA_PROTO` of our addresses (Linux 5.18 and newer): 0x76, "v".
pub const ADDRESS_PROTOCOL: u8 = 118;

/// Label of our IPv4 addresses. OVN-Kubernetes passes over labels that end in "vip" when it chooses a node's primary address.
pub const ADDRESS_LABEL: &str = "hostvip";

/// `rtm_protocol` of our routes.
pub const ROUTE_PROTOCOL: u8 = 118;

/// Metric of our `quiet` local routes. It must differ from the kernel's own (0), or an address and its quiet route exclude each other.
pub const QUIET_METRIC: u32 = 118;

/// The kernel's routing table for addresses that are delivered locally.
pub const LOCAL_TABLE: u32 = 255;
