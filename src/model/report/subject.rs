//! What a question is about: one VIP or one Service.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{ServiceKey, Vip};

/// One VIP, or one Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Subject {
    /// An address.
    Vip(Vip),
    /// A Service by its namespace and name.
    Service(ServiceKey),
}

/// The text names neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address such as 192.0.2.10 nor a Service as NAMESPACE/NAME")]
pub struct ParseSubjectError(String);

/// The longest label of RFC 1123.
const LONGEST: usize = 63;

impl FromStr for Subject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(vip) = text.parse() {
            return Ok(Self::Vip(vip));
        }
        match text.split_once('/') {
            Some((namespace, name)) if is_label(namespace) && is_label(name) => {
                Ok(Self::Service(ServiceKey { namespace: namespace.into(), name: name.into() }))
            }
            _ => Err(ParseSubjectError(text.chars().take(2 * LONGEST).collect())),
        }
    }
}

/// Whether Kubernetes takes it for the name of a namespace or a Service: a label of RFC 1123, which has no dot. It needs no escape in a URL.
fn is_label(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let fits = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    bytes.len() <= LONGEST && bytes.iter().all(fits) && ends(bytes.first()) && ends(bytes.last())
}

impl TryFrom<String> for Subject {
    type Error = ParseSubjectError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vip(vip) => vip.fmt(f),
            Self::Service(key) => key.fmt(f),
        }
    }
}
