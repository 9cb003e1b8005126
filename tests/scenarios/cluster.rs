//! The objects of a scenario, read as those of a watch are.

use hostvip::codec::{ObjectError, decode_egress_ip, decode_endpoint_slice, decode_node, decode_service, decode_service_cidr};
use hostvip::model::{Cluster, EgressIp, Purpose, Service, ServiceCidr};
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
            known.cluster.addresses.extend(service.cluster_ips.iter().map(|address| (*address, Purpose::ClusterIp)));
        }
        Ok(known)
    }

    fn take(&mut self, object: Value) -> Result<(), ObjectError> {
        let cluster = &mut self.cluster;
        match object["kind"].as_str().expect("every object of a scenario names its kind") {
            "Service" => self.services.push(decode_service(object)?),
            "EndpointSlice" => {
                let slice = decode_endpoint_slice(object)?;
                cluster.addresses.extend(slice.api_server.iter().map(|address| (*address, Purpose::ApiServer)));
                if let Some(service) = slice.service {
                    cluster.backends.entry(service).or_default().extend(&slice.backends);
                }
            }
            "Node" => {
                let node = decode_node(object)?;
                cluster.ranges.extend(node.pod_cidrs.iter().map(|net| (*net, Purpose::PodCidr(node.name.clone()))));
                cluster.nodes.insert(node.name.clone(), node);
            }
            "ServiceCIDR" => {
                let ServiceCidr { name, cidrs } = decode_service_cidr(object)?;
                let of = Purpose::ServiceCidr(name.into());
                cluster.ranges.extend(cidrs.into_iter().map(|net| (net, of.clone())));
            }
            "EgressIP" => {
                let EgressIp { name, addresses } = decode_egress_ip(object)?;
                let of = Purpose::EgressIp(name.into());
                cluster.addresses.extend(addresses.into_iter().map(|address| (address, of.clone())));
            }
            // Charts bring more than is watched.
            _ => {}
        }
        Ok(())
    }
}
