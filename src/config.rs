//! Floor 1: the config file as written, checked against the host's facts, becomes [`Settings`].

mod settings;

pub use settings::{OnStop, Settings, Source};
