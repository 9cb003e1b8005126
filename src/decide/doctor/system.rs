//! Capabilities and kernel features.

use super::{Features, Privileges, Trial, finding, ok};
use crate::model::{Finding, Severity};

/// The first release with `IFA_PROTO`.
const MARKS_SINCE: (u32, u32) = (5, 18);

pub(super) fn judge(privileges: Privileges, kernel: &Features) -> Vec<Finding> {
    let missing = [
        (privileges.net_admin, "CAP_NET_ADMIN", "addresses, routes and kernel settings cannot be changed"),
        (privileges.net_raw, "CAP_NET_RAW", "nothing can be announced: gratuitous ARP and advertisements leave by a packet socket"),
    ];
    let lacks = |(_, name, why): &(bool, &str, &str)| {
        let fix = format!("run it as root, or give it {name} (systemd: AmbientCapabilities={name})");
        finding(Severity::Error, "capability_missing", format!("this process lacks {name}"), *why, fix)
    };
    let mut findings: Vec<_> = missing.iter().filter(|(there, ..)| !there).map(lacks).collect();
    if findings.is_empty() {
        findings.push(ok("capabilities", "CAP_NET_ADMIN and CAP_NET_RAW are there"));
    }
    findings.push(marks(kernel));
    findings.push(arp_tables(kernel));
    findings
}

fn marks(kernel: &Features) -> Finding {
    let release = &kernel.release;
    let unable = |what: String| {
        let why = "hostvip knows its addresses by that mark: without it, it would take them for somebody else's and never remove them";
        finding(Severity::Error, "kernel_marks", what, why, "run Linux 5.18 or newer")
    };
    match &kernel.marks {
        Trial::Works => ok("kernel_marks", format!("Linux {release} keeps the mark of addresses (IFA_PROTO), by trial")),
        Trial::Fails(error) => unable(format!("Linux {release} does not keep the mark of an address (IFA_PROTO): {error}")),
        Trial::Untried(why) if parse_release(release).is_some_and(|release| release >= MARKS_SINCE) => {
            ok("kernel_marks", format!("Linux {release} keeps the mark of addresses (IFA_PROTO), going by its version: {why}"))
        }
        Trial::Untried(why) => unable(format!("Linux {release} is older than the mark of addresses (IFA_PROTO); not tried: {why}")),
    }
}

/// Nothing rests on it in this version: the fence that will is the reason to know.
fn arp_tables(kernel: &Features) -> Finding {
    match &kernel.arp_tables {
        Trial::Works => ok("kernel_arp_tables", "nftables has the arp family, by trial"),
        Trial::Fails(error) => finding(
            Severity::Warning,
            "kernel_arp_tables",
            format!("nftables has no arp family here: {error}"),
            "nothing needs it yet; the fence of a later version will (fence.mode = \"lifetime\" is the way without)",
            "use a kernel with CONFIG_NF_TABLES_ARP",
        ),
        Trial::Untried(why) => ok("kernel_arp_tables", format!("whether nftables has the arp family was not tried: {why}")),
    }
}

/// Major and minor number of a kernel release.
fn parse_release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
