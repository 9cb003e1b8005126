//! The kernel settings of the uplink that decide who answers for a VIP, and what their values mean (kernel:
//! Documentation/networking/ip-sysctl.rst).

use super::Inputs;
use crate::model::report::SysctlStory;
use crate::model::{Family, KernelState, Knob, Sysctl, Vip};

pub(super) fn sysctls(inputs: Inputs<'_>, desired: &KernelState, vip: Vip) -> Vec<SysctlStory> {
    let link = &inputs.settings.uplink;
    let story = |knob: &Knob| {
        let sysctl = Sysctl::new(link.clone(), *knob);
        let effective = inputs.host.effective(link, *knob);
        SysctlStory {
            wanted: desired.sysctls.get(&sysctl).map(|state| state.value),
            value: inputs.host.sysctl(link, *knob),
            effective,
            meaning: meaning(*knob, effective).to_owned(),
            sysctl: sysctl.to_string(),
        }
    };
    knobs(vip.family()).iter().map(story).collect()
}

fn knobs(family: Family) -> &'static [Knob] {
    match family {
        Family::Ipv4 => &[Knob::ArpIgnore, Knob::ArpAnnounce, Knob::ProxyArp, Knob::RpFilter],
        Family::Ipv6 => &[Knob::ProxyNdp],
    }
}

fn meaning(knob: Knob, effective: i32) -> &'static str {
    match (knob, effective) {
        (Knob::ArpIgnore, 0) => "answers ARP for every address of this host, local routes included",
        (Knob::ArpIgnore, 1) => "answers ARP for addresses on the link itself only",
        (Knob::ArpIgnore, 2) => "answers ARP for addresses on the link itself, to senders of their subnet only",
        (Knob::ArpIgnore, 3) => "does not answer ARP for addresses of scope host",
        (Knob::ArpIgnore, 8) => "answers ARP for no address of this host",
        (Knob::ArpAnnounce, 0) => "ARP requests may name any address of this host as sender, a VIP too",
        (Knob::ArpAnnounce, 1) => "ARP requests name an address of the target's subnet as sender, a VIP too",
        (Knob::ArpAnnounce, 2) => "ARP requests name the best address of the link as sender",
        (Knob::ProxyArp, 0) => "answers ARP for no other host",
        (Knob::ProxyArp, _) => "answers ARP for other hosts that it has a route to",
        (Knob::RpFilter, 0) => "packets are accepted whatever way their source is reached",
        (Knob::RpFilter, 1) => "packets whose source is reached by another link are dropped (strict)",
        (Knob::RpFilter, 2) => "packets whose source is not reachable are dropped (loose)",
        (Knob::ProxyNdp, 0) => "answers neighbour solicitations for no other host",
        (Knob::ProxyNdp, _) => "answers neighbour solicitations for entries of its proxy table",
        (Knob::Forwarding | Knob::Forwarding6, 0) => "packets are not forwarded",
        (Knob::Forwarding | Knob::Forwarding6, _) => "packets are forwarded",
        _ => "the kernel documents no such value",
    }
}
