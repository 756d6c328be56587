//! A small HTTPS server for the webhooks of others: it answers every POST with what a function makes of its body.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificates::Identity;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What an answer is made with.
pub type Answer = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// A running server, which ends when it is dropped.
pub struct Https {
    /// On the loopback address.
    pub port: u16,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Https {
    /// Starts one.
    pub fn serve(who: &Identity, answer: Arc<Answer>) -> Self {
        let certificate =
            CertificateDer::from_pem_slice(who.pem.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(who.key.as_bytes()).expect("a key");
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a server's configuration");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let ends = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let ends = Arc::clone(&ends);
            move || accept(listener, Arc::new(tls), &answer, &ends)
        });
        Self {
            port,
            ends,
            thread: Some(thread),
        }
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // One more connection, so that it looks.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: TcpListener, tls: Arc<ServerConfig>, answer: &Arc<Answer>, ends: &AtomicBool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a listener");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let acceptor = TlsAcceptor::from(tls);
        while let Ok((stream, _)) = listener.accept().await {
            if ends.load(Ordering::SeqCst) {
                break;
            }
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(answer));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(|request| reply(request, Arc::clone(&answer)));
                let connection = http1::Builder::new();
                let _ = connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
}

async fn reply(
    request: Request<Incoming>,
    answer: Arc<Answer>,
) -> Result<Response<Full<Bytes>>, Failure> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(answer(&body))))?)
}
