//! What is listed and watched.

use serde_json::json;

use super::support::{Plane, names, node, service, slice, stand, start, until, watch};
use crate::lab::control_plane::client::apply;

#[test]
fn what_the_cluster_says_is_listed_and_then_watched() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&(service("web", "192.0.2.100") + &slice("web-1", "web", &["node-a"]) + &node("node-a", "10.244.1.0/24")));
    let plain = "---\napiVersion: v1\nkind: Service\nmetadata: {name: plain, namespace: default}\nspec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}\n";
    plane.control.apply(plain);
    plane.run(async |plane| {
        let mut kubernetes = start(plane.write("agent", &plane.control.admin()));
        assert!(kubernetes.cluster().is_none(), "nothing is known before it is listed");
        until(&mut kubernetes, "all watches stand", stand).await;
        assert_eq!(names(&kubernetes), ["default/web"]);
        let cluster = kubernetes.cluster().unwrap();
        assert_eq!(cluster.nodes.keys().map(|name| &**name).collect::<Vec<_>>(), ["node-a"]);
        let of = |text: &str| cluster.addresses.get(&text.parse().unwrap()).map(ToString::to_string);
        assert_eq!(of("10.96.7.7").as_deref(), Some("the cluster IP of a Service"), "of a Service that asks for no address");
        assert_eq!(of("192.0.2.2").as_deref(), Some("the API server"), "by the kubeconfig");
        let ranges: Vec<_> = cluster.ranges.iter().map(|(net, of)| format!("{net} {of}")).collect();
        assert_eq!(ranges, ["10.96.0.0/16 the Service CIDR kubernetes", "10.244.1.0/24 the pod CIDR of node-a"]);
        let egress = watch(&kubernetes, "egressips");
        assert_eq!((egress.away_seconds, egress.listed_seconds_ago, egress.error), (None, None, None), "absent, and no fault");

        plane.control.apply(&(service("api", "192.0.2.101") + &slice("web-2", "web", &["node-b"])));
        until(&mut kubernetes, "a new Service", |kubernetes| names(kubernetes) == ["default/api", "default/web"]).await;
        plane.control.kubectl(&["delete", "service", "web", "--wait=false"]);
        until(&mut kubernetes, "a Service less", |kubernetes| names(kubernetes) == ["default/api"]).await;
        plane.control.kubectl(&["delete", "node", "node-a"]);
        until(&mut kubernetes, "a node less", |kubernetes| kubernetes.cluster().unwrap().nodes.is_empty()).await;
        assert_eq!(kubernetes.cluster().unwrap().ranges.len(), 1, "its pod CIDR is free");
    });
}

#[test]
fn a_list_of_many_pages_is_whole() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.with_client(async |client| {
        for number in 0..601 {
            apply(&client, json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{number:03}")}})).await;
        }
    });
    plane.run(async |plane| {
        let mut kubernetes = start(plane.write("agent", &plane.control.admin()));
        until(&mut kubernetes, "all watches stand", stand).await;
        assert_eq!(kubernetes.cluster().unwrap().nodes.len(), 601);
        assert_eq!(watch(&kubernetes, "nodes").objects, 601);
    });
}
