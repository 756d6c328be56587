//! The objects of an installation: the webhook configurations, and the Secret with a certificate.

mod secret;
mod service;
mod webhook;

pub use secret::tls_secret;
pub use service::{NAMESPACE, Service, TLS_SECRET};
pub use webhook::{CaBundleSource, mutating_webhook, validating_webhook};
