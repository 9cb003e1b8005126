//! Kubeconfig files: a server, whom to trust, and how to say who one is.

use std::path::PathBuf;

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::pki::Pair;

/// A kubeconfig with one context.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    /// URL of the API server.
    pub server: String,
    /// Certificate of the authority to trust, as PEM; none: those of the system.
    pub authority: Option<String>,
    /// Who one is.
    pub credential: Credential,
}

/// How a client says who it is.
#[derive(Clone, Debug)]
pub enum Credential {
    /// By a certificate inside the file.
    Certificate(Pair),
    /// By files with certificate and key, which may be replaced.
    CertificateFiles(PathBuf, PathBuf),
    /// By a token inside the file.
    Token(String),
    /// By a file with a token, which may be replaced.
    TokenFile(PathBuf),
    /// Not at all.
    Anonymous,
}

impl Kubeconfig {
    /// The file, as JSON, which is YAML.
    pub fn render(&self) -> String {
        let mut cluster = json!({ "server": self.server });
        if let Some(authority) = &self.authority {
            cluster["certificate-authority-data"] = base64(authority);
        }
        let user = match &self.credential {
            Credential::Certificate(Pair { certificate, key }) => {
                json!({ "client-certificate-data": base64(certificate), "client-key-data": base64(key) })
            }
            Credential::CertificateFiles(certificate, key) => json!({ "client-certificate": certificate, "client-key": key }),
            Credential::Token(token) => json!({ "token": token }),
            Credential::TokenFile(path) => json!({ "tokenFile": path }),
            Credential::Anonymous => json!({}),
        };
        let file = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "lab", "cluster": cluster }],
            "users": [{ "name": "user", "user": user }],
            "contexts": [{ "name": "lab", "context": { "cluster": "lab", "user": "user" } }],
            "current-context": "lab",
        });
        file.to_string()
    }
}

fn base64(text: &str) -> Value {
    json!(ByteString(text.as_bytes().to_vec()))
}
