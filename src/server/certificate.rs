//! The server's certificate, from files or made here; a bad one never replaces a good one.

mod generated;
mod kept;
mod read;
mod reminder;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use super::FileSource;
use super::watched::WatchedFile;
use crate::certificates::CertificateError;

pub(super) use kept::KeptCertificate;
pub(super) use reminder::Reminder;

/// What new connections are greeted with.
#[derive(Debug)]
pub(super) struct Tls {
    /// For rustls.
    pub(super) config: Arc<ServerConfig>,
    /// When the certificate ends, in seconds since 1970.
    pub(super) not_after: i64,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or closed to us.
    #[error("{}: cannot be read ({problem}); name a readable PEM file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
    /// A file is not what it has to be.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ContentProblem,
    },
    /// Certificate and key are not of one pair, or of a kind that TLS does not know.
    #[error("{}: does not go with the key of {}: {problem}", cert.display(), key.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        problem: rustls::Error,
    },
    /// The authorities that clients are checked by cannot be used.
    #[error("--tls-client-ca: {}: {problem}", path.display())]
    ClientAuthority {
        /// The file.
        path: PathBuf,
        /// What rustls says.
        problem: rustls::server::VerifierBuilderError,
    },
    /// A certificate of one's own cannot be used, which a test rules out.
    #[error("--tls-secret: the certificate that was signed does not go with its key: {0}")]
    Own(rustls::Error),
    /// TLS itself is not to be had.
    #[error("TLS 1.2 and 1.3 cannot be set up: {0}")]
    Protocol(rustls::Error),
    /// Only some of the generated files are there.
    #[error(
        "--tls-generate: {} holds {found} and not {missing}; remove the rest to have all three made anew",
        folder.display()
    )]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// What is there.
        found: String,
        /// What is not.
        missing: String,
    },
    /// A certificate could not be made.
    #[error("--tls-generate: {0}")]
    Generate(#[from] CertificateError),
    /// A certificate could not be put down.
    #[error("--tls-generate: {}: cannot be written ({problem})", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
}

/// What is wrong with a PEM file.
#[derive(Debug, thiserror::Error)]
pub enum ContentProblem {
    /// It is no PEM.
    #[error("is no PEM: {0}")]
    Pem(rustls::pki_types::pem::Error),
    /// It has none.
    #[error("holds no certificate; a PEM file with -----BEGIN CERTIFICATE----- is needed")]
    NoCertificate,
    /// It has none.
    #[error("holds no private key; a PEM file with -----BEGIN PRIVATE KEY----- is needed")]
    NoKey,
    /// It is no X.509.
    #[error("is no X.509 certificate: {0}")]
    Certificate(String),
    /// It is too late.
    #[error("the certificate ended on {0}; renew it")]
    Ended(String),
    /// It is too early.
    #[error("the certificate begins on {0}; check the clock of this machine and of its issuer")]
    NotBegun(String),
    /// Go, and so every API server, looks at nothing else.
    #[error("the certificate has no subjectAltName; API servers take none without")]
    NoName,
    /// rustls does not take it as an authority.
    #[error("is no certificate of an authority: {0}")]
    Authority(rustls::Error),
}

/// The files, and what stood in them last.
#[derive(Debug)]
pub(super) struct CertificateFiles {
    cert: Part,
    key: Part,
    client_ca: Option<Part>,
    /// Of the certificate in force.
    not_after: i64,
    /// Whether what stands in them now is in force. What is not is tried again: its time may come, and of several files
    /// one may be written after the other.
    is_taken: bool,
}

struct Part {
    file: WatchedFile,
    text: String,
}

/// The text may be a key.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(f)
    }
}

impl CertificateFiles {
    /// Reads them for the first time; makes them if they are to be made and are not there.
    pub(super) fn open(
        source: FileSource,
        client_ca: Option<PathBuf>,
    ) -> Result<(Self, Tls), TlsError> {
        let (cert, key) = match source {
            FileSource::Files { cert, key } => (cert, key),
            FileSource::Generated(folder) => generated::files(&folder)?,
        };
        let mut files = Self {
            cert: Part::new(cert),
            key: Part::new(key),
            client_ca: client_ca.map(Part::new),
            not_after: 0,
            is_taken: false,
        };
        files.read()?;
        let tls = files.tls()?;
        Ok((files, tls))
    }

    /// Looks at them again; what is good and not in force yet is handed out.
    pub(super) fn refresh(&mut self) -> Result<Option<Tls>, TlsError> {
        self.read()?;
        match self.is_taken {
            true => Ok(None),
            false => self.tls().map(Some),
        }
    }

    /// When the certificate in force ends, in seconds since 1970.
    pub(super) fn not_after(&self) -> i64 {
        self.not_after
    }

    /// All are read, so that what is good of them is kept.
    fn read(&mut self) -> Result<(), TlsError> {
        let parts = [
            Some(&mut self.cert),
            Some(&mut self.key),
            self.client_ca.as_mut(),
        ];
        let mut read = Ok(());
        for part in parts.into_iter().flatten() {
            match part.read() {
                Ok(is_new) => self.is_taken &= !is_new,
                Err(problem) => read = read.and(Err(problem)),
            }
        }
        read
    }

    fn tls(&mut self) -> Result<Tls, TlsError> {
        let chain = read::chain(&self.cert.text).map_err(|p| self.cert.error(p))?;
        let not_after = read::end(&chain).map_err(|p| self.cert.error(p))?;
        let key = read::key(&self.key.text).map_err(|p| self.key.error(p))?;
        let authorities = self.client_ca.as_ref();
        let verifier = authorities.map(|part| verifier(part, provider()));
        let config = config(chain, key, verifier.transpose()?)?;
        let config = config.map_err(|problem| TlsError::Pair {
            cert: self.cert.file.path().to_owned(),
            key: self.key.file.path().to_owned(),
            problem,
        })?;
        self.not_after = not_after;
        self.is_taken = true;
        Ok(Tls {
            config: Arc::new(config),
            not_after,
        })
    }
}

/// What rustls is told, or why certificate and key do not go together.
fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Result<ServerConfig, rustls::Error>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(TlsError::Protocol)?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    Ok(builder.with_single_cert(chain, key).map(|mut config| {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Checks clients by the authorities of a file.
fn verifier(
    part: &Part,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in read::chain(&part.text).map_err(|p| part.error(p))? {
        let added = roots.add(authority).map_err(ContentProblem::Authority);
        added.map_err(|p| part.error(p))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    verifier
        .build()
        .map_err(|problem| TlsError::ClientAuthority {
            path: part.file.path().to_owned(),
            problem,
        })
}

impl Part {
    fn new(path: PathBuf) -> Self {
        Self {
            file: WatchedFile::new(path),
            text: String::new(),
        }
    }

    /// Whether something else stands in it than before.
    fn read(&mut self) -> Result<bool, TlsError> {
        let news = self.file.news().map_err(|problem| TlsError::Unreadable {
            path: self.file.path().to_owned(),
            problem,
        })?;
        let is_new = news.is_some();
        if let Some(text) = news {
            self.text = text;
        }
        Ok(is_new)
    }

    fn error(&self, problem: ContentProblem) -> TlsError {
        TlsError::Content {
            path: self.file.path().to_owned(),
            problem,
        }
    }
}
