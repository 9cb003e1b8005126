//! A host to check configs against.

use std::path::Path;

use hostvip::config::{self, ConfigErrors, Facts, Settings};
use hostvip::model::{AddressKey, Family, Gateway, Host, Link, LinkName, Vip};

/// Two links; the default route by br-ex.
pub(crate) fn host() -> Host {
    let mut host = Host::default();
    for (index, name) in (1..).zip(["lo", "br-ex", "eth1"]) {
        let name = LinkName::from(name);
        host.links.insert(name.clone(), Link { index, name, mac: None, up: true, carrier: true });
    }
    for (link, address) in [("lo", "127.0.0.1/8"), ("br-ex", "192.0.2.11/24"), ("br-ex", "fe80::1/64"), ("eth1", "198.51.100.1/32")] {
        host.foreign.insert((link.into(), address.parse().unwrap()));
    }
    let ours = AddressKey { link: "br-ex".into(), vip: "203.0.113.7".parse::<Vip>().unwrap() };
    host.ours.addresses.insert(ours.clone(), hostvip::model::Address::of(ours.vip));
    host.gateways = vec![Gateway { metric: 0, family: Family::Ipv4, link: "br-ex".into(), via: Some("192.0.2.1".parse().unwrap()) }];
    host
}

pub(crate) fn settings_on(host: &Host, text: &str) -> Result<Settings, ConfigErrors> {
    config::parse(Path::new("hostvip.toml"), text)?.settings(&Facts { host_name: "node-a", host })
}

pub(crate) fn settings(text: &str) -> Result<Settings, ConfigErrors> {
    settings_on(&host(), text)
}

/// What is wrong with `text`, as it is printed.
pub(crate) fn refused(text: &str) -> String {
    settings(text).expect_err("the config should be refused").to_string()
}

/// Each case: what is wrong, a config, and what is said of it, both with a newline at either end.
pub(crate) fn check(cases: &[(&str, &str, &str)]) {
    for (what, text, said) in cases {
        let said = said.trim_matches('\n');
        assert_eq!(refused(text.trim_start_matches('\n')), said, "{what}");
    }
}
