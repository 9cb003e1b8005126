//! OVN-Kubernetes, where the choice of placement has a price.

use super::{Facts, finding, holds, ok};
use crate::model::{Family, Finding, Placement, Severity};

/// ovnkube-node's management port: it is there in both gateway modes.
const MANAGEMENT_PORT: &str = "ovn-k8s-mp0";

pub(super) fn judge(facts: &Facts) -> Option<Finding> {
    facts.host.links.keys().find(|name| name.as_str() == MANAGEMENT_PORT)?;
    let dear = |pool: &&crate::model::Pool| holds(pool, Family::Ipv4) && pool.placement != Placement::Quiet;
    let pools: Vec<_> = facts.settings.pools.iter().filter(dear).map(|pool| &*pool.name).collect();
    if pools.is_empty() {
        return Some(ok(
            "ovn_kubernetes",
            format!("OVN-Kubernetes runs here ({MANAGEMENT_PORT}), and IPv4 VIPs are quiet: it does not notice them"),
        ));
    }
    Some(finding(
        Severity::Warning,
        "ovn_kubernetes",
        format!("OVN-Kubernetes runs here ({MANAGEMENT_PORT}), and IPv4 VIPs of pool {} are bound as addresses", pools.join(", ")),
        "each address that comes or goes costs a write to the Node object and a new look at all Services on all nodes; a local route costs \
         nothing",
        "placement = \"quiet\" in these pools, with net.ipv4.conf.all.arp_ignore = 0; their IPv6 VIPs go to the uplink by themselves",
    ))
}
