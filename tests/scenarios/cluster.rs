//! The objects of a scenario, read as those of a watch are.

use hostvip::codec::{ObjectError, decode_egress_ip, decode_endpoint_slice, decode_node, decode_service, decode_service_cidr};
use hostvip::model::{Cluster, Service};
use serde_json::Value;

/// What a node knows of its cluster.
#[derive(Default)]
pub struct Known {
    pub services: Vec<Service>,
    pub cluster: Cluster,
}

impl Known {
    pub fn of(objects: impl Iterator<Item = Value>) -> Result<Self, ObjectError> {
        let mut known = Self::default();
        for object in objects {
            known.take(object)?;
        }
        for service in &known.services {
            known.cluster.addresses.extend(service.cluster_ips.iter().map(|address| (*address, "the cluster IP of a Service".into())));
        }
        Ok(known)
    }

    fn take(&mut self, object: Value) -> Result<(), ObjectError> {
        let cluster = &mut self.cluster;
        match object["kind"].as_str().expect("every object of a scenario names its kind") {
            "Service" => self.services.push(decode_service(object)?),
            "EndpointSlice" => {
                let slice = decode_endpoint_slice(object)?;
                cluster.addresses.extend(slice.api_server.iter().map(|address| (*address, "the API server".into())));
                if let Some(service) = slice.service {
                    cluster.backends.entry(service).or_default().extend(&slice.backends);
                }
            }
            "Node" => {
                let node = decode_node(object)?;
                cluster.ranges.extend(node.pod_cidrs.iter().map(|net| (*net, format!("the pod CIDR of {}", node.name))));
                cluster.nodes.insert(node.name.clone(), node);
            }
            "ServiceCIDR" => {
                let range = decode_service_cidr(object)?;
                cluster.ranges.extend(range.cidrs.iter().map(|net| (*net, format!("the Service CIDR {}", range.name))));
            }
            "EgressIP" => {
                let egress = decode_egress_ip(object)?;
                let of: std::sync::Arc<str> = format!("the EgressIP {}", egress.name).into();
                cluster.addresses.extend(egress.addresses.iter().map(|address| (*address, of.clone())));
            }
            // Charts bring more than is watched.
            _ => {}
        }
        Ok(())
    }
}
