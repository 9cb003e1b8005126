//! The control plane itself: what the labs of Kubernetes rest on must be able to fail.

use crate::lab::Lab;
use crate::lab::control_plane::ControlPlane;
use crate::lab::control_plane::kubeconfig::Credential;
use crate::lab::control_plane::pki::Authority;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n\
    spec: {type: LoadBalancer, ports: [{port: 80}]}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.100}]}}\n";

#[test]
fn a_control_plane_tells_users_apart_and_comes_back() {
    let Some(lab) = Lab::start() else { return };
    let lan = lab.segment("lan");
    let host = lan.host(lab, "control-plane", "eth0", &["192.0.2.2/24"]);
    let Some(mut control_plane) = ControlPlane::start(&host) else { return };
    control_plane.apply(SERVICE);
    let address = ["get", "service", "web", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"];
    assert_eq!(control_plane.kubectl(&address), "192.0.2.100");

    let as_user = |credential, args: &[&str]| {
        let output = control_plane.kubectl_as(&control_plane.kubeconfig(credential), args);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (authority, other) = (&control_plane.authority, Authority::new("lab"));
    assert!(as_user(Credential::Certificate(authority.client("reader", "system:masters")), &address).0);
    let (_, forbidden) = as_user(Credential::Certificate(authority.client("nobody", "none")), &address);
    assert!(forbidden.contains("Forbidden") && forbidden.contains("nobody"), "{forbidden}");
    for stranger in [other.client("admin", "system:masters"), authority.expired_client("admin", "system:masters")] {
        let (well, said) = as_user(Credential::Certificate(stranger), &address);
        assert!(!well && said.contains("logged in"), "{said}");
    }
    control_plane.kubectl(&["create", "serviceaccount", "agent"]);
    let token = Credential::Token(control_plane.token("default", "agent", None));
    let (_, forbidden) = as_user(token, &address);
    assert!(forbidden.contains("system:serviceaccount:default:agent"), "{forbidden}");
    let agent = "system:serviceaccount:default:agent";
    let refused = control_plane.audit().refused(agent);
    assert!(refused.iter().any(|request| (&*request.resource, &*request.verb, request.code) == ("services", "get", 403)), "{refused:?}");

    control_plane.stop();
    control_plane.compact();
    control_plane.rotate_server_certificate();
    control_plane.restart();
    assert_eq!(control_plane.kubectl(&address), "192.0.2.100");
}
