//! PEM files that are read again and again, and what is in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::error::{ContentProblem, TlsError};
use crate::server::clock::now;
use crate::server::file::WatchedFile;

/// A PEM file with its last content.
pub struct PemFile {
    file: WatchedFile,
    text: String,
}

/// Hides the text, because it may be a key.
impl fmt::Debug for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

impl PemFile {
    pub fn new(path: PathBuf) -> Self {
        Self {
            file: WatchedFile::new(path),
            text: String::new(),
        }
    }

    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Reads the file again. Returns whether its content changed.
    pub fn read(&mut self) -> Result<bool, TlsError> {
        let text = self.file.changed_text();
        let text = text.map_err(|problem| TlsError::Unreadable(self.path().to_owned(), problem))?;
        let is_new = text.is_some();
        if let Some(text) = text {
            self.text = text;
        }
        Ok(is_new)
    }

    /// All certificates in the file, the server's own first.
    pub fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let certificates = CertificateDer::pem_slice_iter(self.text.as_bytes());
        let chain: Result<Vec<_>, _> = certificates.collect();
        let chain = chain.map_err(|problem| self.error(ContentProblem::Pem(problem)))?;
        if chain.is_empty() {
            return Err(self.error(ContentProblem::NoCertificate));
        }
        Ok(chain)
    }

    /// The first private key in the file.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(self.text.as_bytes());
        key.map_err(|problem| match problem {
            pem::Error::NoItemsFound => self.error(ContentProblem::NoKey),
            problem => self.error(ContentProblem::Pem(problem)),
        })
    }

    /// The chain in the file, and when its first certificate ends, in seconds since 1970. An error if no API server
    /// would accept it now.
    pub fn valid_chain(&self) -> Result<(Vec<CertificateDer<'static>>, i64), TlsError> {
        let chain = self.chain()?;
        let not_after = end(&chain).map_err(|problem| self.error(problem))?;
        Ok((chain, not_after))
    }

    /// Verifies clients by the authorities in the file.
    pub fn client_verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in self.chain()? {
            let added = roots.add(authority);
            added.map_err(|problem| self.error(ContentProblem::Authority(problem)))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
        let verifier = verifier.build();
        verifier.map_err(|problem| TlsError::ClientAuthority(self.path().to_owned(), problem))
    }

    fn error(&self, problem: ContentProblem) -> TlsError {
        TlsError::Content(self.path().to_owned(), problem)
    }
}

/// The cryptography of all TLS here.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn end(chain: &[CertificateDer<'_>]) -> Result<i64, ContentProblem> {
    let own = chain.first().ok_or(ContentProblem::NoCertificate)?;
    let (_, certificate) = X509Certificate::from_der(own)
        .map_err(|error| ContentProblem::Certificate(error.to_string()))?;
    let names = certificate.subject_alternative_name();
    let names = names.map_err(|error| ContentProblem::Certificate(error.to_string()))?;
    let (validity, now) = (certificate.validity(), now());
    if names.is_none() {
        Err(ContentProblem::NoName)
    } else if now > validity.not_after.timestamp() {
        Err(ContentProblem::Ended(validity.not_after.to_string()))
    } else if now < validity.not_before.timestamp() {
        Err(ContentProblem::NotBegun(validity.not_before.to_string()))
    } else {
        Ok(validity.not_after.timestamp())
    }
}
