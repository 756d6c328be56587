//! One connection: when the last request came, how many answers are pending, and how it is closed from outside.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a connection may be idle.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleTimeouts {
    /// Before the first request.
    pub(super) first: Duration,
    /// After each request.
    pub(super) next: Duration,
}

#[derive(Debug)]
pub(super) struct Connection {
    opened: Instant,
    idle: IdleTimeouts,
    last_request: Mutex<Option<Instant>>,
    /// Requests whose answers are not written yet.
    pending: AtomicUsize,
    closing: CancellationToken,
}

impl Connection {
    /// A connection that was opened just now.
    pub(super) fn new(idle: IdleTimeouts) -> Self {
        Self {
            opened: Instant::now(),
            idle,
            last_request: Mutex::default(),
            pending: AtomicUsize::new(0),
            closing: CancellationToken::new(),
        }
    }

    /// Serves the connection until it ends or is closed.
    pub(super) async fn serve(&self, serving: impl Future<Output = ()>) {
        self.closing.run_until_cancelled(serving).await;
    }

    /// Closes the connection, even in the middle of an answer.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }

    pub(super) fn record_request(&self) {
        *self.lock() = Some(Instant::now());
    }

    pub(super) fn last_request(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        let last = self.last_request.lock();
        last.unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next request has to come.
    pub(super) fn idle_deadline(&self) -> Instant {
        match self.last_request() {
            None => self.opened + self.idle.first,
            Some(last) => last + self.idle.next,
        }
    }

    /// Counts an answer that has to be written.
    pub(super) fn add_pending(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer was written or given up.
    pub(super) fn remove_pending(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.pending.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Connection, IdleTimeouts};

    #[test]
    fn the_first_request_has_to_come_soon_and_the_next_may_take_longer() {
        let idle = IdleTimeouts {
            first: Duration::from_secs(10),
            next: Duration::from_secs(120),
        };
        let connection = Connection::new(idle);
        assert_eq!(connection.idle_deadline(), connection.opened + idle.first);
        connection.record_request();
        assert!(connection.idle_deadline() >= connection.opened + idle.next);
    }
}
