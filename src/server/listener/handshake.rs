//! TLS handshakes, and what is said about those that fail.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
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
/// An API server that does not trust the certificate comes again with every pod.
const QUIET: Duration = Duration::from_secs(10);

/// Greets a client with the certificate in force; none where that failed.
pub(super) async fn greet(stream: TcpStream, shared: &Shared) -> Option<TlsStream<TcpStream>> {
    // Nobody is let in before there is one.
    let acceptor = TlsAcceptor::from(shared.tls()?);
    match timeout(LONGEST, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(problem)) => {
            shared.complaints.about(&problem);
            None
        }
        Err(_) => {
            debug!("a TLS handshake took longer than {LONGEST:?}");
            None
        }
    }
}

/// What was said about handshakes, so that a lot of the same is not a lot of lines.
#[derive(Default)]
pub(in crate::server) struct Complaints {
    last: Mutex<Option<Instant>>,
    unsaid: AtomicU64,
}

impl Complaints {
    fn about(&self, problem: &io::Error) {
        let Some(why) = meaning(problem) else {
            // Port scans and probes end here.
            return debug!(%problem, "a TLS handshake failed");
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < QUIET) {
            self.unsaid.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *last = Some(Instant::now());
        let others = self.unsaid.swap(0, Ordering::Relaxed);
        warn!(%problem, others, "a TLS handshake failed: {why}");
    }
}

/// What an operator has to know of it, if it is not somebody who just does not speak TLS.
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
