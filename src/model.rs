//! Floor 0: the words of docs/architecture.md as types. No behaviour beyond parse, display and order.

pub mod cluster;
pub mod endpoints;
pub mod finding;
pub mod host;
pub mod kernel;
pub mod link;
pub mod mac;
pub mod node;
pub mod notice;
pub mod op;
pub mod pool;
pub mod provenance;
pub mod report;
pub mod selector;
pub mod service;
pub mod sysctl;
pub mod time;
pub mod verdict;
pub mod vip;

pub use cluster::{Cluster, EgressIp, Purpose, ServiceCidr};
pub use endpoints::{Backends, EndpointSlice, Places};
pub use finding::{Finding, Severity};
pub use host::{Gateway, Host};
pub use kernel::{Address, AddressKey, KernelState, Route, RouteKey, Scope};
pub use link::{Link, LinkName};
pub use mac::Mac;
pub use node::Node;
pub use notice::{EventCounts, News, Notice};
pub use op::{Op, Plan};
pub use pool::{Placement, Pool, Standby, WithoutEndpoints};
pub use selector::Selector;
pub use service::{ExternalTraffic, Ingress, IpMode, Labels, Port, Protocol, Service, ServiceKey, ServiceType};
pub use sysctl::{Knob, Sysctl, SysctlState};
pub use time::Time;
pub use verdict::{Reason, Verdict};
pub use vip::{Family, Vip};
