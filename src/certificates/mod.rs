//! Certificates of slicegate's own: authorities, and the serving certificates that they sign.

mod authority;
mod ca_certificate;
mod generate;
mod parameters;

pub use authority::{Authority, ServingCertificate};
pub use ca_certificate::{AuthorityError, CaCertificate};
pub use generate::{GeneratedCertificate, generate};
pub use parameters::CertificateError;
