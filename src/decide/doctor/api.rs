//! The way to the API server, step by step: credentials, name, connection, TLS, who we are, what we may.

use std::net::SocketAddr;

use super::{Finding, Severity, finding, ok};

/// The oldest server that has everything that is required: `discovery.k8s.io/v1` came with 1.21.
const OLDEST_MINOR: u32 = 21;
/// Clocks this far apart are told, in seconds: certificates and tokens begin and end by them.
const SKEW: i64 = 60;
const RBAC: &str = "apply docs/rbac.yaml";

/// What a probe of the API server found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiFacts {
    /// Where the credentials come from: "kubeconfig /etc/hostvip/kubeconfig".
    pub source: String,
    /// URL of the server; empty where the credentials do not tell it.
    pub server: String,
    /// How this node says who it is: "a client certificate".
    pub credential: &'static str,
    /// How far the probe came.
    pub reached: Reached,
}

/// How far a probe came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The credentials cannot be read or used.
    Unreadable(String),
    /// The server's name has no address.
    Unresolved {
        /// The name.
        host: String,
        /// Why.
        error: String,
    },
    /// No address takes a connection; each with its error.
    Unconnected(Vec<(SocketAddr, String)>),
    /// No TLS with it.
    Untrusted {
        /// The address that was tried.
        address: SocketAddr,
        /// What is wrong.
        fault: TlsFault,
    },
    /// It takes connections and gives no answer that could be read.
    Silent(String),
    /// It does not know us.
    Unauthorized(String),
    /// It answers.
    Answers(Answers),
}

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Its certificate was signed by an authority that is not trusted.
    UnknownAuthority,
    /// Its certificate has ended.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Its certificate is for other names.
    WrongName(String),
    /// It refuses our certificate.
    ClientRefused(String),
    /// Something else.
    Other(String),
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Its version ("v1.34.3"); empty where it does not say.
    pub version: String,
    /// Addresses that take no connection, where others do; each with its error.
    pub unconnected: Vec<(SocketAddr, String)>,
    /// Seconds by which its clock is ahead of ours.
    pub skew: Option<i64>,
    /// What we may, of what we ask for.
    pub grants: Vec<Grant>,
}

/// One right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `list`.
    pub verb: &'static str,
    /// The resource as kubectl names it: `endpointslices.discovery.k8s.io`.
    pub resource: String,
    /// What lacks without it.
    pub need: Need,
    /// Whether we have it; where it could not be asked, why.
    pub granted: Result<bool, String>,
}

/// What a right is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing is decided without it.
    Decide,
    /// Without it some addresses are not known to be reserved.
    Reserve,
    /// Without it nothing is told to the owners of Services.
    Tell,
}

/// Judges the way to the API server. Where it ends, one finding says so; what is beyond is not known.
pub fn judge(facts: &ApiFacts) -> Vec<Finding> {
    let ApiFacts { source, server, credential, reached } = facts;
    let away = "no Service, endpoint or node can be read: nothing is decided from the cluster";
    let fault = |code, what: String, fix: &str| vec![finding(Severity::Error, code, what, away, fix)];
    match reached {
        Reached::Unreadable(error) => {
            fault("api_credentials", error.clone(), "mend the file that is named, or source.kubernetes.kubeconfig")
        }
        Reached::Unresolved { host, error } => {
            let what = format!("{server}: the name {host} has no address: {error}");
            fault("api_name", what, &format!("mend DNS or /etc/hosts, or name an address in {source}"))
        }
        Reached::Unconnected(tried) => {
            let what = format!("{server}: no connection to {}", render_tried(tried));
            fault("api_connect", what, "see whether the API server runs there, and what filters packets on the way")
        }
        Reached::Untrusted { address, fault: tls } => {
            let (what, fix) = render_tls(tls, source);
            fault("api_tls", format!("{server} ({address}): {what}"), &fix)
        }
        Reached::Silent(error) => fault("api_answer", format!("{server}: {error}"), "see whether it is an API server, and its log"),
        Reached::Unauthorized(error) => {
            let what = format!("{server} does not accept {credential} of {source}: {error}");
            fault("api_unauthorized", what, render_credential_fix(credential))
        }
        Reached::Answers(answers) => judge_answers(facts, answers),
    }
}

