//! PEM to what rustls takes, and what it does not look at: when a certificate ends, and whether it has a name.

use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ContentProblem;
use super::reminder::now;

/// All certificates of a file, the server's own first.
pub(super) fn chain(text: &str) -> Result<Vec<CertificateDer<'static>>, ContentProblem> {
    let certificates = CertificateDer::pem_slice_iter(text.as_bytes());
    let chain: Vec<_> = certificates
        .collect::<Result<_, _>>()
        .map_err(ContentProblem::Pem)?;
    match chain.is_empty() {
        true => Err(ContentProblem::NoCertificate),
        false => Ok(chain),
    }
}

/// The first private key of a file.
pub(super) fn key(text: &str) -> Result<PrivateKeyDer<'static>, ContentProblem> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|problem| match problem {
        pem::Error::NoItemsFound => ContentProblem::NoKey,
        problem => ContentProblem::Pem(problem),
    })
}

/// When the first of a chain ends, in seconds since 1970; an error where no API server would take it now.
pub(super) fn end(chain: &[CertificateDer<'_>]) -> Result<i64, ContentProblem> {
    let own = chain.first().ok_or(ContentProblem::NoCertificate)?;
    let unreadable = |problem: String| ContentProblem::Certificate(problem);
    let (_, certificate) =
        X509Certificate::from_der(own).map_err(|error| unreadable(error.to_string()))?;
    let names = certificate.subject_alternative_name();
    if names
        .map_err(|error| unreadable(error.to_string()))?
        .is_none()
    {
        return Err(ContentProblem::NoName);
    }
    let validity = certificate.validity();
    let now = now();
    if now > validity.not_after.timestamp() {
        return Err(ContentProblem::Ended(validity.not_after.to_string()));
    }
    if now < validity.not_before.timestamp() {
        return Err(ContentProblem::NotBegun(validity.not_before.to_string()));
    }
    Ok(validity.not_after.timestamp())
}
