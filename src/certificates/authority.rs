//! An authority that lives longer than the certificates it signs: made, read back from PEM, and signing.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateError, alternative_names, params};

/// What every authority made here is called.
const NAME: &str = "slicegate certificate authority";

/// The certificate of an authority: what clients trust.
#[derive(Clone, PartialEq, Eq)]
pub struct Trusted {
    der: CertificateDer<'static>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    is_own: bool,
}

/// An authority with its key.
pub struct Authority {
    certificate: Trusted,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and its key.
#[derive(Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// Why a text is no authority. None of them quotes the text, which may be a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// Something else than a certificate.
    #[error("is no PEM certificate")]
    Certificate,
    /// A certificate that signs nothing.
    #[error("is a certificate that may not sign others (basicConstraints CA:TRUE is needed)")]
    NoAuthority,
    /// Something else than a key.
    #[error("is no PEM private key of a kind that can sign (PKCS #8; ECDSA, RSA or Ed25519)")]
    Key,
    /// The key of something else.
    #[error("is the key of another certificate")]
    Pair,
}

impl Trusted {
    /// Reads one certificate.
    ///
    /// # Errors
    /// When it is none, or not that of an authority.
    pub fn read(pem: &str) -> Result<Self, AuthorityError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes());
        Self::of(der.map_err(|_| AuthorityError::Certificate)?)
    }

    /// Reads one as DER.
    ///
    /// # Errors
    /// When it is none, or not that of an authority.
    pub fn of(der: CertificateDer<'static>) -> Result<Self, AuthorityError> {
        let (_, read) = X509Certificate::from_der(&der).map_err(|_| AuthorityError::Certificate)?;
        if !read.is_ca() {
            return Err(AuthorityError::NoAuthority);
        }
        let (not_before, not_after) = (read.validity().not_before, read.validity().not_after);
        let is_own = {
            let mut names = read.subject().iter_common_name();
            names.any(|name| name.as_str() == Ok(NAME))
        };
        Ok(Self {
            not_before: not_before.to_datetime(),
            not_after: not_after.to_datetime(),
            is_own,
            der,
        })
    }

    /// As PEM, in the one way in which it is always written.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// From when on it is good.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// Until when it is good.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether it bears the name that authorities get here. Nothing but a name: nobody is believed for it.
    pub fn is_own(&self) -> bool {
        self.is_own
    }
}

/// When it ends; which one it is nobody could read.
impl std::fmt::Debug for Trusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            not_before,
            not_after,
            ..
        } = self;
        write!(f, "Trusted({not_before} to {not_after})")
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// When the library cannot make it.
    pub fn generate(
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Self, CertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut ca = params(NAME, not_before, not_after);
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let der = ca.self_signed(&key)?.der().clone();
        let certificate = Trusted::of(der).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self {
            certificate,
            issuer: Issuer::new(ca, key),
        })
    }

    /// One that was written down: its certificate as it was read, and its key.
    ///
    /// # Errors
    /// When the key is none, or another one's.
    pub fn read(certificate: Trusted, key_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key_pem).map_err(|_| AuthorityError::Key)?;
        let (_, read) =
            X509Certificate::from_der(&certificate.der).map_err(|_| AuthorityError::Certificate)?;
        if *read.public_key().subject_public_key.data != *key.public_key_raw() {
            return Err(AuthorityError::Pair);
        }
        let issuer = Issuer::from_ca_cert_der(&certificate.der, key);
        Ok(Self {
            issuer: issuer.map_err(|_| AuthorityError::Certificate)?,
            certificate,
        })
    }

    /// What clients trust.
    pub fn certificate(&self) -> &Trusted {
        &self.certificate
    }

    /// The key, PKCS #8. For a Secret, never for a log.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A server's certificate for those names and addresses. It is never good for longer than the authority.
    ///
    /// # Errors
    /// When a name is no DNS name, or when there is none at all.
    pub fn sign(
        &self,
        (dns_names, ips): (&[String], &[IpAddr]),
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Leaf, CertificateError> {
        let begin = not_before.max(self.certificate.not_before);
        let end = not_after.min(self.certificate.not_after);
        let mut leaf = params("slicegate", begin, end);
        leaf.subject_alt_names = alternative_names(dns_names, ips)?;
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = leaf.signed_by(&key, &self.issuer)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Leaf { certificate, key })
    }
}

/// Without the key.
impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Authority")
            .field(&self.certificate)
            .finish_non_exhaustive()
    }
}

/// DER as PEM.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII, so any place is between two characters.
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem + "-----END " + label + "-----\n"
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::{Authority, AuthorityError, Trusted};

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
    }

    fn made() -> Authority {
        Authority::generate(at(0), at(1000)).unwrap()
    }

    fn signed(authority: &Authority, begin: i64, end: i64) -> CertificateDer<'static> {
        let names = ["localhost".to_owned()];
        let leaf = authority.sign((&names, &[]), at(begin), at(end)).unwrap();
        leaf.certificate
    }

    #[test]
    fn an_authority_that_was_written_down_signs_as_before() {
        let before = made();
        let certificate = Trusted::read(&before.certificate().pem()).unwrap();
        assert_eq!(certificate, *before.certificate());
        assert!(certificate.is_own());
        let after = Authority::read(certificate, &before.key_pem()).unwrap();
        for authority in [&before, &after] {
            let leaf = signed(authority, 1, 2);
            let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
            let (_, ca) = X509Certificate::from_der(&before.certificate().der).unwrap();
            assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
            leaf.verify_signature(Some(ca.public_key())).unwrap();
        }
    }

    #[test]
    fn what_it_signs_is_never_good_for_longer_than_itself() {
        for (asked, got) in [((5, 10), (5, 10)), ((-5, 2000), (0, 1000))] {
            let leaf = signed(&made(), asked.0, asked.1);
            let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
            let validity = leaf.validity();
            assert_eq!(validity.not_before.to_datetime(), at(got.0));
            assert_eq!(validity.not_after.to_datetime(), at(got.1));
        }
    }

    #[test]
    fn what_is_no_authority_is_told_apart() {
        let (one, other) = (made(), made());
        let pem = one.certificate().pem();
        let leaf = super::pem("CERTIFICATE", &signed(&one, 1, 2));
        for (text, problem) in [
            ("", AuthorityError::Certificate),
            ("hello", AuthorityError::Certificate),
            (&pem[..200], AuthorityError::Certificate),
            (&leaf, AuthorityError::NoAuthority),
            (&one.key_pem(), AuthorityError::Certificate),
        ] {
            assert_eq!(Trusted::read(text), Err(problem), "{text:?}");
        }
        let read = |key: &str| Authority::read(one.certificate().clone(), key).map(|_| ());
        assert_eq!(read(&one.key_pem()), Ok(()));
        assert_eq!(read(&other.key_pem()), Err(AuthorityError::Pair));
        assert_eq!(read("hello"), Err(AuthorityError::Key));
        assert_eq!(read(&pem), Err(AuthorityError::Key));
    }

    #[test]
    fn no_key_shows_in_debug_output() {
        let authority = made();
        let names = ["localhost".to_owned()];
        let leaf = authority.sign((&names, &[]), at(0), at(9)).unwrap();
        let shown = format!("{authority:?} {leaf:?}");
        let bytes = format!("{:?}", leaf.key.secret_der());
        assert!(!shown.contains(&bytes[1..40]), "{shown}");
        assert!(!shown.contains("PRIVATE"), "{shown}");
    }
}