fn judge_answers(facts: &ApiFacts, answers: &Answers) -> Vec<Finding> {
    let server = &facts.server;
    let version = if answers.version.is_empty() { "an unknown version" } else { &answers.version };
    let mut findings = vec![ok("api", format!("{server} answers ({version})"))];
    if !answers.unconnected.is_empty() {
        let what = format!("{server}: no connection to {}", render_tried(&answers.unconnected));
        let why = "another address of the name answers; each new connection may meet this one first";
        findings.push(finding(Severity::Warning, "api_connect", what, why, "take it out of DNS, or start the API server there"));
    }
    if minor(&answers.version).is_some_and(|minor| minor < OLDEST_MINOR) {
        let what = format!("{server} is {version}");
        let why = "it has no EndpointSlices of discovery.k8s.io/v1, without which nothing is decided";
        findings.push(finding(Severity::Error, "api_version", what, why, format!("upgrade to 1.{OLDEST_MINOR} or later")));
    }
    if let Some(skew) = answers.skew.filter(|skew| skew.abs() > SKEW) {
        let what = format!("the clock of {server} is {} s {} this node's", skew.abs(), if skew > 0 { "ahead of" } else { "behind" });
        let why = "certificates and tokens begin and end by the clock";
        findings.push(finding(Severity::Warning, "api_clock", what, why, "let both follow the same time servers"));
    }
    let refused: Vec<_> = answers.grants.iter().filter_map(judge_grant).collect();
    if refused.is_empty() {
        findings.push(ok("api_rights", format!("every right that is asked for is granted by {server}")));
    }
    findings.extend(refused);
    findings
}

fn judge_grant(grant: &Grant) -> Option<Finding> {
    let Grant { verb, resource, need, granted } = grant;
    let (severity, why) = match need {
        Need::Decide => (Severity::Error, "nothing is decided before all of them are known"),
        Need::Reserve => (Severity::Warning, "a VIP that is one of their addresses is not refused"),
        Need::Tell => (Severity::Warning, "the owners of Services are not told what becomes of them"),
    };
    match granted {
        Ok(true) => None,
        Ok(false) => Some(finding(severity, "api_rights", format!("no right to {verb} {resource}"), why, RBAC)),
        Err(error) => {
            let what = format!("whether there is a right to {verb} {resource} cannot be asked: {error}");
            Some(finding(Severity::Warning, "api_rights", what, why, RBAC))
        }
    }
}

fn render_tried(tried: &[(SocketAddr, String)]) -> String {
    tried.iter().map(|(address, error)| format!("{address} ({error})")).collect::<Vec<_>>().join(", ")
}

fn render_tls(fault: &TlsFault, source: &str) -> (String, String) {
    match fault {
        TlsFault::UnknownAuthority => (
            "its certificate is signed by an authority that is not trusted".to_owned(),
            format!("put the authority of the cluster (ca.crt) into certificate-authority of {source}"),
        ),
        TlsFault::Expired => {
            ("its certificate has expired".to_owned(), "renew it (kubeadm certs renew apiserver), or mend this node's clock".to_owned())
        }
        TlsFault::NotYetValid => {
            ("its certificate is not valid yet".to_owned(), "mend the clock of this node, or of whoever signed it".to_owned())
        }
        TlsFault::WrongName(error) => {
            let fix = format!("use a name in server of {source} that the certificate has, or set tls-server-name there");
            (format!("its certificate is for other names: {error}"), fix)
        }
        TlsFault::ClientRefused(error) => (
            format!("it refuses the client certificate: {error}"),
            format!("renew client-certificate and client-key of {source}; `openssl x509 -noout -dates` shows when it ends"),
        ),
        TlsFault::Other(error) => (format!("no TLS: {error}"), "see whether an API server serves there, and its log".to_owned()),
    }
}

fn render_credential_fix(credential: &str) -> &'static str {
    match credential {
        "a client certificate" => {
            "renew client-certificate and client-key; `openssl x509 -noout -dates -issuer` shows when it ends and who signed it"
        }
        "no credential" => "add a user with a certificate or a token to the kubeconfig, and name it in the context",
        _ => "get a new token; `kubectl create token hostvip --namespace hostvip` makes one where docs/rbac.yaml is applied",
    }
}

/// The 34 of "v1.34.3", also of "v1.34.3+k3s1".
fn minor(version: &str) -> Option<u32> {
    let mut parts = version.strip_prefix('v')?.split('.');
    (parts.next() == Some("1")).then(|| parts.next()?.parse().ok()).flatten()
}
