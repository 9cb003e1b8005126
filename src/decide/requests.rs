//! Which addresses the Services and the config ask for, and which Services ask in vain, whatever the address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Inputs;
use crate::model::{IpMode, Reason, Service, ServiceType, Verdict, Vip};

/// Label by which a Service is left to another proxy than the cluster's own; its value is the proxy's name.
const OTHER_PROXY: &str = "service.kubernetes.io/service-proxy-name";
/// Annotation by which the owner of a Service keeps it from hostvip: `"true"` or `"false"`.
const IGNORE: &str = "hostvip.dev/ignore";

/// One address that one Service, or a `[[vip]]` (no Service), asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) service: Option<&'a Service>,
    pub(super) vip: Vip,
}

impl Request<'_> {
    pub(super) fn verdict(&self, reason: Reason) -> Verdict {
        Verdict { service: self.service.map(|service| service.key.clone()), address: Some(self.vip.0), reason }
    }
}

/// Every request, and the verdicts on what asks for nothing that could be bound.
pub(super) fn requests(inputs: Inputs<'_>) -> (Vec<Request<'_>>, Vec<Verdict>) {
    let mut requests: Vec<_> = inputs.settings.vips.keys().map(|&vip| Request { service: None, vip }).collect();
    let mut verdicts = Vec::new();
    for &service in inputs.services {
        let mut asked = Asked { service, seen: BTreeSet::new(), requests: &mut requests, verdicts: &mut verdicts };
        asked.service(inputs);
    }
    (requests, verdicts)
}

/// What one Service asks for. The first mention of an address decides, so that it gets one verdict.
struct Asked<'a, 'out> {
    service: &'a Service,
    seen: BTreeSet<IpAddr>,
    requests: &'out mut Vec<Request<'a>>,
    verdicts: &'out mut Vec<Verdict>,
}

impl Asked<'_, '_> {
    fn service(&mut self, inputs: Inputs<'_>) {
        let (service, source) = (self.service, &inputs.settings.source);
        let class_differs =
            !source.load_balancer_class.is_empty() && service.load_balancer_class.as_deref() != Some(source.load_balancer_class.as_str());
        for ingress in &service.ingress {
            match (ingress.ip, &ingress.hostname) {
                (Some(ip), _) if class_differs => self.refuse(ip, Reason::ClassDiffers { class: service.load_balancer_class.clone() }),
                (Some(ip), _) if ingress.ip_mode == IpMode::Proxy => self.refuse(ip, Reason::IpModeProxy),
                (Some(ip), _) => self.ask(ip),
                (None, Some(hostname)) => self.remark(Reason::HostnameOnly { hostname: hostname.clone() }),
                (None, None) => {}
            }
        }
        for &ip in &service.external_ips {
            if source.external_ips { self.ask(ip) } else { self.refuse(ip, Reason::ExternalIpsOff) }
        }
        for (field, text) in &service.malformed {
            let wanted = if field.ends_with("ipMode") { "VIP or Proxy" } else { "an address" };
            self.malformed(field, text, wanted);
        }
        if service.asks() {
            // What cannot be understood is not followed: to fall silent by a typing error would be worse than to answer.
            let ignore = service.annotations.get(IGNORE).filter(|text| !matches!(text.as_str(), "true" | "false"));
            ignore.inspect(|text| self.malformed(&format!("metadata.annotations[{IGNORE}]"), text, "\"true\" or \"false\""));
        }
        if service.asks() && !service.names_some() {
            let class = Reason::ClassDiffers { class: service.load_balancer_class.clone() };
            self.remark(if class_differs { class } else { in_vain(service).unwrap_or(Reason::NoAddress) });
        }
    }

    fn ask(&mut self, ip: IpAddr) {
        if let Some(reason) = in_vain(self.service) {
            self.refuse(ip, reason);
        } else if self.seen.insert(ip) {
            self.requests.push(Request { service: Some(self.service), vip: Vip(ip) });
        }
    }

    fn refuse(&mut self, ip: IpAddr, reason: Reason) {
        if self.seen.insert(ip) {
            self.verdicts.push(Verdict { service: Some(self.service.key.clone()), address: Some(ip), reason });
        }
    }

    fn malformed(&mut self, field: &str, text: &str, wanted: &str) {
        self.remark(Reason::Malformed { field: field.to_owned(), text: text.to_owned(), wanted: wanted.to_owned() });
    }

    /// A verdict on the Service itself, which names no address.
    fn remark(&mut self, reason: Reason) {
        self.verdicts.push(Verdict { service: Some(self.service.key.clone()), address: None, reason });
    }
}

/// Why nothing that this Service asks for is served: nobody forwards, or somebody else was asked to.
fn in_vain(service: &Service) -> Option<Reason> {
    let other_proxy = service.labels.get(OTHER_PROXY);
    match service.kind {
        _ if service.deleting => Some(Reason::Deleting),
        _ if service.annotations.get(IGNORE).is_some_and(|text| text == "true") => Some(Reason::Ignored),
        _ if other_proxy.is_some() => other_proxy.map(|name| Reason::OtherProxy { name: name.to_owned() }),
        ServiceType::ExternalName => Some(Reason::ExternalName),
        _ if service.headless => Some(Reason::Headless),
        _ => None,
    }
}
