//! A directory of manifests, and waiting for what becomes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hostvip::cluster::{Files, Pace};
use tempfile::TempDir;

/// No test measures time: this only keeps a failing one from hanging.
const LIMIT: Duration = Duration::from_mins(1);

/// Events alone must do: neither polling nor rescans come in time to help.
pub(crate) const EVENTS_ONLY: Pace = Pace {
    confirm: Duration::from_millis(250),
    settle: Duration::from_hours(1),
    rescan: Duration::from_hours(1),
    retry: Duration::from_hours(1),
};

/// Without events: looks every few milliseconds.
pub(crate) const POLLING: Pace = Pace {
    confirm: Duration::from_millis(20),
    settle: Duration::from_millis(20),
    rescan: Duration::from_millis(20),
    retry: Duration::from_millis(20),
};

/// Runs a test on a current-thread runtime, as the agent does.
pub(crate) fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

pub(crate) struct Lab {
    pub(crate) directory: TempDir,
    pub(crate) files: Files,
}

impl Lab {
    /// `prepare` fills the directory; `paths` are watched.
    pub(crate) fn new(paths: &[&str], pace: Pace, prepare: impl FnOnce(&Path)) -> Self {
        let directory = TempDir::new().unwrap();
        prepare(directory.path());
        let paths: Vec<PathBuf> = paths.iter().map(|path| directory.path().join(path)).collect();
        let files = Files::open_at(&paths, pace).unwrap();
        Self { directory, files }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Names of the Services in force, with their external addresses.
    pub(crate) fn services(&self) -> BTreeMap<String, String> {
        let addresses = |list: &[std::net::IpAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.files.services().map(|service| (service.key.name.to_string(), addresses(&service.external_ips))).collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.services().into_keys().collect()
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        let prefix = format!("{}/", self.directory.path().canonicalize().unwrap().display());
        self.files.reports().into_iter().flat_map(|report| report.problems).map(|problem| problem.replace(&prefix, "")).collect()
    }

    /// Waits until the Services in force are these.
    pub(crate) async fn until_names(&mut self, names: &[&str]) {
        self.until(|lab| lab.names() == names, &format!("Services {names:?}")).await;
    }

    pub(crate) async fn until(&mut self, reached: impl Fn(&Self) -> bool, what: &str) {
        let waiting = async {
            while !reached(self) {
                self.files.changed().await;
            }
        };
        let reached = tokio::time::timeout(LIMIT, waiting).await.is_ok();
        assert!(reached, "{what} not reached: {:?}, problems {:#?}", self.services(), self.problems());
    }
}

/// A manifest of one Service for each name.
pub(crate) fn manifest(names: &[&str]) -> String {
    names.iter().map(|name| service(name, "192.0.2.1")).collect()
}

pub(crate) fn service(name: &str, address: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  externalIPs: [{address}]\n  ports: [{{port: 80}}]\n")
}
