//! Who the agent says it is: by certificate or token, in a file or beside it, rotated while it runs.

use std::net::SocketAddr;

use super::objects::service;
use super::{KubeCluster, POOL};
use crate::lab::control_plane::PORT;
use crate::lab::control_plane::kubeconfig::Credential;
use crate::lab::control_plane::pki::Pair;
use crate::lab::hostvip::Hostvip;
use crate::lab::process::Process;
use crate::lab::wait_for;

/// Name of the service account of docs/rbac.yaml, and of its namespace.
const ACCOUNT: &str = "hostvip";
/// Its user name.
const USER: &str = "system:serviceaccount:hostvip:hostvip";

impl KubeCluster {
    /// Waits until this user watches Services, then shows that it is heard: a new Service of this VIP is answered.
    fn wait_watched_by(&self, user: &str, from: usize, vip: &str) {
        let watches = ("services".to_owned(), "watch".to_owned());
        wait_for(&format!("{user} watches"), || self.control_plane.audit().since(from).counts(user).contains_key(&watches));
        self.control_plane.apply(&service(&format!("web-{}", vip.replace('.', "-")), vip, ""));
        self.wait_answered(vip, self.nodes[0].host.mac);
    }

    /// A token that is worth something as long as a Secret of this name is there.
    fn bound_token(&self, secret: &str) -> String {
        self.control_plane.kubectl(&["create", "secret", "generic", secret, "--namespace", ACCOUNT]);
        self.control_plane.token(ACCOUNT, ACCOUNT, Some(secret))
    }
}

#[test]
fn tokens_are_read_from_the_kubeconfig_and_from_a_file_that_is_rotated() {
    let Some(mut cluster) = KubeCluster::start(1, POOL) else { return };
    cluster.admit(&cluster.nodes[0], Credential::Token(cluster.control_plane.token(ACCOUNT, ACCOUNT, None)));
    let mut agent = cluster.nodes[0].hostvip.start();
    cluster.wait_watched_by(USER, 0, "192.0.2.100");

    let path = cluster.nodes[0].hostvip.path("token");
    cluster.nodes[0].hostvip.write("token", &cluster.bound_token("first"));
    let before = cluster.control_plane.audit().len();
    cluster.admit(&cluster.nodes[0], Credential::TokenFile(path));
    cluster.wait_watched_by(USER, before, "192.0.2.101");

    // The file is rotated, and the old token is worth nothing any more: only who reads the new one gets in again.
    cluster.nodes[0].hostvip.write("token", &cluster.bound_token("second"));
    cluster.control_plane.kubectl(&["delete", "secret", "first", "--namespace", ACCOUNT]);
    let before = cluster.control_plane.audit().len();
    cluster.control_plane.restart();
    cluster.wait_watched_by(USER, before, "192.0.2.102");
    assert!(agent.exited().is_none(), "it was the same agent all the time");
}

#[test]
fn certificate_files_are_read_again_when_they_are_rotated() {
    let Some(cluster) = KubeCluster::start(1, POOL) else { return };
    let hostvip = &cluster.nodes[0].hostvip;
    cluster.control_plane.kubectl(&["create", "clusterrolebinding", "agents", "--clusterrole=hostvip", "--group=agents"]);
    let write = |hostvip: &Hostvip, pair: &Pair| {
        hostvip.write("client.key", &pair.key);
        hostvip.write("client.crt", &pair.certificate);
    };
    let authority = &cluster.control_plane.authority;
    write(hostvip, &authority.client("first", "agents"));
    cluster.admit(&cluster.nodes[0], Credential::CertificateFiles(hostvip.path("client.crt"), hostvip.path("client.key")));
    let mut agent = hostvip.start();
    cluster.wait_watched_by("first", 0, "192.0.2.100");
    write(hostvip, &authority.client("second", "agents"));
    cluster.wait_watched_by("second", 0, "192.0.2.101");
    assert!(agent.exited().is_none(), "it was the same agent all the time");
}

#[test]
fn a_service_account_in_a_pod_needs_no_kubeconfig() {
    let Some(cluster) = KubeCluster::start(1, &POOL.replace("kubeconfig = \"{dir}/kubeconfig\"", "")) else { return };
    let hostvip = &cluster.nodes[0].hostvip;
    let secrets = hostvip.path("secrets");
    std::fs::create_dir(&secrets).unwrap();
    let files = [
        ("token", cluster.control_plane.token(ACCOUNT, ACCOUNT, None)),
        ("ca.crt", cluster.control_plane.authority.certificate.clone()),
        ("namespace", "default".to_owned()),
    ];
    for (name, text) in files {
        std::fs::write(secrets.join(name), text).unwrap();
    }
    let _agent: Process = hostvip.start_in_pod(&secrets, SocketAddr::new(cluster.control_plane.address(), PORT));
    cluster.wait_watched_by(USER, 0, "192.0.2.100");
}
