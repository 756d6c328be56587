//! The serving certificate, from files or from a Secret; an invalid one never replaces a valid one.

pub(super) mod error;
mod expiry;
mod generated;
mod pem;
mod renewal;
mod serving;

pub(super) use serving::ServerCertificate;
