//! The webhook server: sockets, TLS, files that change, metrics and logs around [`crate::admission`].

mod admin;
mod capacity;
mod certificate;
mod listener;
mod log;
mod metrics;
mod reload;
mod routes;
mod shared;
mod watched;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::engine::NeverMatched;
use certificate::CertificateFiles;
use listener::Acceptor;
use metrics::Metrics;
use shared::Shared;
use world::WorldFiles;

pub use log::{LogFormat, start as start_logging};

/// How long after SIGTERM new connections are still served: endpoints and proxies learn late that a pod goes.
const NOTICE: Duration = Duration::from_secs(3);
/// How long requests that are being answered may take to end.
const DRAIN: Duration = Duration::from_secs(15);

/// What a server is started with.
#[derive(Debug)]
pub struct Settings {
    /// Where the API server reaches it, by TLS.
    pub listen: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are, without TLS.
    pub admin_listen: SocketAddr,
    /// The server's certificate.
    pub certificate: CertificateSource,
    /// Clients have to show a certificate by one of these authorities.
    pub client_ca: Option<PathBuf>,
    /// The SharingPolicy; without it the built-in one.
    pub policy: Option<PathBuf>,
    /// What `kubectl get nodes -o yaml|json` printed.
    pub nodes: PathBuf,
    /// What `kubectl get namespaces -o yaml|json` printed.
    pub namespaces: PathBuf,
    /// The namespaces that are never asked about.
    pub never_matched: NeverMatched,
}

/// Where the server's certificate comes from.
#[derive(Debug)]
pub enum CertificateSource {
    /// Two PEM files that somebody else keeps current.
    Files {
        /// The certificate, and those between it and the authority.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// A folder in which `ca.crt`, `tls.crt` and `tls.key` are made if they are not there.
    Generated(PathBuf),
}

/// Why a server cannot start. Files that go bad later only leave what was good before in force.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("{flag}: cannot listen on {address}: {problem}")]
    Listen {
        /// The flag.
        flag: &'static str,
        /// Its value.
        address: SocketAddr,
        /// What the system says.
        problem: std::io::Error,
    },
    /// Policy, nodes or namespaces cannot be used.
    #[error(transparent)]
    World(#[from] world::WorldError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] certificate::TlsError),
    /// The system gives no threads or signals.
    #[error("cannot run: {0}")]
    System(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT, and then until everything that was asked is answered.
///
/// # Errors
/// See [`StartError`].
pub fn run(settings: Settings) -> Result<(), StartError> {
    // One thread: a decision takes microseconds, and two threads cost half as much again for each of them.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bound = Bound::new(settings).await?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {
                    info!("SIGTERM: not ready any more, serving {} s longer", NOTICE.as_secs());
                    // A second signal, of either kind, ends the notice.
                    Stop { notice: NOTICE }
                }
                _ = interrupt.recv() => Stop { notice: Duration::ZERO },
            }
        };
        bound.serve(stop).await;
        Ok(())
    })
}

/// How to stop.
struct Stop {
    notice: Duration,
}

/// Everything is loaded and both ports are taken; nothing is answered yet.
struct Bound {
    shared: Arc<Shared>,
    certificate: CertificateFiles,
    world: WorldFiles,
    webhook: TcpListener,
    admin: TcpListener,
}

impl Bound {
    async fn new(settings: Settings) -> Result<Self, StartError> {
        let metrics = Metrics::new();
        let (world_files, world) = WorldFiles::open(
            settings.policy,
            settings.nodes,
            settings.namespaces,
            settings.never_matched,
        )?;
        metrics.world(&world);
        let (certificate, tls) = CertificateFiles::open(settings.certificate, settings.client_ca)?;
        metrics.certificate(&tls);
        info!(
            version = env!("CARGO_PKG_VERSION"),
            policy = %world.policy.name,
            policy_hash = %world.policy.hash,
            mode = world.policy.mode.word(),
            gpu_nodes = world.supply.gpu_nodes(),
            certificate_not_after = tls.not_after,
            "starting"
        );
        let webhook = listen("--listen", settings.listen).await?;
        let admin = listen("--admin-listen", settings.admin_listen).await?;
        Ok(Self {
            shared: Arc::new(Shared::new(world, &tls, metrics)),
            certificate,
            world: world_files,
            webhook,
            admin,
        })
    }

    async fn serve(self, stop: impl Future<Output = Stop>) {
        let shared = self.shared;
        let closing = CancellationToken::new();
        let connections = TaskTracker::new();
        let webhook = listener::accept(
            self.webhook,
            Acceptor::Tls(Arc::clone(&shared)),
            routes::router(Arc::clone(&shared)),
            closing.clone(),
            connections.clone(),
        );
        let admin_closing = CancellationToken::new();
        let admin = listener::accept(
            self.admin,
            Acceptor::Plain,
            admin::router(Arc::clone(&shared)),
            admin_closing.clone(),
            TaskTracker::new(),
        );
        let webhook = tokio::spawn(webhook);
        let admin = tokio::spawn(admin);
        let reload = tokio::spawn(reload::forever(
            Arc::clone(&shared),
            self.certificate,
            self.world,
        ));
        shared.set_ready();
        let Stop { notice } = stop.await;
        shared.set_draining();
        notice_or_signal(notice).await;
        closing.cancel();
        reload.abort();
        let _ = webhook.await;
        connections.close();
        match tokio::time::timeout(DRAIN, connections.wait()).await {
            Ok(()) => info!("every request was answered; done"),
            Err(_) => warn!(
                connections = connections.len(),
                "connections were still open after {} s; done",
                DRAIN.as_secs()
            ),
        }
        admin_closing.cancel();
        let _ = admin.await;
    }
}

/// Waits out the notice, unless somebody signals again.
async fn notice_or_signal(notice: Duration) {
    let again = async {
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        () = again => {}
    }
}

async fn listen(flag: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |problem| StartError::Listen {
        flag,
        address,
        problem,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    info!(%address, "listening ({flag})");
    Ok(listener)
}
