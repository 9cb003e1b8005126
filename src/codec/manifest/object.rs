//! What one object of a manifest turns out to be.

use serde::Deserialize;

use super::{Position, Problem};
use crate::codec::service::ServiceObject;
use crate::model::Service;

/// An object that was read.
pub(super) enum Outcome {
    /// A Service.
    Service(Box<Service>),
    /// Another kind.
    Skipped,
}

/// What a kind means here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Service,
    /// Its items bear their own kinds.
    List,
    /// Its items are Services and may bear no kind.
    ServiceList,
    Other,
}

/// Why an object could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// Line from the object's first line, from 1; none: the object as a whole.
    pub(super) line: Option<usize>,
    /// `namespace/name`.
    pub(super) object: Option<String>,
    /// What is wrong.
    pub(super) what: String,
}

/// As much of any Kubernetes object as tells what it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Head {
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
    metadata: Option<Name>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    name: Option<String>,
    namespace: Option<String>,
}

impl Head {
    pub(super) fn kind(&self) -> Result<Kind, Fault> {
        Kind::of(self.api_version.as_deref(), self.kind.as_deref())
    }

    /// `namespace/name`, where there is a name.
    pub(super) fn object(&self) -> Option<String> {
        let Name { name, namespace } = self.metadata.as_ref()?;
        Some(format!("{}/{}", namespace.as_deref().unwrap_or("default"), name.as_deref()?))
    }
}

impl Kind {
    pub(super) fn of(api_version: Option<&str>, kind: Option<&str>) -> Result<Self, Fault> {
        let kind = kind.ok_or_else(|| Fault::new("kind is missing: this is no Kubernetes object".to_owned()))?;
        let known = match kind {
            "Service" => Self::Service,
            "List" => Self::List,
            "ServiceList" => Self::ServiceList,
            _ => return Ok(Self::Other),
        };
        match api_version {
            Some("v1") => Ok(known),
            // serving.knative.dev/v1, for one, has a Service of its own.
            Some(_) => Ok(Self::Other),
            None => Err(Fault::new(format!("apiVersion is missing: write apiVersion: v1 beside kind: {kind}"))),
        }
    }
}

impl Fault {
    pub(super) fn new(what: String) -> Self {
        Self { line: None, object: None, what }
    }

    /// From a parser's message, its line, and the path of the field.
    pub(super) fn of_field(line: Option<usize>, path: &str, message: &str) -> Self {
        // "?" stands for a key that could not be read, "." for the root.
        let path = path.trim_end_matches(['?', '.']);
        let what = if path.is_empty() { message.to_owned() } else { format!("{path}: {message}") };
        Self { line, object: None, what }
    }

    pub(super) fn at(self, position: Position) -> Problem {
        let line = position.line + self.line.map_or(0, |line| line.saturating_sub(1));
        Problem { line, document: position.document, item: position.item, object: self.object, what: self.what }
    }
}

/// Reads an object that is no list, by means of `read` for the Service and `head` for what it is when that failed.
pub(super) fn decode_object(read: Result<ServiceObject, Fault>, list: Kind, head: impl FnOnce() -> Option<Head>) -> Result<Outcome, Fault> {
    let object = match read {
        Ok(object) => object,
        Err(fault) => match head() {
            Some(head) if kind_in(list, head.api_version.as_deref(), head.kind.as_deref()).is_ok_and(|kind| kind == Kind::Other) => {
                return Ok(Outcome::Skipped);
            }
            head => return Err(Fault { object: head.and_then(|head| head.object()), ..fault }),
        },
    };
    match kind_in(list, object.api_version.as_deref(), object.kind.as_deref())? {
        Kind::Service => {
            Service::try_from(object).map(|service| Outcome::Service(Box::new(service))).map_err(|error| Fault::new(error.to_string()))
        }
        Kind::Other => Ok(Outcome::Skipped),
        Kind::List | Kind::ServiceList => Err(Fault::new("a list inside a list is not read: give its items to the outer one".to_owned())),
    }
}

/// The kind of an object inside a list of kind `list` (outside of any: [`Kind::Other`]).
fn kind_in(list: Kind, api_version: Option<&str>, kind: Option<&str>) -> Result<Kind, Fault> {
    match (list, kind) {
        (Kind::ServiceList, None) => Ok(Kind::Service),
        _ => Kind::of(api_version, kind),
    }
}
