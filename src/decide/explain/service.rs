//! A Service as explain shows it.

use crate::model::report::ServiceStory;
use crate::model::{ExternalTraffic, Ingress, IpMode, Service, ServiceType};

pub(super) fn story(service: &Service, source: String) -> ServiceStory {
    ServiceStory {
        key: service.key.clone(),
        source,
        kind: kind(service).to_owned(),
        external_traffic_policy: match service.external_traffic {
            ExternalTraffic::Cluster => "Cluster",
            ExternalTraffic::Local => "Local",
        }
        .to_owned(),
        load_balancer_class: service.load_balancer_class.clone(),
        ports: service.ports.clone(),
        ingress: service.ingress.iter().map(ingress).collect(),
        external_ips: service.external_ips.clone(),
        deleting: service.deleting,
    }
}

fn kind(service: &Service) -> &'static str {
    match service.kind {
        ServiceType::ClusterIp => "ClusterIP",
        ServiceType::NodePort => "NodePort",
        ServiceType::LoadBalancer => "LoadBalancer",
        ServiceType::ExternalName => "ExternalName",
    }
}

fn ingress(ingress: &Ingress) -> String {
    let ip = ingress.ip.map(|ip| match ingress.ip_mode {
        IpMode::Vip => ip.to_string(),
        IpMode::Proxy => format!("{ip} (ipMode Proxy)"),
    });
    ip.or_else(|| ingress.hostname.clone()).unwrap_or_else(|| "empty".to_owned())
}
