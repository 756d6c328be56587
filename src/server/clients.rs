//! The thread that answers the webhook's clients, apart from everything that has to be in time whoever asks what.

use std::io;
use std::net;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::listener::{self, Acceptor, Port, Silence};
use super::routes::Webhooks;
use super::shared::Shared;
use super::{NOTICE, Stop, notice_or_signal};

/// How long requests that are being answered may take to end.
const DRAIN: Duration = Duration::from_secs(15);
/// How often the webhook's thread looks after its clients, and says that it moves.
const ROUND: Duration = Duration::from_secs(1);

/// An API server's client keeps at most 25 idle connections (`MaxIdleConnsPerHost`), and closes them after 90 s. It has
/// to be the first of the two to do so, because it does not repeat a POST on a connection that was just closed by the
/// other side. No request takes as long. Who connects has something to ask.
const WEBHOOK_PORT: Port = Port {
    connections: 512,
    silence: Silence {
        first: Duration::from_secs(10),
        next: Duration::from_secs(120),
    },
    keeps_alive: true,
};

/// The thread that answers the webhook's clients.
pub(super) struct Clients {
    /// Told when it is to accept connections.
    open: CancellationToken,
    /// Told when it is to end.
    closing: CancellationToken,
    ended: oneshot::Receiver<()>,
}

impl Clients {
    /// Nothing is answered yet.
    pub(super) fn start(
        shared: &Arc<Shared>,
        webhook: net::TcpListener,
    ) -> Result<Self, io::Error> {
        let (open, closing) = (CancellationToken::new(), CancellationToken::new());
        let (end, ended) = oneshot::channel();
        let runtime = one_thread()?;
        let answering = answer(Arc::clone(shared), webhook, open.clone(), closing.clone());
        thread::Builder::new()
            .name("clients".to_owned())
            .spawn(move || {
                let answered = runtime.block_on(answering);
                if let Err(problem) = answered {
                    error!(%problem, "the webhook's port cannot be served");
                    return;
                }
                // Without it, it is seen that the thread is gone.
                let _ = end.send(());
            })?;
        Ok(Self {
            open,
            closing,
            ended,
        })
    }

    /// Answers from the moment everything is known until it is to stop, and then until everything that was asked is
    /// answered. Whether it went as it should.
    pub(super) async fn serve(mut self, shared: &Shared, stop: impl Future<Output = Stop>) -> bool {
        let mut stop = pin!(stop);
        let mut is_there = tokio::select! {
            () = shared.arrived() => true,
            _ = &mut stop => {
                info!("stopped before there was anything to judge by");
                return true;
            }
        };
        self.open.cancel();
        shared.set_ready();
        let stop = tokio::select! {
            stop = stop => stop,
            ended = &mut self.ended => {
                error!(?ended, "the thread of the webhook ended, which is a fault in slicegate; stopping");
                is_there = false;
                Stop { notice: NOTICE }
            }
        };
        shared.set_draining();
        if is_there {
            notice_or_signal(stop.notice).await;
            self.closing.cancel();
            is_there = self.ended.await.is_ok();
        }
        is_there
    }
}

/// Accepts once it is open, until it is to close, and then until everything that was asked is answered.
async fn answer(
    shared: Arc<Shared>,
    webhook: net::TcpListener,
    open: CancellationToken,
    closing: CancellationToken,
) -> Result<(), io::Error> {
    let webhook = TcpListener::from_std(webhook)?;
    tokio::spawn(look_after(Arc::clone(&shared)));
    open.cancelled().await;
    let connections = TaskTracker::new();
    let webhooks = Webhooks::new(Arc::clone(&shared));
    let acceptor = Acceptor::Tls(shared);
    let tracked = connections.clone();
    listener::accept(webhook, WEBHOOK_PORT, acceptor, webhooks, closing, tracked).await;
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

/// Never ends by itself.
async fn look_after(shared: Arc<Shared>) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        shared.moves();
        shared.capacity.end_who_does_not_read();
        if shared.capacity.nothing_large_is_left() {
            // mimalloc gives memory back to the system when a thread ends, what has been free for a second, and this one
            // ends a round later (version 3, `mi_theap_collect_ex`). Without it a quiet server keeps all of it.
            tokio::task::spawn_blocking(|| ());
        }
    }
}

/// Everything on the thread that runs it, but for what is handed to another for a while.
pub(super) fn one_thread() -> Result<Runtime, io::Error> {
    Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(ROUND)
        .build()
}
