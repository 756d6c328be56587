//! When something was last asked on a connection, and so when it has been silent for too long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Who connects has something to ask.
const FIRST: Duration = Duration::from_secs(10);
/// An API server's client closes idle connections after 90 s. It has to be the first of the two to do so, because
/// it does not repeat a POST on a connection that was just closed by the other side. No request takes as long.
const NEXT: Duration = Duration::from_secs(120);

/// One connection's requests.
pub(super) struct Activity {
    opened: Instant,
    /// Milliseconds after it was opened, and one more; 0 before the first request.
    asked: AtomicU64,
}

impl Activity {
    /// A connection that was opened just now.
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            asked: AtomicU64::new(0),
        }
    }

    /// Something is asked now.
    pub(super) fn note(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.asked.store(since + 1, Ordering::Relaxed);
    }

    /// Until when something more has to be asked.
    pub(super) fn limit(&self) -> Instant {
        match self.asked.load(Ordering::Relaxed) {
            0 => self.opened + FIRST,
            since => self.opened + Duration::from_millis(since) + NEXT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, FIRST, NEXT};

    #[test]
    fn the_first_request_has_to_come_soon_and_the_next_may_take_longer_than_the_client_keeps_connections()
     {
        let activity = Activity::new();
        assert_eq!(activity.limit(), activity.opened + FIRST);
        activity.note();
        assert!(activity.limit() >= activity.opened + NEXT);
        assert!(NEXT.as_secs() > 90);
    }
}
