//! An authority with its key: generated, read from PEM, and signing serving certificates.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ca_certificate::{AuthorityError, CaCertificate, NAME};
use super::parameters::{CertificateError, alternative_names, params};

/// An authority with its key.
pub struct Authority {
    certificate: CaCertificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and its key.
#[derive(Debug)]
pub struct ServingCertificate {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When the library cannot generate it.
    pub fn generate(
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Self, CertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut ca = params(NAME, not_before, not_after);
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = CaCertificate::of(ca.self_signed(&key)?.der().clone());
        Ok(Self {
            certificate: certificate.map_err(|_| rcgen::Error::CouldNotParseCertificate)?,
            issuer: Issuer::new(ca, key),
        })
    }

    /// A stored authority.
    ///
    /// # Errors
    /// When the text is not a key, or the key of another certificate.
    pub fn read(certificate: CaCertificate, key_pem: &str) -> Result<Self, AuthorityError> {
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

    /// Its certificate, which clients trust.
    pub fn certificate(&self) -> &CaCertificate {
        &self.certificate
    }

    /// The key as PKCS #8, for a Secret. Never log it.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Signs a serving certificate for names and addresses. It is never valid for longer than the authority.
    ///
    /// # Errors
    /// When a name is not a DNS name, or without any name and address.
    pub fn sign(
        &self,
        (dns_names, ips): (&[String], &[IpAddr]),
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<ServingCertificate, CertificateError> {
        let begin = not_before.max(self.certificate.not_before());
        let end = not_after.min(self.certificate.not_after());
        let mut leaf = params("slicegate", begin, end);
        leaf.subject_alt_names = alternative_names(dns_names, ips)?;
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = leaf.signed_by(&key, &self.issuer)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(ServingCertificate { certificate, key })
    }
}

/// Omits the key.
impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Authority")
            .field(&self.certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::{Authority, AuthorityError, CaCertificate};
    use crate::certificates::ca_certificate::pem;

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
    fn a_stored_authority_signs_as_before() {
        let before = made();
        let certificate = CaCertificate::read(&before.certificate().pem()).unwrap();
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
    fn a_serving_certificate_is_never_valid_for_longer_than_its_authority() {
        for (asked, got) in [((5, 10), (5, 10)), ((-5, 2000), (0, 1000))] {
            let leaf = signed(&made(), asked.0, asked.1);
            let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
            let validity = leaf.validity();
            assert_eq!(validity.not_before.to_datetime(), at(got.0));
            assert_eq!(validity.not_after.to_datetime(), at(got.1));
        }
    }

    #[test]
    fn other_texts_than_an_authority_have_different_errors() {
        let (one, other) = (made(), made());
        let one_pem = one.certificate().pem();
        let leaf = pem("CERTIFICATE", &signed(&one, 1, 2));
        for (text, problem) in [
            ("", AuthorityError::Certificate),
            ("hello", AuthorityError::Certificate),
            (&one_pem[..200], AuthorityError::Certificate),
            (&leaf, AuthorityError::NoAuthority),
            (&one.key_pem(), AuthorityError::Certificate),
        ] {
            assert_eq!(CaCertificate::read(text), Err(problem), "{text:?}");
        }
        let read = |key: &str| Authority::read(one.certificate().clone(), key).map(|_| ());
        assert_eq!(read(&one.key_pem()), Ok(()));
        assert_eq!(read(&other.key_pem()), Err(AuthorityError::Pair));
        assert_eq!(read("hello"), Err(AuthorityError::Key));
        assert_eq!(read(&one_pem), Err(AuthorityError::Key));
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
