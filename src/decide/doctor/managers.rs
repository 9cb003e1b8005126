//! What configures links besides the administrator, and what it does to addresses that it does not know.

use super::{Facts, Networkd, binds_to_uplink, finding, ok};
use crate::model::{Finding, Severity};

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    if facts.networkd.is_none() && facts.network_manager.is_none() {
        return vec![ok("network_managers", "neither systemd-networkd nor NetworkManager runs here")];
    }
    let networkd = facts.networkd.as_ref().map(|networkd| judge_networkd(facts, networkd));
    networkd.into_iter().chain(facts.network_manager.map(|manages| judge_network_manager(facts, manages))).collect()
}

fn judge_networkd(facts: &Facts, networkd: &Networkd) -> Finding {
    let uplink = &facts.settings.uplink;
    let keeps =
        networkd.keep_configuration.as_deref().is_some_and(|word| matches!(word, "static") || super::conf::parse_bool(word) == Some(true));
    let drops_addresses = networkd.uplink_file.is_some() && !keeps && binds_to_uplink(&facts.settings);
    let drops_routes = networkd.manages_lo && networkd.manage_foreign_routes;
    let mut fixes = Vec::new();
    if drops_addresses {
        let file = networkd.uplink_file.as_deref().unwrap_or_default();
        fixes.push(format!("KeepConfiguration=static in [Network] of {file}"));
    }
    if drops_routes {
        fixes.push("ManageForeignRoutes=no in [Network] of /etc/systemd/networkd.conf".to_owned());
    }
    let what = match (drops_addresses, drops_routes) {
        (false, false) => return ok("networkd", format!("systemd-networkd runs, and leaves alone what hostvip has on {uplink} and lo")),
        (true, false) => format!("systemd-networkd manages {uplink} and removes addresses there that it does not know"),
        (false, true) => "systemd-networkd manages lo and removes routes there that it does not know".to_owned(),
        (true, true) => format!("systemd-networkd manages {uplink} and lo, and removes addresses and routes that it does not know"),
    };
    let why = "it does so when it starts and when it configures the link anew: hostvip puts them back at once, but clients notice the gap";
    finding(Severity::Warning, "networkd", what, why, fixes.join("; "))
}

fn judge_network_manager(facts: &Facts, manages: Option<bool>) -> Finding {
    let uplink = &facts.settings.uplink;
    if manages == Some(false) || !binds_to_uplink(&facts.settings) {
        return ok("network_manager", format!("NetworkManager runs, and leaves alone what hostvip has on {uplink} and lo"));
    }
    let doubt = if manages.is_none() { "runs and may manage" } else { "manages" };
    finding(
        Severity::Warning,
        "network_manager",
        format!("NetworkManager {doubt} {uplink}, where VIPs are bound"),
        "when it activates the device anew (nmcli connection up, a changed profile) it removes addresses that it does not know: hostvip puts \
         them back at once, but clients notice the gap",
        format!(
            "nmcli device set {uplink} managed no, if something else configures it; else placement = \"quiet\" keeps IPv4 VIPs off the link \
             (IPv6 ones have to be there)"
        ),
    )
}
