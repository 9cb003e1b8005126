//! Whatever a cluster looks like: the nodes agree, at most one answers, and what accepts packets can forward them.

use std::collections::BTreeSet;

use hostvip::decide::{Inputs, candidates, notices};
use hostvip::model::{Backends, Cluster, ExternalTraffic, News, Placement, Reason, Service, Standby, WithoutEndpoints};
use proptest::prelude::*;

use crate::support::{cluster, decided_in, host, labels, places, port, service, settings, vip};

const VIP: &str = "192.0.2.100";
const NODES: [&str; 3] = ["node-a", "node-b", "node-c"];

/// Node names, and an endpoint that names none.
fn somewhere() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["", "node-a", "node-b", "node-c", "node-z"], 0..=3)
}

fn any_cluster() -> impl Strategy<Value = Cluster> {
    let node = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.9));
    let backends = || prop::option::of((somewhere(), somewhere()));
    (prop::array::uniform3(node), backends(), backends()).prop_map(|(nodes, web, mail)| {
        let mut cluster = cluster(&NODES);
        for (name, (ready, excluded, out, there)) in NODES.iter().zip(nodes) {
            let node = cluster.nodes.get_mut(*name).unwrap();
            (node.ready, node.out_of_service) = (ready, out);
            if excluded {
                node.labels = labels(&[("node.kubernetes.io/exclude-from-external-load-balancers", "")]);
            }
            if !there {
                cluster.nodes.remove(*name);
            }
        }
        for (name, at) in [("web", web), ("mail", mail)] {
            if let Some((ready, draining)) = at {
                cluster.backends.insert(service(name, &[]).key, Backends { ready: places(&ready), draining: places(&draining) });
            }
        }
        cluster
    })
}

fn any_services() -> impl Strategy<Value = Vec<Service>> {
    prop::array::uniform2((any::<bool>(), any::<bool>())).prop_map(|asked| {
        let of = |(name, number): (&str, u16), local| Service {
            external_traffic: if local { ExternalTraffic::Local } else { ExternalTraffic::Cluster },
            ports: vec![port(number)],
            uid: Some("5f6e".into()),
            ..service(name, &[VIP])
        };
        let both = [("web", 80), ("mail", 25)].into_iter().zip(asked);
        both.filter(|(_, (there, _))| *there).map(|(which, (_, local))| of(which, local)).collect()
    })
}

proptest! {
    #[test]
    fn the_nodes_agree(cluster in any_cluster(), services in any_services(), withdraw in any::<bool>()) {
        let settings_of = |name: &str| {
            let mut settings = settings(name, Placement::Uplink);
            if withdraw {
                settings.pools[0].without_endpoints = WithoutEndpoints::Withdraw;
            }
            settings
        };
        let refs: Vec<_> = services.iter().collect();
        let (unread, host) = (BTreeSet::new(), host());
        let decisions: Vec<_> = NODES.iter().map(|name| (*name, decided_in(&cluster, &settings_of(name), &services, &host))).collect();
        let of_a = settings_of("node-a");
        let inputs = Inputs { settings: &of_a, services: &refs, cluster: Some(&cluster), unread: &unread, host: &host };
        let considered = candidates(inputs, vip(VIP));
        let fit = |name: &str| considered.iter().any(|candidate| candidate.node == name && candidate.why_not.is_none());
        prop_assert_eq!(considered.len(), if services.is_empty() { 0 } else { cluster.nodes.len() });

        for (name, decision) in &decisions {
            prop_assert_eq!(decision.verdicts.len(), services.len());
            for verdict in &decision.verdicts {
                match &verdict.reason {
                    Reason::Bound { .. } => prop_assert!(*name == "node-a" && fit(name), "{name} answers"),
                    Reason::Standby { standby, .. } => {
                        prop_assert!(*name != "node-a" && fit("node-a"));
                        prop_assert_eq!(*standby == Standby::Accept, fit(name), "{} accepts what it can forward", name);
                    }
                    refused => {
                        prop_assert!(!fit("node-a"));
                        prop_assert_eq!(&decisions[0].1.verdicts[0].reason, refused, "the same reason on every node");
                        prop_assert_eq!(&decision.desired, &hostvip::model::KernelState::default());
                    }
                }
            }
        }

        // Each Service's owner is told once, by a Ready Node, where there is one.
        let told = |name: &&str| {
            let (settings, decision) = (settings_of(name), &decisions.iter().find(|(of, _)| of == name).unwrap().1);
            notices(Inputs { settings: &settings, ..inputs }, &[], decision)
        };
        let all: Vec<_> = NODES.iter().filter(|name| cluster.nodes.contains_key(**name)).flat_map(told).collect();
        let some_ready = cluster.nodes.values().any(|node| node.ready);
        let announced = all.iter().all(|notice| matches!(notice.news, News::Announcing { .. }));
        prop_assert_eq!(all.len(), if fit("node-a") || some_ready { services.len() } else { 0 }, "{:?}", all);
        prop_assert!(all.is_empty() || announced == fit("node-a"));
    }
}
