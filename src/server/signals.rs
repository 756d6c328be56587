//! SIGTERM and SIGINT.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use tracing::info;

/// How long the server accepts connections after SIGTERM: endpoints and proxies learn late that a pod ends.
pub(super) const NOTICE: Duration = Duration::from_secs(3);

pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal. Returns how long connections are accepted after it.
    pub(super) async fn notice(&mut self) -> Duration {
        tokio::select! {
            _ = self.terminate.recv() => {
                info!("SIGTERM: not ready any more, serving {} s longer", NOTICE.as_secs());
                NOTICE
            }
            _ = self.interrupt.recv() => Duration::ZERO,
        }
    }

    /// Waits for the end of the notice, or for another signal.
    pub(super) async fn end_of(&mut self, notice: Duration) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = sleep(notice) => {}
        }
    }
}
