//! What the projections of Kubernetes objects share: their head, their absent fields, and the error that names them.
//!
//! Absent: the objects' own fields, and manifests as text (`codec/manifest.rs`), whose errors name lines.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An object of the API that could not be understood. It names the object as far as that could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{kind} {}: {}{what}", .object.as_deref().unwrap_or("without a name"), in_field(.field))]
pub struct ObjectError {
    /// `Service`.
    pub kind: &'static str,
    /// `namespace/name`, or the name of an object without a namespace.
    pub object: Option<String>,
    /// The field, as `spec.ports[0].port`; empty where the object as a whole is at fault.
    pub field: String,
    /// What is wrong.
    pub what: String,
}

/// A kind of the API, in the one version that is understood.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) api_version: &'static str,
}

/// What every projection needs of `metadata`; `A` reads those annotations that count.
#[derive(Default, Deserialize)]
#[serde(default, bound = "A: Deserialize<'de> + Default")]
pub(super) struct Metadata<A = IgnoredAny> {
    #[serde(deserialize_with = "null_as_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) namespace: String,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) annotations: A,
}

impl Kind {
    /// Reads an object of this kind. The items of a list from the API bear neither `apiVersion` nor `kind`: both may be absent.
    pub(super) fn decode<T: DeserializeOwned>(&self, value: &Value) -> Result<T, ObjectError> {
        for (field, understood) in [("apiVersion", self.api_version), ("kind", self.name)] {
            if let Some(text) = value.get(field).and_then(Value::as_str).filter(|text| *text != understood) {
                return Err(self.error(value, field, format!("{text:?} is not understood: only {understood} is")));
            }
        }
        // To keep track of each field's path takes its time, and only an error needs one: then it is read again.
        T::deserialize(value).or_else(|_| {
            serde_path_to_error::deserialize(value).map_err(|error| {
                let path = error.path().to_string();
                self.error(value, path.trim_matches(['?', '.']), error.inner().to_string())
            })
        })
    }

    /// An error about `field` of `value`.
    pub(super) fn error(&self, value: &Value, field: &str, what: String) -> ObjectError {
        ObjectError { kind: self.name, object: name_of(value), field: field.to_owned(), what }
    }
}

/// `namespace/name`, or the name where there is no namespace.
fn name_of(value: &Value) -> Option<String> {
    let text = |field| value.pointer(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/metadata/name")?;
    Some(text("/metadata/namespace").map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}")))
}

fn in_field(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

/// Kubernetes takes `null` for an absent field.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Kubernetes takes `""` for an absent text.
pub(super) fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
