//! slicegate's own authority, kept in a Secret, and what API servers are told to trust.
//!
//! Every replica signs its own certificate in memory, by the authority in the Secret. No replica leads: whoever is first
//! makes the next authority, and the others use it. There is no state but the Secret and the webhook configurations.

mod bundle;
mod content;
mod keeper;
mod lives;
mod plan;
mod registration;
mod rounds;
mod secret;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::cluster::Cluster;
use crate::manifests::Service;

pub use lives::Lives;

/// What a server shows: its certificate and the key to it.
pub struct ServerIdentity {
    /// Its own certificate; the authority's is what clients have.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key, which is nowhere but in memory.
    pub key: PrivateKeyDer<'static>,
    /// When the certificate ends, in seconds since 1970.
    pub not_after: i64,
}

/// Without the key.
impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Whose certificate is kept, and where its authority is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespace of the Secret.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// What the server is called.
    pub dns_names: Vec<String>,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
    /// How long everything lasts.
    pub lives: Lives,
}

impl Settings {
    /// For a Service, whose Secret is in its namespace; the server may be called on its own machine too.
    pub fn of(service: Service<'_>, secret: &str) -> Self {
        let mut dns_names = service.dns_names();
        dns_names.push("localhost".to_owned());
        Self {
            namespace: service.namespace.to_owned(),
            secret: secret.to_owned(),
            dns_names,
            ips: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            lives: Lives::default(),
        }
    }
}

/// Keeps a certificate that API servers trust: what to show, as it changes, and the work, which never ends by itself.
///
/// There is nothing to show until the authority is in the Secret and in the caBundle of every webhook configuration
/// that is there. Failures are logged and tried again; what is shown stays.
pub fn keep(
    cluster: Cluster,
    settings: Settings,
) -> (
    watch::Receiver<Option<Arc<ServerIdentity>>>,
    impl Future<Output = ()> + Send + 'static,
) {
    let (sender, receiver) = watch::channel(None);
    (receiver, rounds::run(cluster, settings, sender))
}
