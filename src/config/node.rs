//! This node: its name, its uplink, and where it learns of Services.

use std::collections::BTreeSet;

use super::Facts;
use super::document::Problems;
use super::settings::{Kubernetes, Source};
use super::text::is_node_name;
use super::value::given;
use super::written::Written;
use crate::model::{Host, LinkName};

/// `node_name`, else the host name in lower case, as the kubelet registers it.
pub(super) fn name(written: &Written, facts: &Facts<'_>, problems: &mut Problems<'_>) -> String {
    if let Some(name) = given(written.node_name.as_ref()) {
        return name.0.clone();
    }
    let name = facts.host_name.to_lowercase();
    if !is_node_name(&name) {
        let message = format!("the host name {:?} is no node name, and the key is not given", facts.host_name);
        problems.absent("node_name", message, "give the name that `kubectl get nodes` shows: node_name = \"node-a\"");
    }
    name
}

/// `uplink`, else the link of the default route.
pub(super) fn uplink(written: &Written, facts: &Facts<'_>, problems: &mut Problems<'_>) -> LinkName {
    let Some(key) = &written.uplink else {
        return facts.host.default_link().cloned().unwrap_or_else(|| {
            let hint = format!("name the link on which VIPs are announced: uplink = \"…\"; links: {}", links(facts.host));
            problems.absent("uplink", "this host has no default route to take the uplink from, and the key is not given", hint);
            LinkName::loopback()
        });
    };
    let uplink = &key.get_ref().0;
    if *uplink == LinkName::loopback() {
        let hint = format!(
            "name the link that leads to the clients; for addresses on lo set placement = \"lo\" in the pool; links: {}",
            links(facts.host)
        );
        problems.at(key.span(), "lo reaches no other host: nothing asks for a VIP there", hint);
    } else if !facts.host.links.contains_key(uplink) {
        problems.at(key.span(), format!("this host has no link {:?}", uplink.as_str()), format!("links: {}", links(facts.host)));
    }
    uplink.clone()
}

fn links(host: &Host) -> String {
    let names: Vec<_> = host.links.keys().filter(|name| **name != LinkName::loopback()).map(LinkName::as_str).collect();
    if names.is_empty() { "none but lo".to_owned() } else { names.join(", ") }
}

/// `[source]`.
pub(super) fn source(written: &Written, problems: &mut Problems<'_>) -> Source {
    let source = &written.source;
    let mut seen = BTreeSet::new();
    for file in &source.files {
        if !seen.insert(&file.get_ref().0) {
            problems.at(file.span(), "is listed twice", "list each file or directory once");
        }
    }
    Source {
        files: source.files.iter().map(|file| file.get_ref().0.clone()).collect(),
        kubernetes: source.kubernetes.as_ref().map(|table| Kubernetes { kubeconfig: given(table.kubeconfig.as_ref()).cloned() }),
        external_ips: source.external_ips.unwrap_or(true),
        load_balancer_class: given(source.load_balancer_class.as_ref()).map_or_else(String::new, |class| class.0.clone()),
    }
}
