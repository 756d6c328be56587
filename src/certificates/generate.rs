//! A certificate by an authority whose key is thrown away, for clusters without cert-manager and for one machine.

use std::net::IpAddr;

use time::{Duration, OffsetDateTime};

use super::authority::Authority;
use super::ca_certificate::pem;
use super::parameters::CertificateError;

/// How far clocks may differ: certificates begin so much earlier.
const SKEW: Duration = Duration::hours(1);

/// A server's certificate and key, and its authority's certificate, as PEM.
///
/// The authority's key is gone, so that nobody can sign another certificate with it.
pub struct GeneratedCertificate {
    /// The authority: `ca.crt`, and `caBundle` of a webhook.
    pub ca_pem: String,
    /// The server's certificate: `tls.crt`.
    pub cert_pem: String,
    /// The server's private key, PKCS #8: `tls.key`.
    pub key_pem: String,
}

/// Omits the key.
impl std::fmt::Debug for GeneratedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeneratedCertificate")
            .field("ca_pem", &self.ca_pem)
            .field("cert_pem", &self.cert_pem)
            .finish_non_exhaustive()
    }
}

/// Generates an authority, and a certificate by it for names and addresses. Both expire together.
///
/// # Errors
/// When a name is not a DNS name, without any name and address, for zero days, or for days past the year 9999.
pub fn generate(
    dns_names: &[String],
    ips: &[IpAddr],
    valid_for_days: u32,
) -> Result<GeneratedCertificate, CertificateError> {
    let (not_before, not_after) = validity(valid_for_days)?;
    let authority = Authority::generate(not_before, not_after)?;
    let serving = authority.sign((dns_names, ips), not_before, not_after)?;
    Ok(GeneratedCertificate {
        ca_pem: authority.certificate().pem(),
        cert_pem: pem("CERTIFICATE", &serving.certificate),
        key_pem: pem("PRIVATE KEY", serving.key.secret_der()),
    })
}

fn validity(days: u32) -> Result<(OffsetDateTime, OffsetDateTime), CertificateError> {
    let now = OffsetDateTime::now_utc();
    let end = now.checked_add(Duration::days(days.into()));
    let end = end.filter(|_| days > 0);
    end.map(|end| (now.saturating_sub(SKEW), end))
        .ok_or(CertificateError::Validity(days))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_rustls::rustls;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::{CertificateError, GeneratedCertificate, generate};

    fn made() -> GeneratedCertificate {
        let names = ["localhost".to_owned(), "slicegate.apps.svc".to_owned()];
        generate(&names, &["127.0.0.1".parse().unwrap()], 30).unwrap()
    }

    /// Whether the handshake succeeds for a client that trusts the authority and uses that name.
    fn handshake(made: &GeneratedCertificate, name: &'static str) -> bool {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = vec![CertificateDer::from_pem_slice(made.cert_pem.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(made.key_pem.as_bytes()).unwrap();
        let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let mut roots = rustls::RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(made.ca_pem.as_bytes()).unwrap();
        roots.add(ca).unwrap();
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name).unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
        let mut server = rustls::ServerConnection::new(Arc::new(server)).unwrap();
        for _ in 0..8 {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            while client.wants_write() {
                client.write_tls(&mut up).unwrap();
            }
            let mut up = up.as_slice();
            while !up.is_empty() {
                server.read_tls(&mut up).unwrap();
                if server.process_new_packets().is_err() {
                    return false;
                }
            }
            while server.wants_write() {
                server.write_tls(&mut down).unwrap();
            }
            let mut down = down.as_slice();
            while !down.is_empty() {
                client.read_tls(&mut down).unwrap();
                if client.process_new_packets().is_err() {
                    return false;
                }
            }
        }
        !client.is_handshaking() && !server.is_handshaking()
    }

    #[test]
    fn a_client_that_trusts_the_authority_reaches_the_server_by_its_names_and_no_other() {
        let made = made();
        assert!(handshake(&made, "localhost"));
        assert!(handshake(&made, "slicegate.apps.svc"));
        assert!(handshake(&made, "127.0.0.1"));
        assert!(!handshake(&made, "slicegate.other.svc"));
    }

    #[test]
    fn another_authority_is_not_trusted() {
        let (one, other) = (made(), made());
        let mixed = GeneratedCertificate {
            ca_pem: other.ca_pem,
            ..one
        };
        assert!(!handshake(&mixed, "localhost"));
    }

    #[test]
    fn both_certificates_end_on_the_same_day_and_only_one_signs() {
        let made = made();
        let ca = CertificateDer::from_pem_slice(made.ca_pem.as_bytes()).unwrap();
        let leaf = CertificateDer::from_pem_slice(made.cert_pem.as_bytes()).unwrap();
        let (_, ca) = X509Certificate::from_der(&ca).unwrap();
        let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
        assert_eq!(ca.validity().not_after, leaf.validity().not_after);
        assert!(ca.is_ca() && !leaf.is_ca());
        let left = leaf.validity().time_to_expiration().unwrap();
        assert_eq!((left.whole_hours() + 1) / 24, 30);
        let usage = leaf.extended_key_usage().unwrap().unwrap();
        assert!(usage.value.server_auth && !usage.value.client_auth);
        let usage = ca.key_usage().unwrap().unwrap();
        assert!(usage.value.key_cert_sign() && !usage.value.digital_signature());
    }

    #[test]
    fn the_key_never_shows_in_debug_output() {
        let made = made();
        let shown = format!("{made:?}");
        assert!(!shown.contains("PRIVATE"), "{shown}");
        assert!(made.key_pem.contains("BEGIN PRIVATE KEY"));
    }

    #[test]
    fn wrong_names_and_days_are_refused() {
        let name = |text: &str| generate(&[text.to_owned()], &[], 1);
        for text in ["", "a b", "-a", "a..b", "ä.example", "a_b"] {
            assert!(
                matches!(name(text), Err(CertificateError::Name(_))),
                "{text:?}"
            );
        }
        assert!(name("*.example").is_ok());
        assert!(matches!(
            generate(&[], &[], 1),
            Err(CertificateError::NoName)
        ));
        let names = ["a".to_owned()];
        for days in [0, u32::MAX] {
            assert!(
                matches!(generate(&names, &[], days), Err(CertificateError::Validity(d)) if d == days)
            );
        }
    }
}
