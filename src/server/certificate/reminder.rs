//! Says in the log, once a day, that the certificate in force ends soon or has ended.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tracing::{error, warn};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When it was last said, and of which end.
pub(in crate::server) struct Reminder {
    /// Seconds before the end.
    soon: i64,
    said: Option<(Instant, i64)>,
}

impl Reminder {
    /// Says nothing while more than this is left.
    pub(in crate::server) fn before_the_last(time: Duration) -> Self {
        Self {
            soon: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            said: None,
        }
    }

    /// Looks at an end, in seconds since 1970. The clock is read each time, because machines sleep.
    pub(in crate::server) fn of_the_end(&mut self, not_after: i64) {
        let left = not_after - now();
        let is_said = |(when, end): (Instant, i64)| end == not_after && when.elapsed() < DAY;
        if left > self.soon || self.said.is_some_and(is_said) {
            return;
        }
        self.said = Some((Instant::now(), not_after));
        if left > 0 {
            let days = left / (24 * 60 * 60);
            warn!(
                not_after,
                days, "the certificate ends soon, and nobody renewed it"
            );
        } else {
            error!(
                not_after,
                "the certificate has ended: API servers do not take it any more, and new pods stay as they are written"
            );
        }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
