//! The TLS handshake by itself, because its errors say more than those of a request.

use std::io;
use std::sync::Arc;

use kube::Config;
use kube::client::ConfigExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use super::super::call::render_error;
use super::{STEP, Step};
use crate::decide::doctor::api::{Reached, TlsFault};

/// Shakes hands as the client does, and hangs up.
pub(super) async fn shake_hands(config: &Config, host: &str, stream: TcpStream) -> Step<()> {
    let address = stream.peer_addr().map_err(|error| Reached::Silent(error.to_string()))?;
    let tls = config.rustls_client_config().map_err(|error| Reached::Unreadable(render_error(&error)))?;
    let name = config.tls_server_name.clone().unwrap_or_else(|| host.to_owned());
    let untrusted = |fault| Reached::Untrusted { address, fault };
    let name = ServerName::try_from(name).map_err(|error| untrusted(TlsFault::Other(error.to_string())))?;
    match timeout(STEP, TlsConnector::from(Arc::new(tls)).connect(name, stream)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(untrusted(fault(&error))),
        Err(_) => Err(untrusted(TlsFault::Other(format!("no answer within {} s", STEP.as_secs())))),
    }
}

fn fault(error: &io::Error) -> TlsFault {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else { return TlsFault::Other(error.to_string()) };
    match tls {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => TlsFault::UnknownAuthority,
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => TlsFault::Expired,
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => TlsFault::NotYetValid,
        Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            TlsFault::WrongName(tls.to_string())
        }
        Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA,
        ) => TlsFault::ClientRefused(tls.to_string()),
        other => TlsFault::Other(other.to_string()),
    }
}
