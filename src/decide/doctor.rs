//! The doctor's judgements: facts about a host in, findings out. What was looked at and is in order is a finding, too.
//!
//! Deliberately without the gathering (`agent::doctor`), so that each judgement has a table test without a machine. Findings that
//! the agent itself needs are [`super::findings`]; they are taken over here.

pub mod api;
pub mod conf;
mod life;
mod managers;
mod ovnk;
mod rivals;
mod system;
mod uplink;
mod verdicts;

use super::Decision;
use crate::config::Settings;
use crate::model::report::SourceReport;
use crate::model::{Family, Finding, Host, Placement, Severity};

/// All that is known about a host and the agent on it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The config.
    pub settings: Settings,
    /// The network stack.
    pub host: Host,
    /// What the agent would decide.
    pub decision: Decision,
    /// The way to the API server; none without a Kubernetes source.
    pub api: Option<api::ApiFacts>,
    /// What the sources gave.
    pub sources: Vec<SourceReport>,
    /// What this process may do.
    pub privileges: Privileges,
    /// What the kernel can.
    pub kernel: Features,
    /// The programs in this network namespace, as far as they can be seen.
    pub processes: Vec<Process>,
    /// systemd-networkd, where it runs.
    pub networkd: Option<Networkd>,
    /// `NetworkManager`, where it runs: whether it manages the uplink. None inside: it does not say.
    pub network_manager: Option<Option<bool>>,
    /// The journal of kernel settings.
    pub journal: Journal,
    /// The agent that this config belongs to.
    pub agent: Agent,
    /// Process that is named in the agent's lock file and runs.
    pub lock_holder: Option<u32>,
}

/// Capabilities (capabilities(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// `CAP_NET_ADMIN`: change addresses, routes and settings.
    pub net_admin: bool,
    /// `CAP_NET_RAW`: send and hear ARP and neighbour discovery.
    pub net_raw: bool,
}

/// Kernel features, by trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// Release, as `uname -r` prints it.
    pub release: String,
    /// Keeps the mark of an address (`IFA_PROTO`).
    pub marks: Trial,
    /// Has the arp family of nftables.
    pub arp_tables: Trial,
}

/// What came of a trial in a scratch network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It works.
    Works,
    /// It does not, and why.
    Fails(String),
    /// It could not be tried, and why.
    Untried(String),
}

/// A running program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Process id in this namespace.
    pub pid: u32,
    /// Its name, cut to 15 characters (`comm` of proc(5)).
    pub name: String,
}

/// What systemd-networkd says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networkd {
    /// The .network file by which it manages the uplink.
    pub uplink_file: Option<String>,
    /// It manages `lo`.
    pub manages_lo: bool,
    /// `KeepConfiguration=` of the uplink.
    pub keep_configuration: Option<String>,
    /// `ManageForeignRoutes=`; yes where it is not set.
    pub manage_foreign_routes: bool,
}

/// The journal of kernel settings (`sysctls.json`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journal {
    /// None: nothing was changed.
    None,
    /// So many settings have a former value.
    Sound(usize),
    /// It could not be read, or says something that cannot be.
    Bad {
        /// The file.
        path: String,
        /// Why.
        error: String,
    },
}

/// The agent, as it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Nobody listens.
    Absent,
    /// It answers.
    Answers {
        /// The node that it serves.
        node: String,
        /// Why it refused the config as it is now.
        refused: Option<String>,
        /// Operations that fail, with their errors.
        failing: Vec<String>,
    },
    /// Somebody listens and does not answer as an agent does.
    Strange(String),
}

/// Judges all facts: what is wrong first, what is in order last.
pub fn diagnose(facts: &Facts) -> Vec<Finding> {
    let mut findings = facts.decision.findings.clone();
    findings.extend(system::judge(facts.privileges, &facts.kernel));
    findings.extend(uplink::judge(facts));
    findings.extend(verdicts::judge(facts));
    findings.extend(rivals::judge(facts));
    findings.extend(managers::judge(facts));
    findings.extend(ovnk::judge(facts));
    findings.extend(life::judge(facts));
    findings.extend(facts.api.iter().flat_map(api::judge));
    findings.sort();
    findings.dedup();
    findings
}

/// What keeps an agent from starting: capabilities that this process lacks, a kernel that cannot keep our mark.
pub fn unfit(privileges: Privileges, kernel: &Features) -> Vec<Finding> {
    system::judge(privileges, kernel).into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Whether something cannot work.
pub fn is_ill(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn finding(severity: Severity, code: &str, what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { severity, code: code.to_owned(), what: what.into(), why: why.into(), fix: fix.into() }
}

fn ok(code: &str, what: impl Into<String>) -> Finding {
    finding(Severity::Ok, code, what, "", "")
}

/// Whether a pool of the config lets addresses come and go on the uplink itself.
fn binds_to_uplink(settings: &Settings) -> bool {
    let on_uplink = |family| settings.pools.iter().any(|pool| holds(pool, family) && pool.placement_of(family) == Placement::Uplink);
    on_uplink(Family::Ipv4) || on_uplink(Family::Ipv6)
}

fn holds(pool: &crate::model::Pool, family: Family) -> bool {
    pool.addresses.iter().any(|net| Family::of(net.addr()) == family)
}
