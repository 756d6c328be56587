//! The parameters of every generated certificate: name, validity, and subject alternative names.

use std::net::IpAddr;

use rcgen::{CertificateParams, DistinguishedName, DnType, SanType};
use thiserror::Error;
use time::OffsetDateTime;

/// Why a certificate could not be generated.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// Neither name nor address.
    #[error("a certificate needs at least one name or address")]
    NoName,
    /// Not a DNS name.
    #[error("{0} is no DNS name")]
    Name(String),
    /// Zero days, or an end after the year 9999.
    #[error("a certificate cannot be valid for {0} days")]
    Validity(u32),
    /// The library's error.
    #[error("the certificate could not be made: {0}")]
    Library(#[from] rcgen::Error),
}

pub(super) fn params(
    name: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = not_before;
    params.not_after = not_after;
    params
}

/// The subject alternative names of a serving certificate.
pub(super) fn alternative_names(
    dns_names: &[String],
    ips: &[IpAddr],
) -> Result<Vec<SanType>, CertificateError> {
    if dns_names.is_empty() && ips.is_empty() {
        return Err(CertificateError::NoName);
    }
    let dns_name = |name: &String| {
        let text = name.as_str().try_into().ok().filter(|_| is_dns_name(name));
        let name = text.ok_or_else(|| CertificateError::Name(name.clone()));
        name.map(SanType::DnsName)
    };
    let ips = ips.iter().map(|ip| Ok(SanType::IpAddress(*ip)));
    dns_names.iter().map(dns_name).chain(ips).collect()
}

/// Labels of letters, digits and inner hyphens; the first may be `*`.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let is_inner_only = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && is_inner_only
    };
    let labels = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && labels.split('.').all(is_label)
}
