//! An API server that stops, hangs, comes back and has forgotten.

use super::support::{Plane, away, names, service, stand, start, until};
use crate::lab::control_plane::kubeconfig::Credential;

#[test]
fn what_is_known_stays_while_the_server_is_away() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&service("web", "192.0.2.100"));
    plane.run(async |plane| {
        let mut kubernetes = start(plane.write("agent", &plane.control.admin()));
        until(&mut kubernetes, "all watches stand", stand).await;
        plane.control.stop();
        until(&mut kubernetes, "the watches are away", away).await;
        assert_eq!(names(&kubernetes), ["default/web"]);
        assert!(kubernetes.cluster().is_some());
        // So that what comes next cannot be a watch that goes on where it was.
        plane.control.restart();
        plane.control.apply(&service("api", "192.0.2.101"));
        plane.control.kubectl(&["delete", "service", "web", "--wait=false"]);
        until(&mut kubernetes, "what changed meanwhile", |kubernetes| names(kubernetes) == ["default/api"]).await;
        until(&mut kubernetes, "all watches stand again", stand).await;
        assert!(kubernetes.watches().iter().all(|report| report.error.is_none()), "{:#?}", kubernetes.watches());
    });
}

#[test]
fn a_server_that_hangs_is_noticed() {
    let Some(mut plane) = Plane::start() else { return };
    plane.run(async |plane| {
        let mut kubernetes = start(plane.write("agent", &plane.control.admin()));
        until(&mut kubernetes, "all watches stand", stand).await;
        plane.control.pause();
        until(&mut kubernetes, "the watches are away", away).await;
        plane.control.resume();
        plane.control.apply(&service("web", "192.0.2.100"));
        until(&mut kubernetes, "what changed afterwards", |kubernetes| names(kubernetes) == ["default/web"] && stand(kubernetes)).await;
    });
}

#[test]
fn a_store_that_was_restored_is_listed_anew() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&service("old", "192.0.2.100"));
    plane.control.back_up();
    for number in 0..20 {
        plane.control.apply(&service("web", &format!("192.0.2.{}", 101 + number)));
    }
    plane.run(async |plane| {
        let mut kubernetes = start(plane.write("agent", &plane.control.admin()));
        until(&mut kubernetes, "all watches stand", |kubernetes| stand(kubernetes) && names(kubernetes).len() == 2).await;
        plane.control.restore();
        until(&mut kubernetes, "what the backup has", |kubernetes| names(kubernetes) == ["default/old"] && stand(kubernetes)).await;
        plane.control.apply(&service("new", "192.0.2.101"));
        until(&mut kubernetes, "what is new since", |kubernetes| names(kubernetes) == ["default/new", "default/old"]).await;
    });
}

#[test]
fn a_history_that_is_gone_is_listed_anew() {
    let Some(mut plane) = Plane::start() else { return };
    plane.control.apply(&(service("web", "192.0.2.100") + &service("old", "192.0.2.101")));
    plane.run(async |plane| {
        let agent = Credential::Certificate(plane.control.authority.client("agent", "system:masters"));
        let lists = |plane: &Plane| plane.control.audit().counts("agent").get(&("services".into(), "list".into())).copied();
        let mut kubernetes = start(plane.write("agent", &plane.control.kubeconfig(agent)));
        until(&mut kubernetes, "all watches stand", stand).await;
        plane.control.stop();
        until(&mut kubernetes, "the watches are away", away).await;
        // The agent's tasks stand still meanwhile, as this thread is theirs.
        plane.control.restart();
        plane.control.kubectl(&["delete", "service", "old", "--wait=false"]);
        plane.control.compact();
        plane.control.restart();
        assert_eq!(lists(plane), Some(1));
        until(&mut kubernetes, "what is left", |kubernetes| names(kubernetes) == ["default/web"] && stand(kubernetes)).await;
        // A list of one looks how old the store is, and the watch could not have gone on from before.
        assert!(lists(plane) >= Some(3), "{:?}", lists(plane));
    });
}
