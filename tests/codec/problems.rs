//! What is malformed is named with its position and hides only itself.

use hostvip::codec::decode_manifest;

use crate::manifest::{KUBECTL_JSON, KUBECTL_LIST};

/// The problems as text, and the keys of the Services that were read all the same.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let manifest = decode_manifest(text);
    assert_eq!(manifest.complete, manifest.problems.is_empty());
    let keys = manifest.services.iter().map(|service| service.key.to_string()).collect();
    (manifest.problems.iter().map(ToString::to_string).collect(), keys)
}

/// A good document before and behind `document`, which begins in line 6; gives its one problem.
fn problem(document: &str) -> String {
    let good = |name| format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n");
    let (problems, keys) = read(&format!("{}---\n{document}\n---\n{}", good("before"), good("behind")));
    assert_eq!(keys, ["default/before", "default/behind"], "{document}");
    assert_eq!(problems.len(), 1, "{document}: {problems:?}");
    problems[0].clone()
}

fn service(rest: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n{rest}")
}

#[test]
fn each_fault_is_named_with_line_document_object_and_field() {
    for (document, expected) in [
        (
            service("spec:\n  ports:\n  - port: 80\n  - port: 70000\n"),
            "line 14, document 2, Service shop/web: spec.ports[1].port: 70000 is no port: 1 to 65535",
        ),
        (service("spec:\n  ports:\n  - port: 0\n"), "line 13, document 2, Service shop/web: spec.ports[0].port: 0 is no port: 1 to 65535"),
        (service("spec:\n  ports:\n  - port: http\n"), "line 13, document 2, Service shop/web: spec.ports[0].port: invalid"),
        (service("spec:\n  ports:\n  - protocol: UDP\n"), "document 2, Service shop/web: spec.ports[0]: missing field `port`"),
        (
            service("spec:\n  ports:\n  - port: 80\n    protocol: tcp\n"),
            "line 14, document 2, Service shop/web: spec.ports[0].protocol: unknown variant `tcp`, expected one of",
        ),
        (service("spec:\n  ports: 80\n"), "line 12, document 2, Service shop/web: spec.ports: "),
        (service("spec:\n  externalIPs: {}\n"), "line 12, document 2, Service shop/web: spec.externalIPs: "),
        (
            service("status:\n  loadBalancer:\n    ingress:\n    - ip: 192.0.2.1\n      ipMode: Magic\n"),
            "line 15, document 2, Service shop/web: status.loadBalancer.ingress[0].ipMode: unknown variant `Magic`",
        ),
        (service("  creationTimestamp: yesterday\n"), "line 11, document 2, Service shop/web: metadata.creationTimestamp: "),
        (service("  name: again\n"), "line 11, document 2: metadata: "),
        (service("spec: {ports: [}\n"), "line 11, document 2: "),
        (service("spec:\n\tports: []\n"), "line 12, document 2: "),
        (service("spec: *nowhere\n"), "line 11, document 2: "),
        ("apiVersion: v1\nkind: Service\nmetadata: {namespace: shop}".to_owned(), "line 6, document 2: metadata.name is missing"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: ../etc}".to_owned(), "line 6, document 2: metadata.name: \"../etc\" is no name"),
        ("kind: Service\nmetadata: {name: a}".to_owned(), "line 6, document 2: apiVersion is missing: write apiVersion: v1"),
        ("# a values file\nreplicas: 3\n".to_owned(), "line 7, document 2: kind is missing: this is no Kubernetes object"),
        ("just text".to_owned(), "line 6, document 2: "),
        ("{\"kind\": \"Service\",\n \"apiVersion\" \"v1\"}".to_owned(), "line 7, document 2: no JSON: expected `:`"),
        ("{{ .Values.service }}".to_owned(), "line 6, document 2: no JSON: key must be a string"),
        (
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}".to_owned(),
            "line 9, document 2, item 1: a list inside a list is not read",
        ),
        ("apiVersion: v1\nkind: List\nitems: 5".to_owned(), "line 8, document 2: items: "),
        ("apiVersion: v1\nkind: [\nitems:\n- {}".to_owned(), "document 2"),
    ] {
        if expected == "document 2" {
            let (problems, keys) = read(&format!("{document}\n- {{apiVersion: v1, kind: Service, metadata: {{name: good}}}}\n"));
            assert_eq!(
                (problems.len(), keys),
                (2, vec!["default/good".to_owned()]),
                "a list without a legible head still shows its items: {problems:?}"
            );
            continue;
        }
        let found = problem(&document);
        assert!(found.contains(expected), "expected {expected:?}, found {found:?}");
        assert!(!found.contains('\n') && !found.contains("at line"), "{found:?}");
    }
}

#[test]
fn a_malformed_item_hides_no_other() {
    for (change, with, expected) in [
        (
            "      port: 9153",
            "      port: 99153",
            "line 60, document 1, item 2, Service kube-system/kube-dns: spec.ports[2].port: 99153 is no port: 1 to 65535",
        ),
        ("    externalIPs:", "    externalIPs: ]", "line 48, document 1, item 2: "),
        ("    namespace: kube-system", "   namespace: kube-system", "document 1, item 2: "),
    ] {
        let (problems, keys) = read(&KUBECTL_LIST.replacen(change, with, 1));
        assert_eq!(keys, ["default/kubernetes", "web/shop"]);
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
    }
    let (problems, keys) = read(KUBECTL_JSON);
    assert_eq!(keys, ["web/shop"]);
    assert_eq!(problems, ["line 21, document 1, item 2, Service web/broken: spec.ports[0].port: 70000 is no port: 1 to 65535"]);
}

#[test]
fn a_service_named_twice_counts_once() {
    let text =
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"externalIPs\": [\"192.0.2.N\"]}}\n";
    let manifest = decode_manifest(&format!("{}---\n{}", text.replace('N', "1"), text.replace('N', "2")));
    assert_eq!(manifest.services.len(), 1);
    assert_eq!(manifest.services[0].external_ips, ["192.0.2.1".parse::<std::net::IpAddr>().unwrap()]);
    assert!(manifest.complete, "nothing is unread");
    assert_eq!(
        manifest.problems[0].to_string(),
        "line 3, document 2, Service default/a: named a second time: line 1 counts, this one does not"
    );
}

#[test]
fn the_list_of_problems_is_bounded() {
    let manifest = decode_manifest(&"--- []]\n".repeat(50_000));
    assert_eq!(manifest.problems.len(), 101);
    assert!(manifest.problems[100].what.contains("more problems"), "{}", manifest.problems[100]);
    assert!(!manifest.complete);
}
