//! Addresses that are the cluster's own.

use std::net::IpAddr;

use hostvip::model::{Cluster, Placement, Purpose, Reason};
use proptest::prelude::*;

use crate::support::{cluster, decided_in, host, ip, reason, service, settings};

/// The verdict on `address`, with a pool that holds it.
fn judge(cluster: &Cluster, address: &str) -> Reason {
    let mut settings = settings("node-a", Placement::Uplink);
    settings.pools[0].addresses = vec!["198.18.0.0/15".parse().unwrap(), "2001:db8:5::/48".parse().unwrap()];
    reason(&decided_in(cluster, &settings, &[service("web", &[address])], &host()), "web", Some(address))
}

fn reserved(of: &str) -> Reason {
    Reason::Reserved { of: of.to_owned() }
}

#[test]
fn addresses_of_nodes_and_of_the_cluster() {
    let mut cluster = cluster(&["node-a", "node-b"]);
    cluster.nodes.get_mut("node-b").unwrap().addresses = vec![ip("198.18.0.7"), ip("2001:db8:5::7"), ip("203.0.113.9")];
    cluster.addresses.insert(ip("198.18.0.8"), Purpose::EgressIp("shop".into()));
    assert_eq!(judge(&cluster, "198.18.0.7"), reserved("the address of node-b"));
    assert_eq!(judge(&cluster, "2001:db8:5::7"), reserved("the address of node-b"));
    assert_eq!(judge(&cluster, "198.18.0.8"), reserved("the EgressIP shop"));
    assert_eq!(judge(&cluster, "198.18.0.9").code(), "bound");
}

#[test]
fn ranges_hold_each_other_and_the_pool() {
    let mut cluster = cluster(&["node-a"]);
    let ranges = [
        ("198.18.4.0/24", Purpose::PodCidr("node-a".into())),
        ("198.18.0.0/16", Purpose::ServiceCidr("kubernetes".into())),
        ("10.0.0.0/8", Purpose::PodCidr("elsewhere".into())),
        ("198.18.4.0/26", Purpose::PodCidr("inside".into())),
        ("2001:db8::/32", Purpose::PodCidr("node-b".into())),
    ];
    cluster.ranges = ranges.into_iter().map(|(net, of)| (net.parse().unwrap(), of)).collect();
    for address in ["198.18.0.0", "198.18.4.1", "198.18.200.1", "198.18.255.255"] {
        assert_eq!(judge(&cluster, address), reserved("the Service CIDR kubernetes"), "{address}");
    }
    assert_eq!(judge(&cluster, "198.19.0.0").code(), "bound");
    assert_eq!(judge(&cluster, "2001:db8:5::1"), reserved("the pod CIDR of node-b"), "wider than the pool");
}

proptest! {
    /// The index finds what a look at each range would.
    #[test]
    fn the_index_is_right(ranges in prop::collection::vec((0u8..32, 24u8..=32), 0..12), last in 0u8..32) {
        let mut cluster = cluster(&["node-a"]);
        let nets = ranges.iter().map(|(last, len)| ipnet::IpNet::new(IpAddr::from([198, 18, 0, *last]), *len).unwrap());
        cluster.ranges = nets.map(|net| (net, Purpose::PodCidr("node-a".into()))).collect();
        let address = IpAddr::from([198, 18, 0, last]);
        let expected = cluster.ranges.iter().any(|(net, _)| net.contains(&address));
        prop_assert_eq!(judge(&cluster, &address.to_string()).code() == "reserved", expected);
    }
}
