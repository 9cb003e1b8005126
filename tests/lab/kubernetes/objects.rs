//! Objects of the API as YAML, as much of them as the labs need.

use hostvip::model::Family;

use crate::lab::Host;

/// A Node that is ready, with the pod CIDR `10.244.NUMBER.0/24`.
pub fn node(host: &Host, number: u8) -> String {
    let addresses: String =
        [Family::Ipv4, Family::Ipv6].map(|family| format!("{{type: InternalIP, address: \"{}\"}}, ", host.address(family))).concat();
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {}}}\nspec: {{podCIDR: 10.244.{number}.0/24, podCIDRs: [10.244.{number}.0/24]}}\n\
         status: {{addresses: [{addresses}], conditions: [{{type: Ready, status: \"True\"}}]}}\n",
        host.name()
    )
}

/// The API that OVN-Kubernetes brings with it, as much of it as is read.
pub const EGRESS_IPS: &str = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: egressips.k8s.ovn.org}\n\
    spec: {group: k8s.ovn.org, scope: Cluster, names: {kind: EgressIP, plural: egressips}, versions: [{name: v1, served: true, storage: true, \
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}\n";

/// A load balancer Service of the namespace default with TCP port 80 and one VIP. `more` goes into its spec: `, externalTrafficPolicy: Local`.
pub fn service(name: &str, vip: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: default}}\n\
         spec: {{type: LoadBalancer, ipFamilyPolicy: SingleStack, ports: [{{port: 80, targetPort: 8080}}]{more}}}\n\
         status: {{loadBalancer: {{ingress: [{{ip: \"{vip}\"}}]}}}}\n"
    )
}

/// The one slice of a Service, with ready endpoints at port 8080: (address, node).
pub fn slice(service: &str, endpoints: &[(&str, &str)]) -> String {
    let endpoint = |(address, node): &(&str, &str)| {
        format!("{{addresses: [{address}], nodeName: {node}, conditions: {{ready: true, serving: true}}}}")
    };
    let endpoints = endpoints.iter().map(endpoint).collect::<Vec<_>>().join(", ");
    format!(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n\
         metadata: {{name: {service}-1, namespace: default, labels: {{kubernetes.io/service-name: {service}}}}}\n\
         ports: [{{port: 8080, protocol: TCP, name: \"\"}}]\nendpoints: [{endpoints}]\n"
    )
}
