//! The reasons of verdicts: every answer to "why does it answer, or not?". Their text is beside, in `reason/text.rs`.

mod text;

use serde::{Deserialize, Serialize};

use super::{LinkName, Placement, Port, ServiceKey, Standby};

/// The one reason of a verdict. Log field, JSON and metric label share its spelling ([`Reason::code`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code", content = "detail")]
pub enum Reason {
    /// This node owns the VIP and answers for it.
    Bound {
        /// Link that answers.
        link: LinkName,
        /// Where the kernel holds it.
        placement: Placement,
        /// The pool asked for another placement, which cannot answer for IPv6.
        instead_of: Option<Placement>,
    },
    /// Another node owns the VIP.
    Standby {
        /// The owner.
        owner: String,
        /// What this node does meanwhile.
        standby: Standby,
    },
    /// This node owns the VIP, and the kernel does not hold it (yet).
    NotBound {
        /// The last error.
        error: String,
    },
    /// No pool of this node holds the address.
    OutsideEveryPool,
    /// The pool does not serve this namespace.
    NamespaceNotSelected {
        /// The pool.
        pool: String,
    },
    /// The pool's `service_selector` does not match the Service's labels.
    ServiceNotSelected {
        /// The pool.
        pool: String,
    },
    /// The Service asks for another load balancer class.
    ClassDiffers {
        /// `spec.loadBalancerClass`; none where it is absent and this node serves one class only.
        class: Option<String>,
    },
    /// The ingress address is reached by way of a proxy (`ipMode: Proxy`).
    IpModeProxy,
    /// The ingress entry names a host, no address.
    HostnameOnly {
        /// The host name.
        hostname: String,
    },
    /// A load balancer Service to which no address was assigned yet.
    NoAddress,
    /// The Service is being deleted.
    Deleting,
    /// `type: ExternalName`: an alias in DNS, which nothing forwards to.
    ExternalName,
    /// `clusterIP: None`: nothing forwards to it.
    Headless,
    /// Another proxy than the cluster's own serves it (`service.kubernetes.io/service-proxy-name`).
    OtherProxy {
        /// The label's value.
        name: String,
    },
    /// Its annotation `hostvip.dev/ignore` says so.
    Ignored,
    /// Its annotation `hostvip.dev/pool` names another pool than the one that holds the address.
    PoolDiffers {
        /// The pool that holds the address.
        pool: String,
        /// The one that is asked for.
        asked: String,
    },
    /// `external_ips = false` in the config.
    ExternalIpsOff,
    /// The text is not what the field needs.
    Malformed {
        /// Field of the Service.
        field: String,
        /// What stands there.
        text: String,
        /// What is needed there: "an address".
        wanted: String,
    },
    /// The address belongs to somebody else or to no one host.
    Reserved {
        /// Whose, or of what kind.
        of: String,
    },
    /// An elder Service has the same VIP and port.
    PortTaken {
        /// The port.
        port: Port,
        /// The elder Service.
        by: ServiceKey,
    },
    /// Neither the pool nor a `[[vip]]` names an owner.
    NoOwner {
        /// The pool.
        pool: String,
    },
    /// The cluster has no Node of the owner's name.
    NodeUnknown {
        /// The owner.
        node: String,
    },
    /// The owner has the label `node.kubernetes.io/exclude-from-external-load-balancers`.
    NodeExcluded {
        /// The owner.
        node: String,
    },
    /// The owner has the taint `node.kubernetes.io/out-of-service`.
    NodeOutOfService {
        /// The owner.
        node: String,
    },
    /// The pool's `node_selector` does not match the owner's labels.
    NodeNotSelected {
        /// The owner.
        node: String,
        /// The pool.
        pool: String,
    },
    /// `externalTrafficPolicy: Local`, and the endpoints are on other nodes.
    NoLocalEndpoint {
        /// The owner.
        node: String,
        /// The Service without an endpoint there.
        of: ServiceKey,
    },
    /// No endpoint of any Service serves, and the pool says `without_endpoints = "withdraw"`.
    NoEndpoints,
    /// The uplink is not there.
    NoUplink {
        /// Its name.
        link: LinkName,
    },
    /// With the kernel settings of this node nobody would answer.
    CannotAnswer {
        /// The setting at fault.
        at_fault: String,
        /// How to mend it.
        fix: String,
    },
    /// With the kernel settings of this node a standby would answer too.
    WouldAnswerToo {
        /// The setting at fault.
        at_fault: String,
        /// How to mend it.
        fix: String,
    },
    /// The same address is there without our mark: left alone.
    HeldByOthers {
        /// Link that bears it.
        link: LinkName,
    },
}

impl Reason {
    /// Stable spelling for logs, metrics and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bound { .. } => "bound",
            Self::Standby { .. } => "standby",
            Self::NotBound { .. } => "not_bound",
            Self::OutsideEveryPool => "outside_every_pool",
            Self::NamespaceNotSelected { .. } => "namespace_not_selected",
            Self::ServiceNotSelected { .. } => "service_not_selected",
            Self::ClassDiffers { .. } => "class_differs",
            Self::IpModeProxy => "ip_mode_proxy",
            Self::HostnameOnly { .. } => "hostname_only",
            Self::NoAddress => "no_address",
            Self::Deleting => "deleting",
            Self::ExternalName => "external_name",
            Self::Headless => "headless",
            Self::OtherProxy { .. } => "other_proxy",
            Self::Ignored => "ignored",
            Self::PoolDiffers { .. } => "pool_differs",
            Self::ExternalIpsOff => "external_ips_off",
            Self::Malformed { .. } => "malformed",
            Self::Reserved { .. } => "reserved",
            Self::PortTaken { .. } => "port_taken",
            Self::NoOwner { .. } => "no_owner",
            Self::NodeUnknown { .. } => "node_unknown",
            Self::NodeExcluded { .. } => "node_excluded",
            Self::NodeOutOfService { .. } => "node_out_of_service",
            Self::NodeNotSelected { .. } => "node_not_selected",
            Self::NoLocalEndpoint { .. } => "no_local_endpoint",
            Self::NoEndpoints => "no_endpoints",
            Self::NoUplink { .. } => "no_uplink",
            Self::CannotAnswer { .. } => "cannot_answer",
            Self::WouldAnswerToo { .. } => "would_answer_too",
            Self::HeldByOthers { .. } => "held_by_others",
        }
    }

    /// Whether an administrator of this node should look into it: the VIP should be served and is not. What the owner of a Service
    /// asked for wrongly is not counted.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::NotBound { .. }
                | Self::NoOwner { .. }
                | Self::NodeUnknown { .. }
                | Self::NodeExcluded { .. }
                | Self::NodeOutOfService { .. }
                | Self::NodeNotSelected { .. }
                | Self::NoLocalEndpoint { .. }
                | Self::NoUplink { .. }
                | Self::CannotAnswer { .. }
                | Self::WouldAnswerToo { .. }
                | Self::HeldByOthers { .. }
        )
    }

    /// Whether the VIP is in order: bound here or standby.
    pub fn is_served(&self) -> bool {
        matches!(self, Self::Bound { .. } | Self::Standby { .. })
    }
}
