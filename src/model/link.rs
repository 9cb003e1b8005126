//! Network links as the kernel shows them.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::Mac;

/// Name of a network link (`ip link`), shared because ten thousand addresses name the same one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct LinkName(Arc<str>);

impl LinkName {
    /// The loopback link, `lo`.
    pub fn loopback() -> Self {
        static LO: LazyLock<LinkName> = LazyLock::new(|| LinkName::from("lo"));
        LO.clone()
    }

    /// The name under which the kernel keeps the settings that bear on every link.
    pub fn all() -> Self {
        static ALL: LazyLock<LinkName> = LazyLock::new(|| LinkName::from("all"));
        ALL.clone()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LinkName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for LinkName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<LinkName> for String {
    fn from(name: LinkName) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// One network link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Interface index: changes when the link is deleted and created again.
    pub index: u32,
    /// Name.
    pub name: LinkName,
    /// Hardware address, where the link has an Ethernet one.
    pub mac: Option<Mac>,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Has carrier (`IFF_LOWER_UP`).
    pub carrier: bool,
}
