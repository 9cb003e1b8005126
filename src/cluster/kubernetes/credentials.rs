//! The kubeconfig, or the service account of a pod, and what in them has changed since they were read.
//!
//! kube reads token files again by itself, once a minute; certificates, keys and the kubeconfig it does not: their contents are
//! compared here. Absent: when to look (`session.rs`).

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::client::{BuildError, build};
use crate::config;

/// Why the credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialError {
    /// The kubeconfig, or a file that it names.
    #[error("kubeconfig {}", path.display())]
    Kubeconfig {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<KubeconfigError>,
    },
    /// There is no kubeconfig, and no service account.
    #[error("no kubeconfig is set (source.kubernetes.kubeconfig), and this is no pod with a service account")]
    InCluster(#[source] InClusterError),
    /// They are there, and no client can be made of them.
    #[error("{of}")]
    Client {
        /// Whose.
        of: String,
        /// Why.
        #[source]
        source: BuildError,
    },
}

/// The contents of all files that a kubeconfig names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(u64);

/// Reads the credentials. Blocks on files.
pub(super) fn observe_config(source: &config::Kubernetes) -> Result<Config, CredentialError> {
    let Some(path) = &source.kubeconfig else { return Config::incluster().map_err(CredentialError::InCluster) };
    let error = |error| CredentialError::Kubeconfig { path: path.clone(), source: Box::new(error) };
    let kubeconfig = Kubeconfig::read_from(path).map_err(error)?;
    // Its futures only read files, too: nothing of it waits for a reactor.
    let config = futures_util::FutureExt::now_or_never(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()));
    config.unwrap_or(Err(KubeconfigError::MissingClusterUrl)).map_err(error)
}

/// Makes a client of credentials. Blocks on files, and on the program that a kubeconfig may name.
pub(super) fn connect(source: &config::Kubernetes, config: &Config) -> Result<Client, CredentialError> {
    build(config).map_err(|error| CredentialError::Client { of: render_source(source), source: error })
}

/// Reads every file but tokens, which kube reads itself. Blocks on files.
pub(super) fn observe_stamp(source: &config::Kubernetes) -> Stamp {
    // In a pod kube reads the token and the authority again.
    let Some(path) = &source.kubeconfig else { return Stamp::default() };
    let mut hasher = DefaultHasher::new();
    hash_file(path, &mut hasher);
    for named in Kubeconfig::read_from(path).map(|kubeconfig| files(&kubeconfig)).unwrap_or_default() {
        hash_file(&named, &mut hasher);
    }
    Stamp(hasher.finish())
}

/// What the credentials are of.
pub(super) fn render_source(source: &config::Kubernetes) -> String {
    source.kubeconfig.as_ref().map_or_else(|| "the pod's service account".to_owned(), |path| format!("kubeconfig {}", path.display()))
}

/// `Kubeconfig::read_from` has made their paths absolute.
fn files(kubeconfig: &Kubeconfig) -> BTreeSet<PathBuf> {
    let clusters = kubeconfig.clusters.iter().filter_map(|named| named.cluster.as_ref()?.certificate_authority.clone());
    let users = kubeconfig.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let users = users.flat_map(|user| [user.client_certificate.clone(), user.client_key.clone()]).flatten();
    clusters.chain(users).map(PathBuf::from).collect()
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) {
    let content = fs::read(path).map_err(|error: io::Error| error.kind());
    (path, content).hash(hasher);
}
