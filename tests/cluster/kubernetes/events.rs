//! Events on Services, by the rights that docs/rbac.yaml gives and no more.

use hostvip::cluster::Kubernetes;
use hostvip::model::EventCounts;
use hostvip::model::{LinkName, News, Notice};
use serde_json::Value;

use super::support::{Plane, beside, names, service, start, until};
use crate::lab::control_plane::kubeconfig::Credential;

const RBAC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rbac.yaml");

fn why(kubernetes: &Kubernetes, why: &str) -> Notice {
    let service = kubernetes.services().next().unwrap();
    Notice { service: service.key.clone(), uid: service.uid.clone().unwrap(), news: News::NotAnnounced { why: why.to_owned() } }
}

#[test]
fn news_become_events_and_repeats_a_series() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&service("web", "192.0.2.100"));
    plane.control.kubectl(&["apply", "-f", RBAC]);
    plane.run(async |plane| {
        let user = Credential::Certificate(plane.control.authority.client("hostvip", "none"));
        let mut kubernetes = start(plane.write("agent", &plane.control.kubeconfig(user)));
        until(&mut kubernetes, "the Service", |kubernetes| kubernetes.cluster().is_some() && names(kubernetes) == ["default/web"]).await;
        let Notice { service, uid, .. } = why(&kubernetes, "");
        let news = News::Announcing { vip: "192.0.2.100".parse().unwrap(), node: "node-a".into(), link: LinkName::from("br-ex") };
        kubernetes.post(Notice { service, uid: uid.clone(), news });
        for _ in 0..3 {
            kubernetes.post(why(&kubernetes, "outside every pool of this node"));
        }
        // So long that the API would refuse it.
        kubernetes.post(why(&kubernetes, &"ü".repeat(2000)));
        until_counts(&mut kubernetes, |counts| counts.written + counts.failed == 5).await;
        assert_eq!(kubernetes.events(), EventCounts { written: 5, failed: 0, dropped: 0 });

        let list: Value = serde_json::from_str(&plane.control.kubectl(&["get", "events.events.k8s.io", "-o", "json"])).unwrap();
        let text = |event: &Value, field: &str| event.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let events = list["items"].as_array().unwrap();
        let find = |reason: &str, note: &str| {
            events.iter().find(|event| event["reason"] == reason && text(event, "/note").starts_with(note)).unwrap()
        };
        let said = find("Announcing", "node-a answers for 192.0.2.100 on br-ex");
        assert_eq!(
            (text(said, "/type"), text(said, "/regarding/kind"), text(said, "/regarding/name")),
            ("Normal".into(), "Service".into(), "web".into())
        );
        assert_eq!((text(said, "/regarding/uid"), text(said, "/reportingInstance")), (uid.to_string(), "node-a".into()));
        let repeated = find("NotAnnounced", "outside");
        assert_eq!((&repeated["type"], &repeated["series"]["count"]), (&Value::from("Warning"), &Value::from(3)));
        assert_eq!(events.iter().filter(|event| event["reportingController"] == "hostvip").count(), 3);
    });
}

#[test]
fn rights_that_are_missing_cost_events_and_nothing_else() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&service("web", "192.0.2.100"));
    plane.control.kubectl(&[
        "create",
        "clusterrole",
        "reader",
        "--verb=list,watch",
        "--resource=services,nodes,endpointslices.discovery.k8s.io",
    ]);
    plane.control.kubectl(&["create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=reader"]);
    plane.run(async |plane| {
        let user = Credential::Certificate(plane.control.authority.client("reader", "none"));
        let mut kubernetes = start(plane.write("agent", &plane.control.kubeconfig(user)));
        until(&mut kubernetes, "the Service", |kubernetes| kubernetes.cluster().is_some() && names(kubernetes) == ["default/web"]).await;
        kubernetes.post(why(&kubernetes, "no pool"));
        until_counts(&mut kubernetes, |counts| counts.failed == 1).await;
        let refused = |kubernetes: &Kubernetes| {
            let report = super::support::watch(kubernetes, "servicecidrs");
            report.error.is_some_and(|error| error.contains("403") && error.contains("servicecidrs"))
        };
        until(&mut kubernetes, "the optional resource that may not be read is told", refused).await;
        plane.control.apply(&service("api", "192.0.2.101"));
        until(&mut kubernetes, "the watches go on", |kubernetes| names(kubernetes).len() == 2).await;
    });
}

async fn until_counts(kubernetes: &mut Kubernetes, reached: impl Fn(EventCounts) -> bool) {
    for _ in 0..6000 {
        if reached(kubernetes.events()) {
            return;
        }
        beside(kubernetes, tokio::time::sleep(std::time::Duration::from_millis(10))).await;
    }
    panic!("the Events are not written: {:?}", kubernetes.events());
}
