//! The floors: a module imports only lower ones, and the floors 0 to 2 touch nothing outside of their arguments.

use super::tokens::{paths, tokens};

/// Top modules by floor. Two modules of one floor never import each other.
const FLOORS: [(&str, u8); 9] =
    [("model", 0), ("config", 1), ("codec", 1), ("decide", 2), ("cluster", 3), ("kernel", 3), ("telemetry", 3), ("agent", 4), ("cli", 5)];
/// The highest floor that must be pure.
const PURE: u8 = 2;
/// What reads or changes the world. `tokio` and the like also stand for their types.
const IMPURE: [&str; 29] = [
    "futures_util",
    "http",
    "http_body_util",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "inotify",
    "k8s_openapi",
    "kube",
    "libc",
    "netlink_packet_core",
    "netlink_packet_route",
    "netlink_sys",
    "nix",
    "prometheus_client",
    "rtnetlink",
    "socket2",
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "tokio",
    "tokio_rustls",
    "tower",
    "tracing",
];
/// What reads a clock.
const CLOCKS: [&str; 4] = ["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];

/// Complaints about one file of `src`.
pub fn check(path: &str, text: &str) -> Vec<String> {
    // The crate's head and the command's entry declare and start; everything is below them.
    let Some(file) = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).filter(|file| !["lib", "main"].contains(file))
    else {
        return Vec::new();
    };
    let own: Vec<&str> = file.split('/').collect();
    let Some(floor) = floor_of(own[0]) else {
        return vec![format!("{path}: module `{}` is on no floor: add it to FLOORS in tests/tidy/floors.rs", own[0])];
    };
    let named = paths(&tokens(text));
    let mut complaints: Vec<String> = named
        .iter()
        .filter_map(|named| {
            let target = top_module(&own, named)?;
            let above = floor_of(target).filter(|above| target != own[0] && *above >= floor)?;
            Some(format!("{path}: floor {floor} imports `{}` of floor {above}", named.join("::")))
        })
        .collect();
    if floor <= PURE {
        let impure = named.iter().map(|path| path.join("::")).filter(|path| is_impure(path));
        complaints.extend(impure.map(|named| format!("{path}: floor {floor} is pure and may not name `{named}`: pass in what it gives")));
    }
    complaints
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The top module that a path leads to, seen from the module `own`.
fn top_module<'a>(own: &[&'a str], path: &'a [String]) -> Option<&'a str> {
    match path.first()?.as_str() {
        "crate" | "hostvip" => path.get(1).map(String::as_str),
        "super" => {
            let ups = path.iter().take_while(|segment| *segment == "super").count();
            if ups < own.len() { Some(own[0]) } else { path.get(ups).map(String::as_str) }
        }
        _ => None,
    }
}

fn is_impure(path: &str) -> bool {
    let names = |banned: &str| path.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let reads = |clock: &str| path.strip_suffix(clock).is_some_and(|before| before.is_empty() || before.ends_with("::"));
    IMPURE.into_iter().any(names) || CLOCKS.into_iter().any(reads)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn imports_upwards_and_sideways_are_found() {
        for (path, text) in [
            ("src/model/vip.rs", "use crate::config::Settings;"),
            ("src/codec.rs", "fn f() { crate::config::x() }"),
            ("src/decide/plan.rs", "use crate::{model::Op, kernel::Kernel};"),
            ("src/decide/plan.rs", "use super::super::agent;"),
            ("src/kernel/link.rs", "use crate::telemetry;"),
            ("src/agent.rs", "use super::cli;"),
            ("src/surprise.rs", ""),
        ] {
            assert_eq!(check(path, text).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn impure_floors_are_found() {
        for text in [
            "use std::{fs, io};",
            "use std::net::{IpAddr, UdpSocket};",
            "fn f() -> T { ::std::env::var(\"X\") }",
            "fn f() { let now = std::time::Instant::now(); }",
            "fn f() { SystemTime::now(); }",
            "use tokio::time::sleep;",
            "use tokio;",
            "fn f(client: kube::Client) {}",
            "use prometheus_client::registry::Registry;",
        ] {
            assert_eq!(check("src/decide/plan.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_is_allowed_passes() {
        for (path, text) in [
            (
                "src/decide/plan.rs",
                "use crate::model::{Op, Plan}; use super::vips; use std::net::IpAddr; use std::time::Instant; fn fs() {}",
            ),
            ("src/kernel/link.rs", "use std::fs; use crate::model::Link; use super::route; use tokio::net;"),
            ("src/cli/plan.rs", "use crate::{agent, kernel, decide};"),
            ("src/main.rs", "use hostvip::cli; fn main() { std::process::exit(0) }"),
            ("tests/lab/main.rs", "use std::fs;"),
        ] {
            assert_eq!(check(path, text), Vec::<String>::new(), "{path}");
        }
    }
}
