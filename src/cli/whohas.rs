//! `hostvip whohas`: every hardware address that answers for one VIP.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::output::{BAD, DOUBTFUL, GOOD, HEAD, paint, print_json, print_table};
use super::{Common, Exit, Failure, Output, runtime};
use crate::agent::config_file::{self, ConfigFile};
use crate::agent::whohas::{Found, Inquiry, whohas};
use crate::decide::whohas::{Count, count};
use crate::kernel::Kernel;
use crate::model::{LinkName, Vip};

/// Whom to ask for, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 exactly one answers, 1 several, 3 nobody, 2 nobody could be asked.")]
pub(super) struct Args {
    /// The VIP, IPv4 or IPv6
    vip: Vip,
    /// Link to ask on [default: whose subnet holds the VIP, else the uplink of the config, else the default route's]
    #[arg(long, short, value_name = "LINK")]
    interface: Option<String>,
    /// Number of probes, 100 ms apart
    #[arg(long, short, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
    /// How long to wait after the last probe; a host that answers by proxy takes up to 800 ms
    #[arg(long, short, value_name = "T", default_value = "900ms", value_parser = parse_timeout)]
    timeout: Duration,
}

/// What is printed as JSON.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    vip: Vip,
    link: &'a LinkName,
    asked_from: Option<std::net::IpAddr>,
    probes: u32,
    verdict: &'static str,
    stations: Vec<Answering>,
    this_node: Option<ThisNode>,
    next: &'a str,
}

/// One hardware address that answers.
#[derive(Serialize)]
struct Answering {
    mac: String,
    answers: u32,
    round_trip_us: Option<u64>,
    sent_by: Vec<String>,
    this_node: bool,
    names: Vec<String>,
}

/// This host's own part, which is computed: the kernel does not answer itself.
#[derive(Serialize)]
struct ThisNode {
    held: String,
    marked: bool,
    answers: bool,
    arp_ignore: i32,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Failure> {
    let mut kernel = Kernel::look(&config_file::whereabouts(&common.config).state_dir)?;
    let inquiry = Inquiry {
        vip: args.vip,
        link: args.interface.as_deref().map(LinkName::from),
        uplink: uplink(common, &kernel),
        count: args.count,
        timeout: args.timeout,
    };
    let found = runtime()?.block_on(whohas(&mut kernel, &inquiry))?;
    let (count, next) = (count(&found.stations), next(&found));
    match common.output {
        Output::Json => print_json(&outcome(&found, &inquiry, &next))?,
        Output::Text => print(&found, &inquiry, &next),
    }
    Ok(match count {
        Count::One => Exit::Well,
        Count::Several => Exit::Finding,
        Count::Nobody => Exit::Nobody,
    })
}

/// The uplink of the config, where there is a usable one: any host may ask, with or without hostvip on it.
fn uplink(common: &Common, kernel: &Kernel) -> Option<LinkName> {
    match ConfigFile::read(&common.config).and_then(|file| file.settings(kernel.host())) {
        Ok(settings) => Some(settings.uplink),
        Err(config_file::Error::Missing(_)) => None,
        Err(error) => {
            anstream::eprintln!("{error}\nthe config is not usable: asking without it");
            None
        }
    }
}

/// What to do about it, in the order of likelihood.
pub(super) fn next(found: &Found) -> String {
    let (vip, link) = (found.question.vip, &found.link);
    match count(&found.stations) {
        Count::One => String::new(),
        Count::Several => format!(
            "clients reach now one, now another. On each host above: `ip address show to {vip}`, and `hostvip check` where hostvip runs. \
             A host that does not bear the address answers by proxy (proxy_arp, proxy_ndp), or by an arp_ignore of 0 and a local route. \
             A hardware address that you do not know: find its port in the switch's table"
        ),
        Count::Nobody => format!(
            "on the owner: `hostvip explain {vip}` and `hostvip check`. Is {link} on the segment that the VIP is announced on \
             (--interface names another)?"
        ),
    }
}

pub(super) fn outcome<'a>(found: &'a Found, inquiry: &Inquiry, next: &'a str) -> Outcome<'a> {
    let answering = |(mac, station): (&_, &crate::decide::whohas::Station)| Answering {
        mac: ToString::to_string(mac),
        answers: station.answers,
        round_trip_us: station.round_trip.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
        sent_by: station.sources.iter().map(ToString::to_string).collect(),
        this_node: answers_here(found) && *mac == found.question.mac,
        names: found.names.get(mac).cloned().unwrap_or_default(),
    };
    Outcome {
        vip: inquiry.vip,
        link: &found.link,
        asked_from: found.question.sender,
        probes: inquiry.count,
        verdict: match count(&found.stations) {
            Count::One => "one",
            Count::Several => "several",
            Count::Nobody => "nobody",
        },
        stations: found.stations.iter().map(answering).collect(),
        this_node: found.here.as_ref().map(|here| ThisNode {
            held: here.to_string(),
            marked: here.marked,
            answers: here.answers,
            arp_ignore: here.arp_ignore,
        }),
        next,
    }
}

fn answers_here(found: &Found) -> bool {
    found.here.as_ref().is_some_and(|here| here.answers)
}

pub(super) fn print(found: &Found, inquiry: &Inquiry, next: &str) {
    let from = found.question.sender.map_or_else(|| "no address (a probe)".to_owned(), |sender| sender.to_string());
    anstream::println!("{} on {}: {} probes from {from}", paint(HEAD, inquiry.vip), found.link, inquiry.count);
    let rows: Vec<_> = found.stations.keys().map(|mac| row(found, *mac)).collect();
    print_table(&rows);
    if let Some(here) = found.here.as_ref().filter(|here| !here.answers) {
        anstream::println!("  this node holds it silently: {here}, effective arp_ignore {}", here.arp_ignore);
    }
    match count(&found.stations) {
        Count::One => anstream::println!("{}", paint(GOOD, "exactly one hardware address answers")),
        Count::Several => anstream::println!("{}", paint(BAD, format!("{} hardware addresses answer", found.stations.len()))),
        Count::Nobody => anstream::println!("{}", paint(DOUBTFUL, "nobody answers")),
    }
    if !next.is_empty() {
        anstream::println!("    next: {next}");
    }
}

/// Hardware address, answers, round trip, and who that is.
fn row(found: &Found, mac: crate::model::Mac) -> Vec<String> {
    let Some(station) = found.stations.get(&mac) else { return Vec::new() };
    let answers = match station.answers {
        0 => "-".to_owned(),
        1 => "1 answer".to_owned(),
        more => format!("{more} answers"),
    };
    let round_trip = station.round_trip.map_or_else(|| "-".to_owned(), |time| format!("{:.2} ms", time.as_secs_f64() * 1e3));
    let mut who = match &found.here {
        Some(here) if here.answers && mac == found.question.mac => format!("this node: {here}"),
        _ => found.names.get(&mac).map(|names| names.join(", ")).unwrap_or_default(),
    };
    for source in &station.sources {
        let _ = write!(who, " (in frames of {source})");
    }
    vec![mac.to_string(), answers, round_trip, who]
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed
        .filter(|duration| *duration <= Duration::from_mins(1))
        .ok_or_else(|| "write a duration up to \"60s\", such as \"900ms\"".to_owned())
}
