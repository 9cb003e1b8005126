//! Credentials that are missing, bad, or replaced while the agent runs.
