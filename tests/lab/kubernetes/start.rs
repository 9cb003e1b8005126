//! A start, a command, a new config while the API server cannot be asked: nothing is taken away, and everybody is told why.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use super::objects::service;
use super::{KubeCluster, POOL};
use crate::cluster::VIP;
use crate::lab::control_plane::kubeconfig::Kubeconfig;
use crate::lab::control_plane::pki::Authority;
use crate::lab::wait_for;

/// A program for credentials that gives none for longer than any test may take. The test ends it.
const HANGING: &str = "#!/bin/sh\necho $$ >>\"$0.pids\"\nexec sleep 600\n";
/// A cluster of one node whose agent has served [`VIP`] and ended since.
fn served() -> Option<KubeCluster> {
    let cluster = KubeCluster::start(1, POOL)?;
    cluster.control_plane.apply(&service("web", VIP, ""));
    let agents = cluster.ready_agents();
    cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    drop(agents);
    Some(cluster)
}

#[test]
fn without_the_api_server_nothing_is_decided_and_no_command_says_otherwise() {
    let Some(cluster) = served() else { return };
    let (node, stranger) = (&cluster.nodes[0], Authority::new("another"));
    let sound = cluster.control_plane.kubeconfig(cluster.certificate());
    node.hostvip.write("kubeconfig", &Kubeconfig { authority: Some(stranger.certificate), ..sound.clone() }.render());
    let cause = "invalid peer certificate: UnknownIssuer";

    let plan = node.hostvip.run(&["plan"]);
    assert_eq!((plan.code, plan.stdout.contains("nothing to do")), (Some(1), false), "{plan:?}");
    assert!(plan.stdout.contains("nothing is decided before the cluster has been listed") && plan.stderr.contains(cause), "{plan:?}");
    for running in [false, true] {
        let _agent = running.then(|| {
            let agent = node.hostvip.start();
            agent.wait_log(cause);
            agent
        });
        let story = node.hostvip.run(&["explain", "default/web"]);
        assert!(story.stdout.contains("as far as is known") && story.stdout.contains(cause), "running: {running}: {story:?}");
        assert_eq!((story.code, node.holds(VIP)), (Some(1), true), "{story:?}");
    }
    let agent = node.hostvip.start();
    node.wait_report("it says why", |report| report.watches.iter().any(|watch| watch.error.is_some()));
    let status = node.hostvip.run(&["status"]);
    assert!(!status.stdout.contains("not in this cluster"), "nobody knows what is in it: {}", status.stdout);
    let check = node.hostvip.run(&["check", "--quiet"]);
    assert!(check.stdout.contains("not trusted") && !check.stdout.contains("no source is configured"), "{}", check.stdout);
    assert!(node.holds(VIP));

    node.hostvip.write("kubeconfig", &sound.render());
    agent.wait_log(&format!("{VIP} of default/web: bound here"));
    let log = agent.log();
    let told = log.lines().filter(|line| line.contains(cause)).count();
    assert!(told == 1 && !log.contains("client error (Connect)"), "one clear sentence, for all watches together:\n{log}");
}

#[test]
fn a_program_for_credentials_that_hangs_holds_up_nobody() {
    let Some(cluster) = served() else { return };
    let node = &cluster.nodes[0];
    let program = node.hostvip.path("credentials");
    node.hostvip.write("credentials", HANGING);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let exec = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": program, "interactiveMode": "Never",
    });
    let kubeconfig = serde_json::json!({
        "clusters": [{ "name": "x", "cluster": { "server": cluster.control_plane.url() } }],
        "users": [{ "name": "x", "user": { "exec": exec } }],
        "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
        "current-context": "x",
    });
    node.hostvip.write("kubeconfig", &kubeconfig.to_string());
    assert_eq!(node.hostvip.run(&["plan"]).code, Some(1));
    let mut agent = node.hostvip.start();
    wait_for("the loop turns", || node.report().is_some());
    agent.signal(Signal::SIGTERM);
    assert!(agent.wait().success());
    for pid in std::fs::read_to_string(node.hostvip.path("credentials.pids")).unwrap().lines() {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
    }
}

#[test]
fn former_sources_stay_in_force_until_a_new_cluster_has_listed() {
    let Some(mut cluster) = served() else { return };
    let config = |source: &str| POOL.replace("kubernetes = { kubeconfig = \"{dir}/kubeconfig\" }", source);
    let (other, files) = (config("kubernetes = { kubeconfig = \"{dir}/other\" }"), config("files = [\"{dir}/services.yaml\"]"));
    let kubeconfig = cluster.control_plane.kubeconfig(cluster.certificate());
    cluster.nodes[0].hostvip.write("other", &kubeconfig.render());
    cluster.nodes[0].hostvip.write("services.yaml", &crate::cluster::service("web", &[VIP], &[]));
    let repaired = |cluster: &KubeCluster| {
        cluster.nodes[0].host.run(&format!("ip address del {VIP}/32 dev eth0"));
        cluster.wait_answered(VIP, cluster.nodes[0].host.mac);
    };
    for from in [POOL, &files] {
        cluster.nodes[0].hostvip.configure(from);
        let agent = cluster.nodes[0].hostvip.start();
        agent.wait_log(&format!("{VIP} of default/web: bound here"));
        cluster.control_plane.stop();
        cluster.nodes[0].hostvip.configure(&other);
        agent.wait_log("the former sources stay in force until the cluster has been listed");
        cluster.nodes[0].wait_report("the new one is reported", |report| {
            report.sources.is_empty() && report.watches.iter().any(|watch| watch.required && watch.listed_seconds_ago.is_none())
        });
        repaired(&cluster);
        cluster.control_plane.restart();
        cluster.control_plane.apply(&service("more", "192.0.2.102", ""));
        cluster.wait_answered("192.0.2.102", cluster.nodes[0].host.mac);
        repaired(&cluster);
        cluster.control_plane.kubectl(&["delete", "service", "more"]);
        cluster.wait_silent("192.0.2.102");
    }
}

#[test]
fn a_restart_is_no_news_to_the_owner_of_a_service() {
    let Some(cluster) = served() else { return };
    let announced = |service: &str| {
        let fields = format!("--field-selector=reason=Announcing,regarding.name={service}");
        cluster.control_plane.kubectl(&["get", "events.v1.events.k8s.io", "--output=name", &fields]).lines().count()
    };
    // What the former agent could not tell any more is of no interest here.
    let before = announced("web");
    let agent = cluster.nodes[0].hostvip.start();
    agent.wait_log(&format!("{VIP} of default/web: bound here"));
    cluster.control_plane.apply(&service("more", "192.0.2.102", ""));
    // Events are written one after the other.
    wait_for("the Event about another Service", || announced("more") == 1);
    assert_eq!(announced("web"), before);
}
