//! Which placement answers, by `arp_ignore` and family: the table that the agent's decisions rest on, asked of the running kernel.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hostvip::decide::answers::{self as core, Held};
use hostvip::model::{Family, Placement, Scope};

use crate::lab::prober::who_has;
use crate::lab::{Host, Lab};

/// The values of `arp_ignore` that the kernel knows (ip-sysctl.rst); 4 to 7 are reserved.
const ARP_IGNORE: [i32; 5] = [0, 1, 2, 3, 8];
/// Inside the uplink's subnet.
const VIP: &str = "192.0.2.100";
/// Outside of every subnet of the node.
const FAR: &str = "198.51.100.100";
const VIP6: &str = "2001:db8::100";
const YES: bool = true;
const NO: bool = false;

/// One way to hold a VIP, and who answers then.
struct Row {
    placement: Option<Placement>,
    scope: Scope,
    /// An ARP answer, by the values of [`ARP_IGNORE`].
    arp: [bool; 5],
    /// The same for a VIP outside of the uplink's subnet.
    far: [bool; 5],
    /// An answer to neighbour solicitations. `arp_ignore` has no say in it.
    nd: bool,
}

/// As measured here, on Linux 6.18.
/// - 2 demands that the asker be in the subnet of an address of the link that also holds the VIP; that need not be the VIP's own /32
///   (`confirm_addr_indev` of net/ipv4/devinet.c). So on the uplink it answers for VIPs of the node's subnet and for no other.
/// - 3 keeps silent about scope host, on the uplink, too; a local route counts as one.
const MATRIX: [Row; 6] = [
    Row { placement: None, scope: Scope::Global, arp: [NO; 5], far: [NO; 5], nd: NO },
    Row { placement: Some(Placement::Lo), scope: Scope::Global, arp: [YES, NO, NO, YES, NO], far: [YES, NO, NO, YES, NO], nd: NO },
    Row { placement: Some(Placement::Lo), scope: Scope::Host, arp: [YES, NO, NO, NO, NO], far: [YES, NO, NO, NO, NO], nd: NO },
    Row { placement: Some(Placement::Uplink), scope: Scope::Global, arp: [YES, YES, YES, YES, NO], far: [YES, YES, NO, YES, NO], nd: YES },
    Row { placement: Some(Placement::Uplink), scope: Scope::Host, arp: [YES, YES, YES, NO, NO], far: [YES, YES, NO, NO, NO], nd: YES },
    Row { placement: Some(Placement::Quiet), scope: Scope::Host, arp: [YES, NO, NO, NO, NO], far: [YES, NO, NO, NO, NO], nd: NO },
];

/// The product's own function says the same as the kernel, cell by cell.
#[test]
fn the_core_knows_the_table() {
    for Row { placement, scope, arp, far, nd } in MATRIX {
        let held = |on_subnet| match placement {
            None => Held::Nothing,
            Some(Placement::Lo) => Held::Elsewhere(scope),
            Some(Placement::Uplink) => Held::OnLink { scope, on_subnet },
            Some(Placement::Quiet) => Held::Quiet,
        };
        let row = |on_subnet| ARP_IGNORE.map(|value| core::answers(Family::Ipv4, held(on_subnet), value));
        assert_eq!((row(true), row(false)), (arp, far), "{placement:?} scope {scope}");
        assert_eq!(core::answers(Family::Ipv6, held(true), 0), nd, "{placement:?} scope {scope}");
    }
}

#[test]
fn arp_is_answered_as_the_table_says() {
    measure(|node, client, row| {
        for (position, value) in ARP_IGNORE.into_iter().enumerate() {
            // The kernel takes the maximum of `all` and the link: both ways must give the same.
            for (all, link) in [(value, 0), (0, value)] {
                node.sysctl("ipv4/conf/all/arp_ignore", all);
                node.sysctl("ipv4/conf/eth0/arp_ignore", link);
                for (vip, expected) in [(VIP, row.arp[position]), (FAR, row.far[position])] {
                    let heard = answers(node, client, vip);
                    assert_eq!(heard, expected, "{vip}: {:?} scope {}, arp_ignore all={all} eth0={link}", row.placement, row.scope);
                }
            }
        }
    });
}

#[test]
fn neighbour_solicitations_are_answered_as_the_table_says() {
    measure(|node, client, row| {
        for value in ARP_IGNORE {
            node.sysctl("ipv4/conf/all/arp_ignore", value);
            assert_eq!(answers(node, client, VIP6), row.nd, "{:?} scope {} with arp_ignore {value}", row.placement, row.scope);
        }
    });
}

/// Shows each row to `check` with the VIPs held as it says.
fn measure(check: impl Fn(&Host, &Host, &Row)) {
    let Some(lab) = Lab::start() else { return };
    let lan = lab.segment("lan");
    for row in &MATRIX {
        let node = lan.host(lab, "node", "eth0", &["192.0.2.11/24", "2001:db8::11/64"]);
        let client = lan.host(lab, "client", "eth0", &["192.0.2.50/24", "2001:db8::50/64"]);
        for vip in [VIP, FAR, VIP6] {
            hold(&node, vip, row);
        }
        check(&node, &client, row);
        lan.port_down(&node);
        lan.port_down(&client);
    }
}

fn hold(node: &Host, vip: &str, row: &Row) {
    let (link, scope) = match row.placement {
        None => return,
        Some(Placement::Quiet) => {
            node.run(&format!("ip route add local {vip} dev lo proto 118 metric 118"));
            return;
        }
        Some(Placement::Lo) => ("lo", row.scope),
        Some(Placement::Uplink) => ("eth0", row.scope),
    };
    let lifetime = if vip == VIP6 { "nodad preferred_lft 0".to_owned() } else { format!("scope {scope}") };
    node.run(&format!("ip address add {vip} dev {link} {lifetime}"));
    if link == "eth0" {
        node.wait_solicited(vip.parse().unwrap());
    }
}

/// Whether the node answers for `vip`. Its IPv6 address is the reference, because no `arp_ignore` silences that.
fn answers(node: &Host, client: &Host, vip: &str) -> bool {
    let reference: IpAddr = "2001:db8::11".parse().unwrap();
    let macs = who_has(client, vip.parse().unwrap(), &[reference]);
    assert!(macs.is_subset(&BTreeSet::from([node.mac])), "somebody else answers: {macs:?}");
    !macs.is_empty()
}
