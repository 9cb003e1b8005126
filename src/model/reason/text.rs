//! Reasons in words, as log, `status` and Events show them: what is the case, and where it helps, what would change it.

use std::fmt;

use super::Reason;
use crate::model::Standby;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { link, placement, instead_of: None } => write!(f, "bound here: answers on {link} (placement {placement})"),
            Self::Bound { link, placement, instead_of: Some(asked) } => write!(
                f,
                "bound here: answers on {link} (placement {placement}, not {asked}: IPv6 is answered only for addresses on the link itself)"
            ),
            Self::Standby { owner, standby: Standby::Accept } => write!(f, "standby: {owner} owns it, this node accepts silently"),
            Self::Standby { owner, standby: Standby::Off } => write!(f, "standby: {owner} owns it, this node holds nothing"),
            Self::NotBound { error } => write!(f, "not bound yet: {error}"),
            Self::OutsideEveryPool => f.write_str("outside every pool of this node"),
            Self::NamespaceNotSelected { pool } => write!(f, "pool {pool} does not serve this namespace"),
            Self::ServiceNotSelected { pool } => write!(f, "the service_selector of pool {pool} does not match its labels"),
            Self::ClassDiffers { class: Some(class) } => write!(f, "load balancer class {class} is not served here"),
            Self::ClassDiffers { class: None } => f.write_str("it names no load balancer class, and one is asked for here"),
            Self::IpModeProxy => f.write_str("ipMode is Proxy: reached by way of a proxy, nothing to bind"),
            Self::HostnameOnly { hostname } => write!(f, "the ingress names only the host {hostname}, no address"),
            Self::NoAddress => f.write_str("no address was assigned to this load balancer yet"),
            Self::Deleting => f.write_str("the Service is being deleted"),
            Self::ExternalName => f.write_str("type ExternalName: an alias in DNS, nothing forwards to it"),
            Self::Headless => f.write_str("headless (clusterIP None): nothing forwards to it"),
            Self::OtherProxy { name } => write!(f, "left to the proxy {name} (label service.kubernetes.io/service-proxy-name)"),
            Self::Ignored => f.write_str("its annotation hostvip.dev/ignore says so"),
            Self::PoolDiffers { pool, asked } => {
                write!(f, "pool {pool} holds the address, and its annotation hostvip.dev/pool asks for {asked}")
            }
            Self::ExternalIpsOff => f.write_str("externalIPs are switched off here (source.external_ips = false)"),
            Self::Malformed { field, text, wanted } => write!(f, "{field}: {text:?} is not {wanted}"),
            Self::Reserved { of } => write!(f, "reserved address: {of}"),
            Self::PortTaken { port, by } => write!(f, "port {port} of this VIP belongs to {by}, the elder Service"),
            Self::NoOwner { pool } => write!(f, "no owner: set owner in pool {pool} or in a [[vip]]"),
            Self::NodeUnknown { node } => write!(f, "its owner {node} is no Node of the cluster"),
            Self::NodeExcluded { node } => {
                write!(f, "its owner {node} has the label node.kubernetes.io/exclude-from-external-load-balancers")
            }
            Self::NodeOutOfService { node } => write!(f, "its owner {node} has the taint node.kubernetes.io/out-of-service"),
            Self::NodeNotSelected { node, pool } => write!(f, "the node_selector of pool {pool} does not match its owner {node}"),
            Self::NoLocalEndpoint { node, of } => {
                write!(f, "externalTrafficPolicy is Local, and {of} has no endpoint on its owner {node}")
            }
            Self::NoEndpoints => f.write_str("no endpoint serves, and its pool says without_endpoints = \"withdraw\""),
            Self::NoUplink { link } => write!(f, "the uplink {link} is not there"),
            Self::CannotAnswer { at_fault, fix } => write!(f, "could not be answered: {at_fault}; {fix}"),
            Self::WouldAnswerToo { at_fault, fix } => write!(f, "withheld, this node would answer too: {at_fault}; {fix}"),
            Self::HeldByOthers { link } => {
                write!(f, "{link} already bears it without our mark: left alone; bound once it is off there (ip address del)")
            }
        }
    }
}
