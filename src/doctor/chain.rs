//! Certificates as an API server checks them: issuer, name and validity.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Certificates in the order of their PEM text.
pub(super) type Chain = Vec<CertificateDer<'static>>;

/// Reads a PEM text in base64, as Secrets and webhooks have it.
pub(super) fn encoded(base64: &str) -> Result<Chain, String> {
    let text = STANDARD.decode(base64).map_err(|e| e.to_string())?;
    let chain: Result<Chain, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|problem| format!("it is no PEM: {problem}"))?;
    if chain.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(chain)
}

/// The time in which a certificate is valid, in seconds since 1970.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Result<RangeInclusive<i64>, String> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|e| e.to_string())?;
    let validity = read.validity();
    Ok(validity.not_before.timestamp()..=validity.not_after.timestamp())
}

/// Whether a client that trusts `roots` accepts the chain for `name` at that time, in seconds since 1970.
pub(super) fn check(chain: &Chain, roots: &Chain, name: &str, at: i64) -> Result<(), String> {
    let (own, rest) = chain.split_first().ok_or("there is no certificate")?;
    // Go accepts a certificate that is itself trusted; webpki does not.
    if roots.contains(own) {
        return Ok(());
    }
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
    let verifier = verifier.build().map_err(|e| e.to_string())?;
    let name = ServerName::try_from(name.to_owned()).map_err(|e| e.to_string())?;
    let at = Duration::from_secs(u64::try_from(at).unwrap_or_default());
    let at = UnixTime::since_unix_epoch(at);
    let verified = verifier.verify_server_cert(own, rest, &name, &[], at);
    verified.map(|_| ()).map_err(|e| e.to_string())
}

/// The day of a time in seconds since 1970.
pub(super) fn day(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds);
    time.map_or_else(|_| "an unknown day".to_owned(), |t| t.date().to_string())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{check, day, encoded, validity};
    use crate::certificates;

    #[test]
    fn a_chain_is_taken_where_an_api_server_would_take_it() {
        let made = |name: &str| certificates::generate(&[name.to_owned()], &[], 30).unwrap();
        let (one, other) = (made("slicegate.a.svc"), made("slicegate.a.svc"));
        let read = |pem: &str| encoded(&STANDARD.encode(pem)).unwrap();
        let (leaf, ca) = (read(&one.cert_pem), read(&one.ca_pem));
        let end = *validity(&leaf[0]).unwrap().end();
        assert_eq!(check(&leaf, &ca, "slicegate.a.svc", end - 60), Ok(()));
        assert_eq!(check(&ca, &ca, "slicegate.a.svc", end - 60), Ok(()));
        for (roots, name, at) in [
            (&read(&other.ca_pem), "slicegate.a.svc", end - 60),
            (&ca, "slicegate.b.svc", end - 60),
            (&ca, "slicegate.a.svc", end + 60),
        ] {
            assert!(check(&leaf, roots, name, at).is_err());
        }
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        assert!(encoded("no base64!").is_err());
        assert_eq!(encoded("").unwrap_err(), "it holds no certificate");
        assert_eq!(day(0), "1970-01-01");
    }
}
