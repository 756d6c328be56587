//! The certificate of an authority, which clients trust: read from PEM or DER, written as PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

pub(super) const NAME: &str = "slicegate certificate authority";

/// The certificate of an authority.
#[derive(Clone, PartialEq, Eq)]
pub struct CaCertificate {
    pub(super) der: CertificateDer<'static>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    is_own: bool,
}

/// Why a text is not an authority. No error quotes the text, which may hold a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// Not a certificate.
    #[error("is no PEM certificate")]
    Certificate,
    /// A certificate that may not sign others.
    #[error("is a certificate that may not sign others (basicConstraints CA:TRUE is needed)")]
    NoAuthority,
    /// Not a key.
    #[error("is no PEM private key of a kind that can sign (PKCS #8; ECDSA, RSA or Ed25519)")]
    Key,
    /// The key of another certificate.
    #[error("is the key of another certificate")]
    Pair,
}

impl CaCertificate {
    /// Reads a certificate from PEM.
    ///
    /// # Errors
    /// When the text is not the certificate of an authority.
    pub fn read(pem: &str) -> Result<Self, AuthorityError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes());
        Self::of(der.map_err(|_| AuthorityError::Certificate)?)
    }

    /// Reads a certificate from DER.
    ///
    /// # Errors
    /// When it is not the certificate of an authority.
    pub fn of(der: CertificateDer<'static>) -> Result<Self, AuthorityError> {
        let (_, read) = X509Certificate::from_der(&der).map_err(|_| AuthorityError::Certificate)?;
        if !read.is_ca() {
            return Err(AuthorityError::NoAuthority);
        }
        let (not_before, not_after) = (read.validity().not_before, read.validity().not_after);
        let subject = read.subject();
        let is_own = subject
            .iter_common_name()
            .any(|name| name.as_str() == Ok(NAME));
        Ok(Self {
            not_before: not_before.to_datetime(),
            not_after: not_after.to_datetime(),
            is_own,
            der,
        })
    }

    /// The certificate as PEM, always with the same line breaks.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The begin of its validity.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The end of its validity.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether it has the name of a generated authority. The name proves nothing.
    pub fn is_own(&self) -> bool {
        self.is_own
    }
}

/// Shows the validity alone.
impl std::fmt::Debug for CaCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "CaCertificate({} to {})",
            self.not_before, self.not_after
        )
    }
}

/// DER as PEM.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    // 48 bytes are a line of 64 characters.
    for line in der.chunks(48) {
        STANDARD.encode_string(line, &mut pem);
        pem.push('\n');
    }
    pem + "-----END " + label + "-----\n"
}
