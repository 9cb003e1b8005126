//! Credentials that are missing, bad, or replaced while the agent runs.

use std::fs;

use hostvip::cluster::Kubernetes;

use super::support::{Plane, away, names, replace, service, stand, start, until, watch};
use crate::lab::control_plane::kubeconfig::{Credential, Kubeconfig};
use crate::lab::control_plane::pki::Authority;

fn error(kubernetes: &Kubernetes) -> String {
    watch(kubernetes, "services").error.unwrap_or_default()
}

#[test]
fn a_kubeconfig_may_come_late_and_go_bad() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&service("web", "192.0.2.100"));
    plane.run(async |plane| {
        let path = plane.control.path("agent");
        let mut kubernetes = start(path.clone());
        let missing = |kubernetes: &Kubernetes| away(kubernetes) && error(kubernetes).contains(path.to_str().unwrap());
        until(&mut kubernetes, "the missing kubeconfig is named", missing).await;
        replace(&path, &plane.control.admin().render());
        until(&mut kubernetes, "all watches stand", stand).await;
        assert!(watch(&kubernetes, "services").problems.is_empty());

        replace(&path, "clusters: [");
        let told = |kubernetes: &Kubernetes| watch(kubernetes, "services").problems.iter().any(|problem| problem.contains("stay in force"));
        until(&mut kubernetes, "the bad kubeconfig is told", told).await;
        plane.control.apply(&service("api", "192.0.2.101"));
        until(&mut kubernetes, "the watches go on", |kubernetes| names(kubernetes).len() == 2).await;
        replace(&path, &plane.control.admin().render());
        until(&mut kubernetes, "nothing is bad any more", |kubernetes| !told(kubernetes) && stand(kubernetes)).await;
    });
}

#[test]
fn a_certificate_that_is_replaced_is_used() {
    let Some(mut plane) = Plane::start() else { return };
    plane.run(async |plane| {
        let (certificate, key) = (plane.control.path("agent.crt"), plane.control.path("agent.key"));
        let give = |pair: crate::lab::control_plane::pki::Pair| {
            replace(&key, &pair.key);
            replace(&certificate, &pair.certificate);
        };
        give(Authority::new("stranger").client("first", "system:masters"));
        let files = Credential::CertificateFiles(certificate.clone(), key.clone());
        let mut kubernetes = start(plane.write("agent", &plane.control.kubeconfig(files)));
        until(&mut kubernetes, "a stranger's certificate is refused", |kubernetes| error(kubernetes).contains("401")).await;
        give(plane.control.authority.client("first", "system:masters"));
        until(&mut kubernetes, "all watches stand", stand).await;
        give(plane.control.authority.client("second", "system:masters"));
        let watches =
            |plane: &Plane| plane.control.audit().counts("second").get(&("services".into(), "watch".into())).copied().unwrap_or(0);
        for _ in 0..600 {
            if watches(plane) > 0 {
                return;
            }
            super::support::beside(&mut kubernetes, tokio::time::sleep(std::time::Duration::from_millis(100))).await;
        }
        panic!("the API server never met the second certificate");
    });
}

#[test]
fn a_token_that_ends_is_replaced_by_the_files_next() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.kubectl(&["create", "serviceaccount", "agent"]);
    plane.control.kubectl(&["create", "clusterrolebinding", "agent", "--clusterrole=cluster-admin", "--serviceaccount=default:agent"]);
    plane.run(async |plane| {
        let file = plane.control.path("token");
        replace(&file, "not a token");
        let kubeconfig = plane.control.kubeconfig(Credential::TokenFile(file.clone()));
        let mut kubernetes = start(plane.write("agent", &kubeconfig));
        until(&mut kubernetes, "a bad token is refused", |kubernetes| error(kubernetes).contains("401")).await;
        replace(&file, &plane.control.token("default", "agent", None));
        until(&mut kubernetes, "all watches stand", stand).await;
        let first = fs::read_to_string(&file).unwrap();
        replace(&file, &plane.control.token("default", "agent", None));
        assert_ne!(first, fs::read_to_string(&file).unwrap());
        plane.control.apply(&service("web", "192.0.2.100"));
        until(&mut kubernetes, "the watches go on", |kubernetes| names(kubernetes) == ["default/web"]).await;
    });
}

#[test]
fn a_name_that_the_certificate_lacks_can_be_set() {
    let Some(mut plane) = Plane::start() else { return };
    plane.run(async |plane| {
        let admin = plane.control.admin();
        // An address of the server that is in no certificate, and a name that is.
        let render = |name: &str| {
            let text = Kubeconfig { server: "https://127.0.0.2:6443".into(), ..admin.clone() }.render();
            text.replace("\"server\":", &format!("\"tls-server-name\":\"{name}\",\"server\":"))
        };
        let path = plane.control.path("agent");
        replace(&path, &render("elsewhere"));
        let mut kubernetes = start(path.clone());
        until(&mut kubernetes, "the wrong name is told", |kubernetes| error(kubernetes).contains("not valid for name")).await;
        replace(&path, &render("kubernetes.default.svc"));
        until(&mut kubernetes, "all watches stand", stand).await;
    });
}
