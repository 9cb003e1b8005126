//! Where the way to the API server ends, told apart.

use std::net::TcpListener;
use std::path::PathBuf;

use hostvip::cluster::kubernetes::probe;
use hostvip::config;
use hostvip::decide::doctor::api::{ApiFacts, Reached, TlsFault, judge};
use hostvip::model::Severity;

use super::support::{Plane, replace};
use crate::lab::control_plane::kubeconfig::{Credential, Kubeconfig};
use crate::lab::control_plane::pki::Authority;

const RBAC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rbac.yaml");

async fn probed(path: PathBuf) -> ApiFacts {
    probe(&config::Kubernetes { kubeconfig: Some(path) }).await
}

/// Codes and texts of what is wrong.
fn wrong(facts: &ApiFacts) -> Vec<String> {
    let findings = judge(facts).into_iter().filter(|finding| finding.severity != Severity::Ok);
    findings.map(|finding| format!("{}: {}; {}", finding.code, finding.what, finding.fix)).collect()
}

fn one(facts: &ApiFacts) -> String {
    let wrong = wrong(facts);
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    wrong.into_iter().next().unwrap()
}

#[test]
fn each_step_that_fails_is_told_apart() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.kubectl(&["apply", "-f", RBAC]);
    plane.run(async |plane| {
        let admin = plane.control.admin();
        let at = |server: &str| plane.write("other", &Kubeconfig { server: server.into(), ..admin.clone() });
        let bad = plane.control.path("bad");

        let facts = probed(bad.clone()).await;
        assert!(one(&facts).starts_with(&format!("api_credentials: kubeconfig {}", bad.display())), "{}", one(&facts));
        replace(&bad, "clusters: [");
        assert!(matches!(probed(bad.clone()).await.reached, Reached::Unreadable(_)));
        let file = Credential::CertificateFiles("/nowhere/agent.crt".into(), "/nowhere/agent.key".into());
        let facts = probed(plane.write("other", &plane.control.kubeconfig(file))).await;
        assert!(one(&facts).contains("/nowhere/agent"), "{}", one(&facts));

        let facts = probed(at("https://nobody.invalid:6443")).await;
        assert!(one(&facts).starts_with("api_name: ") && one(&facts).contains("nobody.invalid"), "{}", one(&facts));
        let facts = probed(at("https://192.0.2.2:6444")).await;
        assert!(one(&facts).starts_with("api_connect: ") && one(&facts).contains("192.0.2.2:6444 (Connection refused"), "{}", one(&facts));
        let facts = probed(at("https://192.0.2.77:6443")).await;
        assert!(matches!(&facts.reached, Reached::Unconnected(tried) if tried.len() == 1), "{facts:?}");

        let silent = TcpListener::bind("192.0.2.2:0").unwrap();
        let facts = probed(at(&format!("https://{}", silent.local_addr().unwrap()))).await;
        assert!(one(&facts).contains("no answer within 5 s"), "{}", one(&facts));
        let facts = probed(at(&format!("http://{}", silent.local_addr().unwrap()))).await;
        assert!(one(&facts).starts_with("api_answer: "), "{}", one(&facts));

        let stranger = Kubeconfig { authority: Some(Authority::new("other").certificate), ..admin.clone() };
        let facts = probed(plane.write("other", &stranger)).await;
        assert!(matches!(&facts.reached, Reached::Untrusted { fault: TlsFault::UnknownAuthority, .. }), "{facts:?}");
        let facts = probed(at("https://127.0.0.2:6443")).await;
        assert!(matches!(&facts.reached, Reached::Untrusted { fault: TlsFault::WrongName(_), .. }), "{facts:?}");

        let token = Credential::Token("not a token".into());
        let facts = probed(plane.write("other", &plane.control.kubeconfig(token))).await;
        assert!(one(&facts).starts_with("api_unauthorized: ") && one(&facts).contains("the token"), "{}", one(&facts));
        let expired = Credential::Certificate(plane.control.authority.expired_client("hostvip", "none"));
        let facts = probed(plane.write("other", &plane.control.kubeconfig(expired))).await;
        assert!(one(&facts).contains("a client certificate"), "{}", one(&facts));
        let facts = probed(plane.write("other", &plane.control.kubeconfig(Credential::Anonymous))).await;
        assert!(one(&facts).starts_with("api_unauthorized: ") && one(&facts).contains("no credential"), "{}", one(&facts));
    });
}

#[test]
fn each_right_that_is_missing_is_named() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.kubectl(&["apply", "-f", RBAC]);
    plane.run(async |plane| {
        let user = Credential::Certificate(plane.control.authority.client("hostvip", "none"));
        let path = plane.write("agent", &plane.control.kubeconfig(user));
        let facts = probed(path.clone()).await;
        assert_eq!(wrong(&facts), Vec::<String>::new(), "{facts:#?}");
        let Reached::Answers(answers) = &facts.reached else { panic!("{facts:?}") };
        assert!(answers.version.starts_with("v1.") && answers.skew.is_some(), "{answers:?}");

        let all = std::fs::read_to_string(RBAC).unwrap();
        for (rule, cut, expected, severity) in [
            (
                "resources: [services, nodes]\n    verbs: [list, watch]",
                "resources: [nodes]\n    verbs: [list, watch]",
                "list services",
                Severity::Error,
            ),
            (
                "resources: [services, nodes]\n    verbs: [list, watch]",
                "resources: [services, nodes]\n    verbs: [list]",
                "watch nodes",
                Severity::Error,
            ),
            (
                "[endpointslices]\n    verbs: [list, watch]",
                "[endpointslices]\n    verbs: [watch]",
                "list endpointslices.discovery.k8s.io",
                Severity::Error,
            ),
            (
                "[servicecidrs]\n    verbs: [list, watch]",
                "[servicecidrs]\n    verbs: [list]",
                "watch servicecidrs.networking.k8s.io",
                Severity::Warning,
            ),
            ("verbs: [create, patch]", "verbs: [create]", "patch events.events.k8s.io", Severity::Warning),
        ] {
            assert!(all.contains(rule), "{rule}");
            replace(&plane.control.path("rbac.yaml"), &all.replace(rule, cut));
            plane.control.kubectl(&["apply", "-f", plane.control.path("rbac.yaml").to_str().unwrap()]);
            // The API server takes a moment to see its own rules.
            let mut told = None;
            for _ in 0..200 {
                let findings = judge(&probed(path.clone()).await);
                told = findings.into_iter().find(|finding| finding.what == format!("no right to {expected}"));
                if told.is_some() {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert_eq!(told.map(|finding| finding.severity), Some(severity), "{expected}");
        }
    });
}
