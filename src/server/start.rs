//! Starts the parts of a server, and stops them after a signal.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use super::admin::{self, AdminHandler};
use super::certificate::ServerCertificate;
use super::channels::Channels;
use super::controllers::Controllers;
use super::error::StartError;
use super::events;
use super::listener::{self, Acceptor};
use super::settings::Settings;
use super::shared::Shared;
use super::signals::{NOTICE, Signals};
use super::sources::Sources;
use super::webhook_thread::{WebhookThread, one_thread};
use crate::cluster::{Access, Cluster};

/// Serves until SIGTERM or SIGINT, and then until every request is answered.
///
/// # Errors
/// See [`StartError`].
pub fn run(settings: Settings) -> Result<(), StartError> {
    // This thread has what may not wait for requests: the second port, the lease, the watches. Requests have one thread
    // of their own, because a decision takes microseconds, and sharing them out would cost half as much again.
    one_thread()?.block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), StartError> {
    let cluster = connect(&settings).await?;
    let (events, queued_events) = mpsc::channel(events::QUEUE);
    let events = settings.controllers.events.then_some(events);
    let shared = Arc::new(Shared::new(cluster, events));
    let sources = Sources::open(&settings)?;
    let mut tasks = JoinSet::new();
    let namespace = &settings.controllers.namespace;
    let (source, client_ca) = (settings.certificate, settings.client_ca);
    let certificate = ServerCertificate::open(source, client_ca, namespace, &shared, &mut tasks)?;
    info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster = shared.cluster.as_ref().map_or("none", Cluster::address),
        "starting"
    );
    // The webhook's listener moves to another thread.
    let webhook = listen("--listen", settings.listen).await?.into_std()?;
    let admin = listen("--admin-listen", settings.admin_listen).await?;
    let signals = Signals::new()?;

    let admin_closing = CancellationToken::new();
    let admin = tokio::spawn(listener::accept(
        admin,
        admin::PORT,
        Acceptor::Plain,
        AdminHandler(Arc::clone(&shared)),
        admin_closing.clone(),
        TaskTracker::new(),
    ));
    let controllers = Controllers {
        settings: settings.controllers,
        excluded_namespaces: settings.excluded_namespaces,
        cluster: shared.cluster.clone(),
        channels: Channels::default(),
    };
    sources.start(&shared, &controllers, &mut tasks).await;
    controllers.start(&shared, queued_events, &mut tasks);
    tasks.spawn(certificate.renew(Arc::clone(&shared)));
    let webhooks = WebhookThread::start(&shared, webhook)?;
    let has_fault = has_fault(&shared, webhooks, &mut tasks, signals).await;
    tasks.shutdown().await;
    controllers.end().await;
    admin_closing.cancel();
    let _ = admin.await;
    if has_fault {
        return Err(StartError::Ended);
    }
    Ok(())
}

/// Runs until a signal or a fault, and then until every request is answered. Returns whether there was a fault.
async fn has_fault(
    shared: &Shared,
    mut webhooks: WebhookThread,
    tasks: &mut JoinSet<()>,
    mut signals: Signals,
) -> bool {
    let (mut has_fault, mut has_thread) = (true, true);
    let notice = tokio::select! {
        notice = signals.notice() => {
            has_fault = false;
            notice
        }
        // Without the task, a part of the state would grow old without a word. A new process is better.
        ended = tasks.join_next() => {
            error!(?ended, "a part of slicegate ended by itself, which is a fault in it; stopping");
            NOTICE
        }
        () = webhooks.serve(shared) => {
            has_thread = false;
            NOTICE
        }
    };
    if !shared.is_ready() {
        info!("stopped before there was anything to judge by");
    } else if has_thread {
        shared.set_draining();
        signals.end_of(notice).await;
        has_fault |= !webhooks.close().await;
    }
    has_fault
}

/// Connects to the cluster, if one is configured. Some controllers need one.
async fn connect(settings: &Settings) -> Result<Option<Cluster>, StartError> {
    if let Some(source) = &settings.cluster {
        let access = Access {
            kubeconfig: source.kubeconfig.as_deref(),
            ..Access::default()
        };
        let cluster = Cluster::connect(access).await;
        return cluster.map(Some).map_err(StartError::Cluster);
    }
    let controllers = &settings.controllers;
    for (is_set, flag) in [
        (controllers.guard, "--keep-guard"),
        (controllers.records, "--keep-records"),
        (controllers.events, "--events"),
    ] {
        if is_set {
            return Err(StartError::NoCluster(flag));
        }
    }
    Ok(None)
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
