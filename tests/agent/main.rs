//! What the agent keeps on disk, and how it starts.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod lock;
