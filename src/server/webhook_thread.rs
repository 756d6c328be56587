//! The thread that answers the webhook's clients, apart from everything that may not wait for their requests.

use std::io;
use std::net;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::connection::IdleTimeouts;
use super::listener::{self, Acceptor, Handshakes, Port};
use super::routes::WebhookHandler;
use super::shared::Shared;

/// How long pending requests may take at the end.
const DRAIN: Duration = Duration::from_secs(15);
/// How often the thread records its heartbeat and looks for slow readers.
const PERIOD: Duration = Duration::from_secs(1);

/// An API server's client keeps at most 25 idle connections (`MaxIdleConnsPerHost`), and closes them after 90 s. It has
/// to be the first of the two sides to do so, because it does not repeat a POST on a connection that the other side has
/// just closed. No request takes as long. A client connects to send a request at once.
const WEBHOOK_PORT: Port = Port {
    connections: 512,
    idle: IdleTimeouts {
        first: Duration::from_secs(10),
        next: Duration::from_secs(120),
    },
    keeps_alive: true,
};

/// The thread that answers the webhook's clients.
pub(super) struct WebhookThread {
    /// Cancelled to accept connections.
    open: CancellationToken,
    /// Cancelled to stop.
    closing: CancellationToken,
    ended: oneshot::Receiver<()>,
}

impl WebhookThread {
    /// Starts the thread. It accepts no connection yet.
    pub(super) fn start(shared: &Arc<Shared>, webhook: net::TcpListener) -> io::Result<Self> {
        let (open, closing) = (CancellationToken::new(), CancellationToken::new());
        let (end, ended) = oneshot::channel();
        let runtime = one_thread()?;
        let answering = answer(Arc::clone(shared), webhook, open.clone(), closing.clone());
        thread::Builder::new()
            .name("clients".to_owned())
            .spawn(move || match runtime.block_on(answering) {
                Ok(()) => end.send(()),
                Err(problem) => {
                    error!(%problem, "the webhook's port cannot be served");
                    Err(())
                }
            })?;
        Ok(Self {
            open,
            closing,
            ended,
        })
    }

    /// Accepts connections once the cluster's state and the certificate are known. Returns only after a fault.
    pub(super) async fn serve(&mut self, shared: &Shared) {
        shared.arrived().await;
        self.open.cancel();
        shared.set_ready();
        let ended = (&mut self.ended).await;
        error!(
            ?ended,
            "the thread of the webhook ended, which is a fault in slicegate; stopping"
        );
    }

    /// Waits until every request is answered. Returns whether the thread ended without a fault.
    pub(super) async fn close(self) -> bool {
        self.closing.cancel();
        self.ended.await.is_ok()
    }
}

async fn answer(
    shared: Arc<Shared>,
    webhook: net::TcpListener,
    open: CancellationToken,
    closing: CancellationToken,
) -> io::Result<()> {
    let webhook = TcpListener::from_std(webhook)?;
    tokio::spawn(look_after(Arc::clone(&shared)));
    open.cancelled().await;
    let connections = TaskTracker::new();
    let handler = WebhookHandler::new(Arc::clone(&shared));
    let acceptor = Acceptor::Tls(Arc::new(Handshakes::new(shared)));
    let tracked = connections.clone();
    listener::accept(webhook, WEBHOOK_PORT, acceptor, handler, closing, tracked).await;
    connections.close();
    match tokio::time::timeout(DRAIN, connections.wait()).await {
        Ok(()) => info!("every request was answered; done"),
        Err(_) => warn!(
            connections = connections.len(),
            "connections were still open after {} s; done",
            DRAIN.as_secs()
        ),
    }
    Ok(())
}

async fn look_after(shared: Arc<Shared>) {
    let mut period = tokio::time::interval(PERIOD);
    loop {
        period.tick().await;
        shared.webhook_thread.record();
        shared.capacity.close_slow_readers();
        if shared.capacity.large_data_is_gone() {
            // mimalloc returns memory to the system when a thread ends, as far as it has been free for a second. This
            // thread ends a period later (version 3, `mi_theap_collect_ex`). Without it an idle server keeps it all.
            tokio::task::spawn_blocking(|| ());
        }
    }
}

/// A runtime of one thread, beside those for blocking tasks.
pub(super) fn one_thread() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(PERIOD)
        .build()
}
