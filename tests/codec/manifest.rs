//! Manifests as they are met in the world.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::time::Instant;

use hostvip::codec::service::ServiceObject;
use hostvip::codec::{Manifest, decode_manifest};
use hostvip::model::{ExternalTraffic, Ingress, IpMode, Port, Protocol, Service, ServiceKey, ServiceType};

pub(crate) const INGRESS_NGINX: &str = include_str!("data/ingress-nginx.yaml");
pub(crate) const BY_HAND: &str = include_str!("data/by-hand.yaml");
pub(crate) const KUBECTL_LIST: &str = include_str!("data/kubectl-list.yaml");
pub(crate) const KUBECTL_JSON: &str = include_str!("data/kubectl-list.json");

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn vip(text: &str) -> Ingress {
    Ingress { ip: Some(ip(text)), ip_mode: IpMode::Vip, hostname: None }
}

fn port(protocol: Protocol, port: u16) -> Port {
    Port { protocol, port }
}

/// No problems; the Services by `namespace/name`.
fn services(manifest: Manifest) -> BTreeMap<String, Service> {
    assert_eq!(manifest.problems, []);
    assert!(manifest.complete);
    manifest.services.into_iter().map(|service| (service.key.to_string(), service)).collect()
}

#[test]
fn ingress_nginx_with_a_status() {
    let manifest = decode_manifest(INGRESS_NGINX);
    assert_eq!((manifest.skipped, manifest.problems.len()), (2, 0));
    let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
    assert_eq!(
        manifest.services,
        [Service {
            key: ServiceKey { namespace: "ingress-nginx".into(), name: "ingress-nginx-controller".into() },
            created: Some("2026-03-14T09:26:53Z".parse().unwrap()),
            deleting: false,
            labels: text(&[("app.kubernetes.io/component", "controller"), ("app.kubernetes.io/name", "ingress-nginx")]).into(),
            annotations: text(&[("hostvip.dev/pool", "edge")]),
            uid: Some("6f1f0e58-2a52-4f0c-8a0e-0d2d3b1c5a01".into()),
            kind: ServiceType::LoadBalancer,
            headless: false,
            cluster_ips: vec![ip("10.96.114.7")],
            external_traffic: ExternalTraffic::Local,
            load_balancer_class: Some("hostvip.dev/l2".into()),
            ports: vec![port(Protocol::Tcp, 80), port(Protocol::Tcp, 443)],
            external_ips: vec![],
            ingress: vec![vip("192.0.2.100")],
            malformed: vec![],
        }]
    );
}

#[test]
fn documents_by_hand() {
    let all = services(decode_manifest(BY_HAND));
    assert_eq!(
        all.keys().collect::<Vec<_>>(),
        ["default/dual", "dns/resolver", "other/cloud", "other/headless", "other/outside", "other/proxied", "shop/orders-db"]
    );
    assert_eq!(all["dns/resolver"].ports, [port(Protocol::Udp, 53), port(Protocol::Tcp, 53)]);
    let database = &all["shop/orders-db"];
    assert_eq!(database.external_ips, [ip("192.0.2.102"), ip("2001:db8:0:1::102")]);
    assert_eq!(database.malformed, [("spec.externalIPs[1]".to_owned(), "192.0.2.300".to_owned())]);
    assert_eq!(database.kind, ServiceType::ClusterIp);
    assert_eq!(all["default/dual"].ingress, [vip("2001:db8:0:1::103"), vip("192.0.2.103")]);
    assert_eq!(all["other/cloud"].ingress, [Ingress { ip: None, ip_mode: IpMode::Vip, hostname: Some("lb-1.cloud.example".into()) }]);
    assert_eq!(all["other/proxied"].ingress[0].ip_mode, IpMode::Proxy);
    assert_eq!((all["other/headless"].ports.len(), all["other/headless"].created), (0, None));
    assert!(all["other/outside"].deleting && !all["other/headless"].deleting);
    assert_eq!(all["other/outside"].load_balancer_class, None);
}

#[test]
fn a_list_as_kubectl_prints_it() {
    let all = services(decode_manifest(KUBECTL_LIST));
    assert_eq!(all.keys().collect::<Vec<_>>(), ["default/kubernetes", "kube-system/kube-dns", "web/shop"]);
    assert_eq!(all["default/kubernetes"].labels.get("provider"), Some("kubernetes"));
    assert_eq!(all["kube-system/kube-dns"].ports.len(), 3);
    assert_eq!(all["web/shop"].ingress, [vip("192.0.2.111")]);
}

