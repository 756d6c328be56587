//! Certificates of one's own, for clusters without cert-manager and for tries on one machine.

mod authority;

use std::net::IpAddr;

use rcgen::{CertificateParams, DistinguishedName, DnType, SanType};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

pub use authority::{Authority, AuthorityError, Leaf, Trusted};

/// How far clocks may be apart before a new certificate is taken for one of the future.
const SKEW: Duration = Duration::hours(1);

/// A server's certificate and key, and the certificate of the authority that signed it, as PEM.
///
/// The authority's own key is gone: nobody can ever sign another certificate with it.
pub struct Generated {
    /// What a client trusts: `ca.crt`, and `caBundle` of a webhook.
    pub ca_pem: String,
    /// What the server shows: `tls.crt`.
    pub cert_pem: String,
    /// The server's private key, PKCS #8: `tls.key`.
    pub key_pem: String,
}

/// The key is for a file or a Secret, never for a log.
impl std::fmt::Debug for Generated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generated")
            .field("ca_pem", &self.ca_pem)
            .field("cert_pem", &self.cert_pem)
            .finish_non_exhaustive()
    }
}

/// Why no certificate could be made.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A certificate for nobody.
    #[error("a certificate needs at least one name or address")]
    NoName,
    /// A name that no certificate can hold.
    #[error("{0} is no DNS name")]
    Name(String),
    /// A calendar has an end.
    #[error("a certificate cannot be valid for {0} days")]
    Validity(u32),
    /// The library's own reason.
    #[error("the certificate could not be made: {0}")]
    Library(#[from] rcgen::Error),
}

/// Makes an authority, and a certificate by it for those names and addresses; both are valid for as long.
///
/// # Errors
/// When a name is no DNS name, when there is none at all, or when the days lead past the year 9999.
pub fn generate(
    dns_names: &[String],
    ips: &[IpAddr],
    valid_for_days: u32,
) -> Result<Generated, CertificateError> {
    let (not_before, not_after) = validity(valid_for_days)?;
    let authority = Authority::generate(not_before, not_after)?;
    let leaf = authority.sign((dns_names, ips), not_before, not_after)?;
    Ok(Generated {
        ca_pem: authority.certificate().pem(),
        cert_pem: authority::pem("CERTIFICATE", &leaf.certificate),
        key_pem: authority::pem("PRIVATE KEY", leaf.key.secret_der()),
    })
}

fn alternative_names(
    dns_names: &[String],
    ips: &[IpAddr],
) -> Result<Vec<SanType>, CertificateError> {
    let mut names = Vec::with_capacity(dns_names.len() + ips.len());
    for name in dns_names {
        let unusable = || CertificateError::Name(name.clone());
        if !is_dns_name(name) {
            return Err(unusable());
        }
        let text = name.as_str().try_into().map_err(|_| unusable())?;
        names.push(SanType::DnsName(text));
    }
    names.extend(ips.iter().copied().map(SanType::IpAddress));
    match names.is_empty() {
        true => Err(CertificateError::NoName),
        false => Ok(names),
    }
}

/// Labels of letters, digits and inner hyphens; the first may be `*`.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name
            .strip_prefix("*.")
            .unwrap_or(name)
            .split('.')
            .all(is_label)
}

fn validity(days: u32) -> Result<(OffsetDateTime, OffsetDateTime), CertificateError> {
    let now = OffsetDateTime::now_utc();
    let end = now
        .checked_add(Duration::days(i64::from(days)))
        .filter(|_| days > 0);
    match (now.checked_sub(SKEW), end) {
        (Some(start), Some(end)) => Ok((start, end)),
        _ => Err(CertificateError::Validity(days)),
    }
}

fn params(name: &str, not_before: OffsetDateTime, not_after: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = not_before;
    params.not_after = not_after;
    params
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_rustls::rustls;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::{CertificateError, Generated, generate};

    fn made() -> Generated {
        let names = ["localhost".to_owned(), "slicegate.apps.svc".to_owned()];
        generate(&names, &["127.0.0.1".parse().unwrap()], 30).unwrap()
    }

    /// Whether a client that trusts the authority and calls the server by that name completes the handshake.
    fn handshake(made: &Generated, name: &'static str) -> bool {
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
        let mixed = Generated {
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
    fn what_no_certificate_can_say_is_refused() {
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
