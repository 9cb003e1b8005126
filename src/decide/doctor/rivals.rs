//! Others on this host that bind or answer for Service addresses: agents of the same trade, kube-proxy, an administrator's hand.

use super::{Facts, finding, holds, ok};
use crate::decide::findings::IPVS_LINK;
use crate::model::{Family, Finding, Knob, Placement, Severity, Sysctl, Vip};

/// Programs that move or announce addresses, by their name in /proc.
const RIVALS: [(&str, &str); 6] = [
    ("keepalived", "keepalived"),
    ("kube-vip", "kube-vip"),
    ("lbnodeagent", "the PureLB node agent"),
    ("openelb-speaker", "the OpenELB speaker"),
    ("speaker", "the MetalLB speaker"),
    ("ucarp", "ucarp"),
];

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = processes(facts);
    findings.extend(kube_proxy(facts));
    findings.extend(strays(facts));
    findings
}

fn processes(facts: &Facts) -> Vec<Finding> {
    let named = |name: &str| RIVALS.iter().find(|(comm, _)| *comm == name).map(|(_, title)| *title);
    let rivals: Vec<_> = facts.processes.iter().filter_map(|process| Some((process.pid, named(&process.name)?))).collect();
    if rivals.is_empty() {
        return vec![ok("rivals", "no other agent for such addresses runs in this network namespace")];
    }
    let pools: Vec<_> = facts.settings.pools.iter().map(|pool| &*pool.name).collect();
    let rival = |(pid, title): &(u32, &str)| {
        finding(
            Severity::Warning,
            "rival",
            format!("{title} runs here as well (pid {pid})"),
            "it binds addresses or answers for them by rules of its own: two agents for one VIP are two answers, or undo each other",
            format!("keep the addresses of pool {} out of its config, or stop it", pools.join(", ")),
        )
    };
    rivals.iter().map(rival).collect()
}

/// In IPVS mode kube-proxy binds every Service address on every node, to a link of its own.
fn kube_proxy(facts: &Facts) -> Option<Finding> {
    facts.host.links.keys().find(|name| name.as_str() == IPVS_LINK)?;
    let all = Sysctl::all(Knob::ArpIgnore);
    if facts.host.sysctl(&all.link, all.knob).unwrap_or(0) > 0 {
        return Some(ok(
            "kube_proxy_ipvs",
            format!("kube-proxy runs in IPVS mode with strictARP ({all} is not 0): {IPVS_LINK} answers nobody"),
        ));
    }
    let open = facts.settings.pools.iter().find(|pool| holds(pool, Family::Ipv4) && pool.placement != Placement::Uplink);
    let what = format!("kube-proxy runs in IPVS mode without strictARP: {IPVS_LINK} bears the Service addresses on every node");
    Some(match open {
        Some(pool) => finding(
            Severity::Error,
            "kube_proxy_ipvs",
            what,
            format!("pool {} has placement {}, which needs arp_ignore 0, so every node answers for every VIP", pool.name, pool.placement),
            format!("set strictARP: true in kube-proxy's config, and placement = \"uplink\" in pool {}", pool.name),
        ),
        None => finding(
            Severity::Warning,
            "kube_proxy_ipvs",
            what,
            "the arp_ignore 1 that hostvip sets on the uplink keeps it silent; where hostvip is not there, or after its withdrawal, every node \
             answers",
            "set strictARP: true in kube-proxy's config",
        ),
    })
}

/// Addresses of a pool that stand here by somebody else's hand, and that nobody asks for. Those that are asked for, the decision finds.
fn strays(facts: &Facts) -> Vec<Finding> {
    let asked = |vip: Vip| facts.decision.verdicts.iter().any(|verdict| verdict.address == Some(vip.0));
    let host_prefix =
        facts.host.foreign.iter().filter(|(link, net)| net.prefix_len() == net.max_prefix_len() && link.as_str() != IPVS_LINK);
    let stray = host_prefix.filter_map(|(link, net)| {
        let vip = Vip(net.addr());
        let pool = facts.settings.pool_of(vip).filter(|_| !asked(vip))?;
        Some(finding(
            Severity::Warning,
            "stray_address",
            format!("{vip} of pool {} stands on {link} without the mark of hostvip, and nobody asks for it", pool.name),
            "it answers as the kernel's settings have it, whatever the config says; hostvip does not touch what it did not make",
            format!("ip address del {net} dev {link}; or add a [[vip]] for it after that, so that hostvip keeps it"),
        ))
    });
    stray.collect()
}
