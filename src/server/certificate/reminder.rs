//! Says in the log, once a day, that the certificate in force ends soon or has ended.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tracing::{error, warn};

/// cert-manager renews when a third of the time is left; what nobody renewed a week before its end, nobody will.
const SOON: i64 = 7 * 24 * 60 * 60;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When it was last said, and of which end.
#[derive(Default)]
pub(in crate::server) struct Reminder {
    said: Option<(Instant, i64)>,
}

impl Reminder {
    /// Looks at an end, in seconds since 1970. The clock is read each time, because machines sleep.
    pub(in crate::server) fn of_the_end(&mut self, not_after: i64) {
        let left = not_after - now();
        let is_said = |(when, end): (Instant, i64)| end == not_after && when.elapsed() < DAY;
        if left > SOON || self.said.is_some_and(is_said) {
            return;
        }
        self.said = Some((Instant::now(), not_after));
        if left > 0 {
            let days = left / (24 * 60 * 60);
            warn!(not_after, days, "the certificate ends soon; renew it");
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
