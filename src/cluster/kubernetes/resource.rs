//! The resources that are watched: where they are, whether they have to be there, and what is kept of them.

use serde_json::Value;
use serde_json::value::RawValue;

use super::table::Key;
use crate::codec::{ObjectError, egress_ip, endpoint_slice, node, service, service_cidr};
use crate::model::cluster::{EgressIp, ServiceCidr};
use crate::model::{EndpointSlice, Node, Service};

/// A resource of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    /// `v1` Services.
    Services,
    /// `discovery.k8s.io/v1` `EndpointSlices`.
    EndpointSlices,
    /// `v1` Nodes.
    Nodes,
    /// `networking.k8s.io/v1` `ServiceCIDRs`, from Kubernetes 1.33 on.
    ServiceCidrs,
    /// `k8s.ovn.org/v1` `EgressIPs`, with OVN-Kubernetes.
    EgressIps,
}

/// What is read of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Projection {
    /// Of a Service.
    Service(Box<Service>),
    /// Of an `EndpointSlice`.
    Slice(EndpointSlice),
    /// Of a Node.
    Node(Box<Node>),
    /// Of a `ServiceCIDR`.
    ServiceCidr(ServiceCidr),
    /// Of an `EgressIP`.
    EgressIp(EgressIp),
}

/// An object as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Its name.
    pub(super) key: Key,
    /// `metadata.resourceVersion`.
    pub(super) version: String,
    /// What it says, or why it could not be understood.
    pub(super) says: Result<Projection, String>,
}

impl Resource {
    /// All of them, the ones that are required first.
    pub(super) const ALL: [Self; 5] = [Self::Services, Self::EndpointSlices, Self::Nodes, Self::ServiceCidrs, Self::EgressIps];

    /// Its plural, as kubectl names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::EndpointSlices => "endpointslices",
            Self::Nodes => "nodes",
            Self::ServiceCidrs => "servicecidrs",
            Self::EgressIps => "egressips",
        }
    }

    /// Its API group; empty: the core group.
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Services | Self::Nodes => "",
            Self::EndpointSlices => "discovery.k8s.io",
            Self::ServiceCidrs => "networking.k8s.io",
            Self::EgressIps => "k8s.ovn.org",
        }
    }

    /// Path of the collection, over all namespaces.
    pub(super) fn path(self) -> String {
        match self.group() {
            "" => format!("/api/v1/{}", self.name()),
            group => format!("/apis/{group}/v1/{}", self.name()),
        }
    }

    /// Nothing is decided before it has been listed. The others need not exist in a cluster.
    pub(super) fn is_required(self) -> bool {
        matches!(self, Self::Services | Self::EndpointSlices | Self::Nodes)
    }

    /// Reads one object. It never fails as a whole: one bad object must not end a watch.
    pub(super) fn decode(self, raw: &RawValue) -> Object {
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(value) => {
                let text = |field| value.pointer(field).and_then(Value::as_str).unwrap_or_default();
                let key = Key::new(text("/metadata/namespace"), text("/metadata/name"));
                let version = text("/metadata/resourceVersion").to_owned();
                Object { key, version, says: self.project(value).map_err(|error| error.to_string()) }
            }
            Err(error) => Object { key: Key::new("", ""), version: String::new(), says: Err(error.to_string()) },
        }
    }

    fn project(self, value: Value) -> Result<Projection, ObjectError> {
        Ok(match self {
            Self::Services => Projection::Service(Box::new(service::decode_service(value)?)),
            Self::EndpointSlices => Projection::Slice(endpoint_slice::decode_endpoint_slice(value)?),
            Self::Nodes => Projection::Node(Box::new(node::decode_node(value)?)),
            Self::ServiceCidrs => Projection::ServiceCidr(service_cidr::decode_service_cidr(value)?),
            Self::EgressIps => Projection::EgressIp(egress_ip::decode_egress_ip(value)?),
        })
    }
}
