//! `hostvip check` tells apart what keeps an agent from the API server: name, connection, TLS, authentication, RBAC.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use super::{KubeCluster, POOL, USER};
use crate::lab::control_plane::PORT;
use crate::lab::control_plane::kubeconfig::{Credential, Kubeconfig};
use crate::lab::control_plane::pki::Authority;
use crate::lab::wait_for;

/// A port on which something takes connections and says nothing.
const SILENT: u16 = 6445;

/// What `check` finds wrong: (exit code, the errors as (code, what)).
fn errors(cluster: &KubeCluster) -> (Option<i32>, Vec<(String, String)>) {
    let run = cluster.nodes[0].hostvip.run(&["check", "--quiet", "--output", "json"]);
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let errors = diagnosis["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    (run.code, errors.map(|finding| (text(finding, "code"), text(finding, "what"))).collect())
}

/// Demands that exactly one error is found, with this code and this in its text.
fn expect(cluster: &KubeCluster, code: &str, what: &str) {
    let (exit, found) = errors(cluster);
    let fits = found.len() == 1 && found[0].0 == code && found[0].1.contains(what);
    assert!(exit == Some(1) && fits, "not {code} with {what:?}, but exit code {exit:?} and {found:#?}");
}

#[test]
fn each_way_to_fail_has_a_finding_of_its_own() {
    let Some(cluster) = KubeCluster::start(1, POOL) else { return };
    let (api, hostvip) = (&cluster.control_plane, &cluster.nodes[0].hostvip);
    let _silent = api.host().enter(|| TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], SILENT)))).unwrap();
    let sound = api.kubeconfig(cluster.certificate());
    let try_with = |kubeconfig: &Kubeconfig, code: &str, what: &str| {
        hostvip.write("kubeconfig", &kubeconfig.render());
        expect(&cluster, code, what);
    };
    let at = |server: String| Kubeconfig { server, ..sound.clone() };
    let by = |credential| api.kubeconfig(credential);

    assert_eq!(errors(&cluster), (Some(0), Vec::new()), "a sound one");
    hostvip.write("kubeconfig", "apiVersion: v1\nkind: Config\nclusters: 7\n");
    expect(&cluster, "api_credentials", &hostvip.path("kubeconfig").display().to_string());
    try_with(&at(format!("https://nowhere.invalid:{PORT}")), "api_name", "nowhere.invalid");
    try_with(&at(format!("https://{}:6444", api.address())), "api_connect", "refused");
    try_with(&at(format!("https://192.0.2.77:{PORT}")), "api_connect", "192.0.2.77");
    try_with(&at(format!("https://{}:{SILENT}", api.address())), "api_tls", "no TLS");
    let stranger = Authority::new("another");
    try_with(&Kubeconfig { authority: Some(stranger.certificate.clone()), ..sound.clone() }, "api_tls", "not trusted");
    try_with(&by(Credential::Token("no-such-token".to_owned())), "api_unauthorized", "token");
    try_with(&by(Credential::Certificate(stranger.client(USER, "hostvip"))), "api_unauthorized", "client certificate");
    try_with(&by(Credential::Certificate(api.authority.expired_client(USER, "hostvip"))), "api_unauthorized", "client certificate");

    hostvip.write("kubeconfig", &by(Credential::Certificate(api.authority.client("nobody", "none"))).render());
    let (exit, found) = errors(&cluster);
    let rights = found.iter().filter(|(code, what)| code == "api_rights" && what.starts_with("no right to ")).count();
    assert_eq!((exit, rights, found.len()), (Some(1), 6, 6), "a user who may nothing: {found:#?}");

    // The API server reads its certificate again by itself, within a moment.
    hostvip.write("kubeconfig", &sound.render());
    let here = [api.address().to_string()];
    let elsewhere = ["elsewhere.example".to_owned()];
    for (pair, what) in [(api.authority.expired_server(&here), "expired"), (api.authority.server(&elsewhere), "other names")] {
        api.serve_certificate(&pair);
        wait_for(what, || errors(&cluster).1.iter().any(|(_, found)| found.contains(what)));
        expect(&cluster, "api_tls", what);
    }
    api.rotate_server_certificate();
    wait_for("all is sound again", || errors(&cluster) == (Some(0), Vec::new()));
}
