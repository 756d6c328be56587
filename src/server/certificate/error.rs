//! Why a certificate cannot be used.

use std::io;
use std::path::PathBuf;

use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem;
use tokio_rustls::rustls::server::VerifierBuilderError;

use crate::certificates::CertificateError;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: cannot be read ({1}); name a readable PEM file", path = .0.display())]
    Unreadable(PathBuf, io::Error),
    #[error("{path}: {1}", path = .0.display())]
    Content(PathBuf, ContentProblem),
    /// Certificate and key are no pair, or TLS does not know their kind.
    #[error("{}: does not go with the key of {}: {problem}", cert.display(), key.display())]
    Pair {
        cert: PathBuf,
        key: PathBuf,
        problem: rustls::Error,
    },
    #[error("--tls-client-ca: {path}: {1}", path = .0.display())]
    ClientAuthority(PathBuf, VerifierBuilderError),
    /// slicegate's own certificate cannot be used, which a test rules out.
    #[error("--tls-secret: the certificate that was signed does not go with its key: {0}")]
    Own(rustls::Error),
    /// Only some of the generated files exist.
    #[error(
        "--tls-generate: {} holds {found} and not {missing}; remove the rest to have all three made anew",
        folder.display()
    )]
    Incomplete {
        folder: PathBuf,
        found: String,
        missing: String,
    },
    #[error("--tls-generate: {0}")]
    Generate(#[from] CertificateError),
    #[error("--tls-generate: {path}: cannot be written ({1})", path = .0.display())]
    Unwritable(PathBuf, io::Error),
}

/// Why a PEM file is invalid.
#[derive(Debug, thiserror::Error)]
pub enum ContentProblem {
    #[error("is no PEM: {0}")]
    Pem(pem::Error),
    #[error("holds no certificate; a PEM file with -----BEGIN CERTIFICATE----- is needed")]
    NoCertificate,
    #[error("holds no private key; a PEM file with -----BEGIN PRIVATE KEY----- is needed")]
    NoKey,
    /// It is no X.509.
    #[error("is no X.509 certificate: {0}")]
    Certificate(String),
    #[error("the certificate ended on {0}; renew it")]
    Ended(String),
    #[error("the certificate begins on {0}; check the clock of this machine and of its issuer")]
    NotBegun(String),
    /// Go, and so every API server, ignores the common name.
    #[error("the certificate has no subjectAltName; API servers take none without")]
    NoName,
    /// rustls does not accept it as an authority.
    #[error("is no certificate of an authority: {0}")]
    Authority(rustls::Error),
}
