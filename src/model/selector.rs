//! Label selectors in Kubernetes' text form.

/// A label selector; empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector;
