//! Label selectors in Kubernetes' text form.

/// A label selector; empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector;

impl Selector {
    /// Whether `labels` are selected.
    pub fn matches(&self, _labels: &std::collections::BTreeMap<String, String>) -> bool {
        true
    }
}
