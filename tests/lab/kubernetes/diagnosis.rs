//! `hostvip check` tells apart what keeps an agent from the API server: name, connection, TLS, authentication, RBAC.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use super::{KubeCluster, POOL, USER};
use crate::lab::control_plane::PORT;
use crate::lab::control_plane::kubeconfig::{Credential, Kubeconfig};
use crate::lab::control_plane::pki::Authority;
use crate::lab::eventually;

/// A port on which something takes connections and says nothing.
const SILENT: u16 = 6445;

/// What `check` finds about the API server: (exit code, codes of the errors).
fn errors(cluster: &KubeCluster) -> (Option<i32>, Vec<String>) {
    let run = cluster.nodes[0].hostvip.run(&["check", "--quiet", "--output", "json"]);
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let errors = diagnosis["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    (run.code, errors.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect())
}

fn expect(cluster: &KubeCluster, what: &str, code: &str) {
    assert_eq!(errors(cluster), (Some(1), vec![code.to_owned()]), "{what}");
}

#[test]
fn each_way_to_fail_has_a_finding_of_its_own() {
    let Some(cluster) = KubeCluster::start(1, POOL) else { return };
    let (api, hostvip) = (&cluster.control_plane, &cluster.nodes[0].hostvip);
    let _silent = api.host().enter(|| TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], SILENT)))).unwrap();
    let sound = api.kubeconfig(cluster.certificate());
    let try_with = |what: &str, kubeconfig: &Kubeconfig, code: &str| {
        hostvip.write("kubeconfig", &kubeconfig.render());
        expect(&cluster, what, code);
    };
    let at = |server: String| Kubeconfig { server, ..sound.clone() };
    let by = |credential| api.kubeconfig(credential);

    assert_eq!(errors(&cluster), (Some(0), Vec::new()), "a sound one");
    hostvip.write("kubeconfig", "apiVersion: v1\nkind: Config\nclusters: 7\n");
    expect(&cluster, "a file that is no kubeconfig", "kubeconfig");
    try_with("a name that nobody knows", &at(format!("https://nowhere.invalid:{PORT}")), "api_dns");
    try_with("a port on which nobody listens", &at(format!("https://{}:6444", api.address())), "api_connect");
    try_with("a host that is not there", &at(format!("https://192.0.2.77:{PORT}")), "api_connect");
    try_with("a server that hangs", &at(format!("https://{}:{SILENT}", api.address())), "api_tls");
    let stranger = Authority::new("another");
    try_with("an authority that did not sign", &Kubeconfig { authority: Some(stranger.certificate.clone()), ..sound.clone() }, "api_tls");
    try_with("a token that nobody gave", &by(Credential::Token("no-such-token".to_owned())), "api_authentication");
    try_with("a certificate of another authority", &by(Credential::Certificate(stranger.client(USER, "hostvip"))), "api_authentication");
    try_with("a certificate that ended", &by(Credential::Certificate(api.authority.expired_client(USER, "hostvip"))), "api_authentication");

    hostvip.write("kubeconfig", &by(Credential::Certificate(api.authority.client("nobody", "none"))).render());
    let (code, found) = errors(&cluster);
    assert!(code == Some(1) && found.len() >= 6 && found.iter().all(|code| code == "api_rbac"), "a user who may nothing: {found:?}");

    // The API server reads its certificate again by itself.
    hostvip.write("kubeconfig", &sound.render());
    let here = [api.address().to_string()];
    for (what, pair) in [
        ("a certificate that ended", api.authority.expired_server(&here)),
        ("a certificate for another host", api.authority.server(&["elsewhere.example".to_owned()])),
    ] {
        api.serve_certificate(&pair);
        let found = eventually(what, || Some(errors(&cluster)).filter(|(code, _)| *code == Some(1)));
        assert_eq!(found.1, ["api_tls"], "{what}");
    }
    api.rotate_server_certificate();
    eventually("a sound one again", || (errors(&cluster).0 == Some(0)).then_some(()));
}
