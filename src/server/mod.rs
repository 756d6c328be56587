//! The webhook server: sockets, TLS, files that change, metrics and logs around [`crate::admission`].

mod admin;
mod capacity;
mod certificate;
mod clients;
mod controllers;
mod events;
mod listener;
mod log;
mod metrics;
mod reload;
mod renewal;
mod routes;
mod shared;
mod sources;
mod watched;
mod world;

use std::net::{self, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::engine::ExcludedNamespaces;
use admin::Admin;
use clients::{Clients, one_thread};
pub use controllers::ControllerSettings;
use controllers::Controllers;
use events::Notes;
use listener::Acceptor;
use metrics::Metrics;
use renewal::ServerCertificate;
use shared::Shared;
use sources::Sources;

use crate::cluster::{Access, Cluster, ClusterError, ObjectEvent};
use crate::config::policy::PolicyErrors;

pub use log::{LogFormat, start as start_logging};

/// How long after SIGTERM new connections are still served: endpoints and proxies learn late that a pod goes.
const NOTICE: Duration = Duration::from_secs(3);

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
    /// The SharingPolicy; without it the cluster's, and without a cluster the built-in one.
    pub policy: Option<PathBuf>,
    /// What `kubectl get nodes -o yaml|json` printed; without it they are watched.
    pub nodes: Option<PathBuf>,
    /// What `kubectl get namespaces -o yaml|json` printed; without it they are watched.
    pub namespaces: Option<PathBuf>,
    /// The namespaces that are never asked about.
    pub excluded_namespaces: ExcludedNamespaces,
    /// The cluster, where anything is watched.
    pub cluster: Option<ClusterSource>,
    /// Which controllers run.
    pub controllers: ControllerSettings,
}

/// How the cluster is reached.
#[derive(Debug)]
pub struct ClusterSource {
    /// By this kubeconfig; without one by `$KUBECONFIG` or `~/.kube/config`, and else as a pod of the cluster.
    pub kubeconfig: Option<PathBuf>,
}

/// Where the server's certificate comes from.
#[derive(Debug)]
pub enum CertificateSource {
    /// Files.
    Files(FileSource),
    /// An authority of slicegate's own, in the Secret of that name in its namespace. Both webhook configurations are
    /// told to trust it.
    Secret(String),
}

/// A certificate in files.
#[derive(Debug)]
pub enum FileSource {
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

/// Why a server cannot start, or had to stop. Files that go bad later only leave what was good before in force.
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
    /// Nothing says where the cluster is.
    #[error("{0}; or give --nodes FILE and --namespaces FILE to run without a cluster")]
    Cluster(ClusterError),
    /// The built-in policy is broken, which a test rules out.
    #[error("the built-in policy cannot be read: {0}")]
    BuiltIn(#[from] PolicyErrors),
    /// Something is to be kept in a cluster, and there is none.
    #[error("{0} needs a cluster; add --kubeconfig FILE, or leave out --nodes or --namespaces")]
    Alone(&'static str),
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] certificate::TlsError),
    /// Something that never ends by itself did.
    #[error("a part of slicegate ended by itself; its log says which")]
    Ended,
    /// The system gives no threads or signals.
    #[error("cannot run: {0}")]
    System(#[from] std::io::Error),
}

/// Its words are in the message already, so it is no source that would be told behind it.
impl From<ClusterError> for StartError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

/// Serves until SIGTERM or SIGINT, and then until everything that was asked is answered.
///
/// # Errors
/// See [`StartError`].
pub fn run(settings: Settings) -> Result<(), StartError> {
    // Whatever has to be in time whoever asks what: the second port, the lease, the watches. Clients have a thread of
    // their own, one, because a decision takes microseconds and to share them out costs half as much again.
    one_thread()?.block_on(async {
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
        bound.serve(stop).await
    })
}

/// How to stop.
struct Stop {
    notice: Duration,
}

/// Every file was read and both ports are taken; nothing is answered yet.
struct Bound {
    shared: Arc<Shared>,
    certificate: ServerCertificate,
    world: Sources,
    controllers: ControllerSettings,
    excluded_namespaces: ExcludedNamespaces,
    notes: mpsc::Receiver<ObjectEvent>,
    webhook: net::TcpListener,
    admin: TcpListener,
}

impl Bound {
    async fn new(settings: Settings) -> Result<Self, StartError> {
        let cluster = match &settings.cluster {
            Some(source) => {
                let access = Access {
                    kubeconfig: source.kubeconfig.as_deref(),
                    ..Access::default()
                };
                Some(Cluster::connect(access).await?)
            }
            None => settings.controllers.without_cluster()?,
        };
        let (notes, left) = Notes::new();
        let notes = settings.controllers.events.then_some(notes);
        let shared = Arc::new(Shared::new(Metrics::new(), cluster, notes));
        let world = Sources::open(&settings)?;
        let (source, client_ca) = (settings.certificate, settings.client_ca);
        let namespace = &settings.controllers.namespace;
        let certificate = ServerCertificate::open(source, client_ca, namespace, &shared)?;
        info!(
            version = env!("CARGO_PKG_VERSION"),
            cluster = shared.cluster.as_ref().map_or("none", Cluster::address),
            "starting"
        );
        Ok(Self {
            // It goes to the thread of the clients.
            webhook: listen("--listen", settings.listen).await?.into_std()?,
            admin: listen("--admin-listen", settings.admin_listen).await?,
            shared,
            certificate,
            world,
            controllers: settings.controllers,
            excluded_namespaces: settings.excluded_namespaces,
            notes: left,
        })
    }

    async fn serve(self, stop: impl Future<Output = Stop>) -> Result<(), StartError> {
        let shared = self.shared;
        let mut tasks = JoinSet::new();
        let admin_closing = CancellationToken::new();
        let admin = tokio::spawn(listener::accept(
            self.admin,
            admin::PORT,
            Acceptor::Plain,
            Admin::new(Arc::clone(&shared)),
            admin_closing.clone(),
            TaskTracker::new(),
        ));
        let controllers = Controllers::new(&shared, self.controllers, self.excluded_namespaces);
        self.world.start(&shared, &controllers, &mut tasks).await;
        controllers.start(&shared, self.notes, &mut tasks);
        self.certificate.start(&shared, &mut tasks);
        let clients = Clients::start(&shared, self.webhook)?;
        let mut is_whole = true;
        let stop = async {
            tokio::select! {
                stop = stop => stop,
                // Without it something in here grows old without a word: another process is better.
                ended = tasks.join_next() => {
                    error!(?ended, "a part of slicegate ended by itself, which is a fault in it; stopping");
                    is_whole = false;
                    Stop { notice: NOTICE }
                }
            }
        };
        is_whole &= clients.serve(&shared, stop).await;
        tasks.shutdown().await;
        controllers.end().await;
        admin_closing.cancel();
        let _ = admin.await;
        match is_whole {
            true => Ok(()),
            false => Err(StartError::Ended),
        }
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
