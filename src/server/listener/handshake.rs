//! TLS handshakes, and the log of those that fail.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

use crate::server::shared::Shared;

/// A handshake takes one or two round trips.
const LONGEST: Duration = Duration::from_secs(10);
/// The pause between two warnings: an API server that does not trust the certificate comes again with every pod.
const PAUSE: Duration = Duration::from_secs(10);

/// TLS with the certificate in force.
pub struct Handshakes {
    shared: Arc<Shared>,
    last_warning: Mutex<Option<Instant>>,
    /// Failures without a warning since the last one.
    skipped: AtomicU64,
}

impl Handshakes {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            last_warning: Mutex::default(),
            skipped: AtomicU64::new(0),
        }
    }

    /// Makes a handshake; none if it fails. No connection is accepted before there is a certificate.
    pub async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.shared.tls()?);
        match timeout(LONGEST, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(problem)) => self.log(&problem),
            Err(_) => debug!("a TLS handshake took longer than {LONGEST:?}"),
        }
        None
    }

    fn log(&self, problem: &io::Error) {
        let Some(meaning) = meaning(problem) else {
            // Port scans and probes end here.
            return debug!(%problem, "a TLS handshake failed");
        };
        let last = self.last_warning.lock();
        let mut last = last.unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < PAUSE) {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *last = Some(Instant::now());
        let others = self.skipped.swap(0, Ordering::Relaxed);
        warn!(%problem, others, "a TLS handshake failed: {meaning}");
    }
}

/// What a failure means to an operator; nothing if the client just speaks no TLS.
fn meaning(problem: &io::Error) -> Option<&'static str> {
    let inner = problem.get_ref()?.downcast_ref::<rustls::Error>()?;
    match inner {
        rustls::Error::AlertReceived(_) => Some(
            "the client does not take our certificate; if it is the API server, caBundle of the webhooks is not \
             the authority of its certificate, or the certificate does not name the Service",
        ),
        rustls::Error::NoCertificatesPresented | rustls::Error::InvalidCertificate(_) => {
            Some("--tls-client-ca is set, and the client shows no certificate by that authority")
        }
        rustls::Error::PeerIncompatible(_) => {
            Some("the client speaks no TLS 1.2 or 1.3 that we have in common")
        }
        _ => None,
    }
}
