//! A serving certificate with its key, as the TLS server needs it.

use std::fmt;

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's certificate and its key.
pub struct ServerIdentity {
    /// The server's certificate. Clients have the authority's.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key. It exists only in memory.
    pub key: PrivateKeyDer<'static>,
    /// The certificate's end, in seconds since 1970.
    pub not_after: i64,
}

/// Omits the key.
impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}
