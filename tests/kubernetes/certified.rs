//! A replica of slicegate as far as its certificate goes: it keeps one, and lets every object in under it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use slicegate::cluster::{Access, Cluster};
use slicegate::controllers::certificate::{Lifetimes, ServerIdentity, Settings, controller};
use slicegate::manifests::Service;
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

type Shown = watch::Receiver<Option<Arc<ServerIdentity>>>;

/// A running replica, which ends when it is dropped.
pub struct Replica {
    /// On the loopback address.
    pub port: u16,
    shown: Shown,
    asked: Arc<AtomicUsize>,
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Replica {
    /// Starts one that reaches the cluster by a kubeconfig.
    #[track_caller]
    pub fn start(kubeconfig: &Path, lifetimes: Lifetimes) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let access = Access {
            kubeconfig: Some(kubeconfig),
            ..Access::default()
        };
        let cluster = runtime.block_on(Cluster::connect(access));
        let settings = Settings {
            lifetimes,
            ..Settings::of(Service::default(), "slicegate-tls")
        };
        let (shown, keeping) = controller(cluster.expect("a way to the cluster"), settings);
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let serving = serve(listener, shown.clone(), Arc::clone(&asked));
        let (ends, ended) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = keeping => {}
                    () = serving => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            port,
            shown,
            asked,
            ends: Some(ends),
            thread: Some(thread),
        }
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// When the certificate that it shows ends.
    pub fn not_after(&self) -> Option<i64> {
        self.shown.borrow().as_ref().map(|shown| shown.not_after)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.ends.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shown: Shown, asked: Arc<AtomicUsize>) {
    listener.set_nonblocking(true).expect("a listener");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let Some(identity) = shown.borrow().clone() else {
            continue;
        };
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .expect("a server's configuration");
        let asked = Arc::clone(&asked);
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(tls));
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = service_fn(|request| allow(request, &asked));
            // Every call is a handshake of its own.
            let connection = http1::Builder::new()
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn allow(
    request: Request<Incoming>,
    asked: &AtomicUsize,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    asked.fetch_add(1, Ordering::SeqCst);
    let body = request.into_body().collect().await?.to_bytes();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": review["request"]["uid"], "allowed": true}});
    Ok(Response::new(Full::new(Bytes::from(answer.to_string()))))
}
