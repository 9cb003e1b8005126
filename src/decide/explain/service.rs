//! A Service as explain shows it.

use crate::model::report::ServiceStory;
use crate::model::{Ingress, IpMode, Service};

pub(super) fn story(service: &Service, source: String) -> ServiceStory {
    ServiceStory {
        key: service.key.clone(),
        source,
        kind: service.kind.to_string(),
        external_traffic_policy: service.external_traffic.to_string(),
        load_balancer_class: service.load_balancer_class.clone(),
        ports: service.ports.clone(),
        ingress: service.ingress.iter().map(ingress).collect(),
        external_ips: service.external_ips.clone(),
        deleting: service.deleting,
    }
}

fn ingress(ingress: &Ingress) -> String {
    let ip = ingress.ip.map(|ip| match ingress.ip_mode {
        IpMode::Vip => ip.to_string(),
        IpMode::Proxy => format!("{ip} (ipMode Proxy)"),
    });
    ip.or_else(|| ingress.hostname.clone()).unwrap_or_else(|| "empty".to_owned())
}
