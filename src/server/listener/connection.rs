//! One connection: since when it is open, when something was last asked on it, and how it is ended from outside.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How long a connection may be silent.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Silence {
    /// Before the first request.
    pub(in crate::server) first: Duration,
    /// After each.
    pub(in crate::server) next: Duration,
}

/// A connection that was accepted.
#[derive(Debug)]
pub(in crate::server) struct Connection {
    opened: Instant,
    silence: Silence,
    /// Milliseconds after it was opened, and one more; 0 before the first request.
    asked: AtomicU64,
    /// Requests whose answers are not written yet.
    unanswered: AtomicUsize,
    task: OnceLock<AbortHandle>,
}

impl Connection {
    /// A connection that was opened just now.
    pub(in crate::server) fn new(silence: Silence) -> Self {
        Self {
            opened: Instant::now(),
            silence,
            asked: AtomicU64::new(0),
            unanswered: AtomicUsize::new(0),
            task: OnceLock::new(),
        }
    }

    /// Its task, by which it can be ended.
    pub(super) fn is_served_by(&self, task: AbortHandle) {
        // It is said once, right after the task began.
        let _ = self.task.set(task);
    }

    /// Ends it, whatever it is at.
    pub(in crate::server) fn end(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// Something is asked now.
    pub(super) fn note(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.asked.store(since + 1, Ordering::Relaxed);
    }

    /// Until when something more has to be asked.
    pub(super) fn limit(&self) -> Instant {
        match self.last_asked() {
            None => self.opened + self.silence.first,
            Some(asked) => asked + self.silence.next,
        }
    }

    /// When something was last asked.
    pub(super) fn last_asked(&self) -> Option<Instant> {
        match self.asked.load(Ordering::Relaxed) {
            0 => None,
            since => Some(self.opened + Duration::from_millis(since - 1)),
        }
    }

    /// A request came.
    pub(in crate::server) fn begin(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// The answer to one of its requests is written, or given up.
    pub(in crate::server) fn finish(&self) {
        self.unanswered.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether anything that was asked on it is not answered yet.
    pub(super) fn is_busy(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Connection, Silence};

    #[test]
    fn the_first_request_has_to_come_soon_and_the_next_may_take_longer() {
        let silence = Silence {
            first: Duration::from_secs(10),
            next: Duration::from_secs(120),
        };
        let connection = Connection::new(silence);
        assert_eq!(connection.limit(), connection.opened + silence.first);
        connection.note();
        assert!(connection.limit() >= connection.opened + silence.next);
    }
}
