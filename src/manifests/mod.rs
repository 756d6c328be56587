//! What slicegate says to a cluster about itself: objects to apply, made from what the engine decides by.

mod secret;
mod webhook;

pub use secret::tls_secret;
pub use webhook::{Trust, mutating_webhook, validating_webhook};

/// Where the API server finds slicegate.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// The namespace slicegate runs in.
    pub namespace: &'a str,
    /// The Service's name.
    pub name: &'a str,
}

impl Default for Service<'_> {
    fn default() -> Self {
        Self {
            namespace: NAMESPACE,
            name: "slicegate",
        }
    }
}

impl Service<'_> {
    /// Every name by which the Service is called inside its cluster.
    pub fn dns_names(&self) -> Vec<String> {
        let Self { namespace, name } = self;
        vec![
            (*name).to_owned(),
            format!("{name}.{namespace}"),
            format!("{name}.{namespace}.svc"),
            format!("{name}.{namespace}.svc.cluster.local"),
        ]
    }
}

/// The namespace slicegate runs in unless told otherwise.
pub const NAMESPACE: &str = "slicegate-system";
/// The Secret the Deployment mounts.
pub const TLS_SECRET: &str = "slicegate-tls";