#[test]
fn the_same_list_indented_and_with_windows_line_ends() {
    let expected = decode_manifest(KUBECTL_LIST);
    let (mut indented, mut inside) = (String::new(), false);
    for line in KUBECTL_LIST.lines() {
        inside = (inside || line == "items:") && !line.starts_with("kind:");
        let pad = if inside && line != "items:" { "    " } else { "" };
        writeln!(indented, "{pad}{line}").unwrap();
    }
    assert_eq!(decode_manifest(&indented), expected);
    assert_eq!(decode_manifest(&KUBECTL_LIST.replace('\n', "\r\n")), expected);
    assert_eq!(decode_manifest(&format!("\u{feff}{KUBECTL_LIST}")), expected);
}

#[test]
fn lists_in_every_form() {
    let item = "metadata: {name: a}, spec: {externalIPs: [192.0.2.1]}";
    for (text, expected) in [
        ("apiVersion: v1\nkind: List\nitems: []\n".to_owned(), 0),
        ("apiVersion: v1\nkind: List\nitems:\n".to_owned(), 0),
        (format!("apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: Service, {item}}}]\n"), 1),
        // The items of a list from the API itself bear no kind.
        (format!("apiVersion: v1\nkind: ServiceList\nitems: [{{{item}}}]\n"), 1),
        (format!("kind: ServiceList\nitems:\n- {{{item}}}\n# comment\n-\n  metadata:\n    name: b\napiVersion: v1\n"), 2),
        (r#"{"kind": "ServiceList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}"#.to_owned(), 1),
        (r#"[{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "a"}}]"#.to_owned(), 1),
        (
            "{\"kind\": \"Service\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}}\n{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}"
                .to_owned(),
            1,
        ),
        (r#"{"kind": "List", "apiVersion": "v1", "items": null}"#.to_owned(), 0),
    ] {
        assert_eq!(services(decode_manifest(&text)).len(), expected, "{text}");
    }
}

#[test]
fn other_kinds_are_skipped_whatever_they_hold() {
    let text = "
kind: Service
apiVersion: serving.knative.dev/v1
metadata: {name: not-ours}
spec: {ports: nine}
---
kind: Widget
apiVersion: example.com/v1
items:
- one
- two
---
kind: PodList
apiVersion: v1
items:
- {kind: Service, apiVersion: v1, metadata: {name: not-really}}
---
# only a comment
---
";
    let manifest = decode_manifest(text);
    assert_eq!((manifest.services.len(), manifest.skipped, manifest.problems), (0, 3, vec![]));
}

#[test]
fn anchors_and_merge_keys_inside_a_document_work() {
    let text = "
apiVersion: v1
kind: Service
metadata: {name: a, labels: &labels {app: web}}
spec:
  selector: *labels
  ports: [&port {port: 80}, {<<: *port, protocol: UDP}]
";
    assert_eq!(services(decode_manifest(text))["default/a"].ports, [port(Protocol::Tcp, 80), port(Protocol::Udp, 80)]);
}

#[test]
fn the_projection_reads_objects_of_a_watch() {
    let object: ServiceObject =
        serde_json::from_str(r#"{"metadata": {"name": "a", "namespace": "b", "annotations": null}, "spec": {}}"#).unwrap();
    assert_eq!(Service::try_from(object).unwrap().key.to_string(), "b/a");
    let nameless: ServiceObject = serde_json::from_str(r#"{"metadata": {}}"#).unwrap();
    assert_eq!(Service::try_from(nameless).unwrap_err().to_string(), "metadata.name is missing");
}

/// Not a timed assertion: prints what `cargo nextest run --release --no-capture` measures.
#[test]
fn a_thousand_services_in_one_file() {
    let (head, tail) = KUBECTL_LIST.split_once("- apiVersion: v1\n").unwrap();
    let (_, item) = tail.rsplit_once("- apiVersion: v1\n").unwrap();
    let (item, end) = item.split_once("kind: List").unwrap();
    let document = INGRESS_NGINX.split("---").next().unwrap();
    let (mut list, mut documents) = (head.to_owned(), String::new());
    for n in 0..1000 {
        write!(list, "- apiVersion: v1\n{}", item.replace("name: shop", &format!("name: shop-{n}"))).unwrap();
        write!(documents, "---\n{}", document.replace("-controller", &format!("-{n}"))).unwrap();
    }
    write!(list, "kind: List{end}").unwrap();
    for text in [list, documents] {
        let started = Instant::now();
        assert_eq!(services(decode_manifest(&text)).len(), 1000);
        println!("1 000 Services, {} kB: {:?}", text.len() / 1000, started.elapsed());
    }
}
