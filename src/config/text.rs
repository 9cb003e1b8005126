//! What the texts of the config file may say. Each is checked by itself, as it is read.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use crate::model::{LinkName, Selector, Vip};

/// A Kubernetes object name (RFC 1123 subdomain).
#[derive(Clone, Debug)]
pub(super) struct NodeName(pub(super) String);

/// A namespace's or a pool's name (RFC 1123 label).
#[derive(Clone, Debug)]
pub(super) struct Label(pub(super) String);

/// `spec.loadBalancerClass`, or empty.
#[derive(Clone, Debug)]
pub(super) struct ClassName(pub(super) String);

/// Why a text is no such value: the message, and on a second line the hint (serde carries one text only).
#[derive(Debug, thiserror::Error)]
#[error("{message}\n{hint}")]
pub(super) struct InvalidText {
    message: String,
    hint: String,
}

/// The longest duration: sums and multiples of it stay far from overflow.
const LONGEST: Duration = Duration::from_hours(24);

/// What can be written as text.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, InvalidText>;
}

fn invalid<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, InvalidText> {
    Err(InvalidText { message: message.into(), hint: hint.into() })
}

/// Whether `text` is an RFC 1123 label of up to 63 characters.
fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&text.len()) && text.chars().all(|c| inner(c) || c == '-') && text.starts_with(inner) && text.ends_with(inner)
}

/// Whether `text` is an RFC 1123 subdomain, as node names are.
pub(super) fn is_node_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

impl FromText for NodeName {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        if is_node_name(text) {
            return Ok(Self(text.to_owned()));
        }
        invalid(
            format!("{text:?} is no node name"),
            "write the name that `kubectl get nodes` shows: lower-case letters, digits, \"-\" and \".\"",
        )
    }
}

impl FromText for Label {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        if is_label(text) {
            return Ok(Self(text.to_owned()));
        }
        invalid(format!("{text:?} is no name"), "use 1 to 63 lower-case letters, digits and \"-\", such as \"edge-1\"")
    }
}

impl FromText for ClassName {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
            return Ok(Self(text.to_owned()));
        }
        invalid(
            format!("{text:?} is no load balancer class"),
            "write it as in spec.loadBalancerClass, such as \"example.com/edge\"; \"\" = any",
        )
    }
}

impl FromText for LinkName {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        // IFNAMSIZ is 16 with the final zero.
        if (1..=15).contains(&text.len()) && !text.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
            return Ok(Self::from(text));
        }
        invalid(format!("{text:?} is no name of a link"), "write it as `ip link` shows it, such as \"br-ex\"; 1 to 15 characters")
    }
}

impl FromText for PathBuf {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        let path = Path::new(text);
        if path.is_absolute() && !text.contains('\0') {
            return Ok(path.to_owned());
        }
        invalid(format!("{text:?} is no absolute path"), "write the whole path, from \"/\" on: a service has no directory of its own")
    }
}

impl FromText for SocketAddr {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        text.parse().or_else(|_| {
            invalid(
                format!("{text:?} is no address with a port"),
                "write an IP address and a port, such as \"127.0.0.1:9476\" or \"[::1]:9476\"",
            )
        })
    }
}

impl FromText for Duration {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        let duration = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Self::try_from(duration).ok());
        match duration {
            None => invalid(format!("{text:?} is no duration"), "write numbers with their units: \"5s\", \"100ms\", \"1m30s\""),
            Some(duration) if duration > LONGEST => invalid(format!("{text:?} is longer than a day"), "write \"24h\" or less"),
            Some(duration) => Ok(duration),
        }
    }
}

impl FromText for IpNet {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return invalid(format!("{text:?} has no prefix length"), format!("write \"{}\" for this one address", Self::from(address)));
        }
        let Ok(net) = text.parse::<Self>() else {
            return invalid(format!("{text:?} is no CIDR"), "write an address and a prefix length, such as \"192.0.2.96/27\"");
        };
        if net.trunc() != net {
            return invalid(
                format!("{text:?} has host bits set"),
                format!("write \"{}\"; for the one address \"{}\"", net.trunc(), Self::from(net.addr())),
            );
        }
        Ok(net)
    }
}

impl FromText for IpAddr {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        text.parse().or_else(|_| {
            invalid(
                format!("{text:?} is no IP address"),
                "write one address without prefix length, such as \"192.0.2.100\" or \"2001:db8::100\"",
            )
        })
    }
}

impl FromText for Vip {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        IpAddr::from_text(text).map(Self)
    }
}

impl FromText for Selector {
    fn from_text(text: &str) -> Result<Self, InvalidText> {
        text.parse().or_else(|error| {
            invalid(
                format!("{text:?} is no label selector: {error}"),
                "write it as `kubectl get -l` takes it, such as \"app=web,tier in (a,b)\"; \"\" = all",
            )
        })
    }
}
