//! Where Services come from, together: files first, then the cluster.

use std::collections::BTreeSet;

use crate::cluster::{Files, Kubernetes, OpenError};
use crate::config::Source;
use crate::model::report::{SourceReport, WatchReport};
use crate::model::{Cluster, EventCounts, Notice, Service, ServiceKey};

/// All configured sources.
pub struct Sources {
    files: Files,
    kubernetes: Option<Kubernetes>,
}

impl Sources {
    /// Reads the files, and begins to watch them and the cluster. Needs a tokio runtime.
    ///
    /// # Errors
    /// Only where inotify is not to be had; what is wrong with a source stands in the reports.
    pub fn open(source: &Source, node: &str) -> Result<Self, OpenError> {
        let kubernetes = source.kubernetes.as_ref().map(|kubernetes| Kubernetes::start(kubernetes, node));
        Ok(Self { files: Files::open(&source.files)?, kubernetes })
    }

    /// The Services in force. A file is the administrator's word for this node: it counts before a namesake of the cluster.
    pub fn services(&self) -> Vec<&Service> {
        let mut services: Vec<_> = self.files.services().collect();
        let named: BTreeSet<_> = services.iter().map(|service| &service.key).collect();
        let others = self.kubernetes.iter().flat_map(Kubernetes::services).filter(|service| !named.contains(&service.key));
        let others: Vec<_> = others.collect();
        services.extend(others);
        services
    }

    /// The cluster; none without one, and until it has listed.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.kubernetes.as_ref().and_then(Kubernetes::cluster)
    }

    /// Whether every watch has listed once: before, nothing may be decided.
    pub fn are_listed(&self) -> bool {
        self.kubernetes.as_ref().is_none_or(|kubernetes| kubernetes.cluster().is_some())
    }

    /// Waits until [`Self::are_listed`], or a watch that has to be there says why it is not. Cancel-safe.
    pub async fn listed(&mut self) {
        while !self.are_listed() && !self.watched().iter().any(|watch| watch.required && watch.error.is_some()) {
            self.changed().await;
        }
    }

    /// Whether every source could be read whole, so that what none of them names is really asked for by nobody.
    pub fn are_complete(&self) -> bool {
        let understood = |watch: &WatchReport| !watch.required || watch.problems.is_empty();
        self.are_listed() && self.files.reports().iter().all(|report| report.problems.is_empty()) && self.watched().iter().all(understood)
    }

    /// Waits until Services, the cluster or a report differ from what they were. Cancel-safe.
    pub async fn changed(&mut self) {
        let Self { files, kubernetes } = self;
        match kubernetes {
            None => files.changed().await,
            Some(kubernetes) => tokio::select! {
                () = files.changed() => {}
                () = kubernetes.changed() => {}
            },
        }
    }

    /// Where `service` was read: a path, or "cluster".
    pub fn origin(&self, service: &ServiceKey) -> String {
        self.files.origin(service).map_or_else(|| "cluster".to_owned(), |path| path.display().to_string())
    }

    /// What each file or directory gave, and what is wrong with it.
    pub fn files(&self) -> Vec<SourceReport> {
        self.files.reports()
    }

    /// What each watch gave, and since when it is away.
    pub fn watches(&self) -> Vec<WatchReport> {
        let mut watches = self.watched();
        let Some(kubernetes) = &self.kubernetes else { return watches };
        let named: BTreeSet<_> = self.files.services().map(|service| &service.key).collect();
        let doubles = kubernetes.services().filter(|service| named.contains(&service.key));
        let doubles = doubles.map(|service| format!("Service {} is also named in a file, which counts", service.key));
        if let Some(services) = watches.iter_mut().find(|watch| watch.resource == "services") {
            services.problems.extend(doubles);
        }
        watches
    }

    /// What is wrong with them, each in one line.
    pub fn problems(&self) -> Vec<String> {
        let files = self.files().into_iter().flat_map(|source| source.problems);
        files.chain(self.watches().iter().flat_map(WatchReport::troubles)).collect()
    }

    /// Tells the owner of a Service. Never blocks.
    pub fn post(&self, notice: Notice) {
        if let Some(kubernetes) = &self.kubernetes {
            kubernetes.post(notice);
        }
    }

    /// What became of what was told.
    pub fn events(&self) -> EventCounts {
        self.kubernetes.as_ref().map(Kubernetes::events).unwrap_or_default()
    }

    fn watched(&self) -> Vec<WatchReport> {
        self.kubernetes.as_ref().map_or_else(Vec::new, Kubernetes::watches)
    }
}
