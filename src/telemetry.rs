//! Floor 3: what the agent tells the outside. Logs, metrics, and the answers to questions over HTTP.

pub mod http;
pub mod log;
pub mod metrics;
