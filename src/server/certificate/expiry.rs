//! Logs once a day that the certificate in force ends soon or has ended.

use std::time::{Duration, Instant};

use tracing::{error, warn};

use crate::server::clock::now;

/// Seconds of a day.
pub const DAY: i64 = 24 * 60 * 60;

/// The log of a certificate's end.
pub struct ExpiryLog {
    /// Logs from so many seconds before the end.
    lead: i64,
    /// When it last logged, and which end.
    logged: Option<(Instant, i64)>,
}

impl ExpiryLog {
    /// Logs from `lead` seconds before the end.
    pub fn new(lead: i64) -> Self {
        Self { lead, logged: None }
    }

    /// Logs an end, in seconds since 1970, if it is near. Reads the clock each time, because machines sleep.
    pub fn check(&mut self, not_after: i64) {
        let left = not_after - now();
        let is_recent = |(at, end): (Instant, i64)| {
            end == not_after && at.elapsed() < Duration::from_secs(DAY.unsigned_abs())
        };
        if left > self.lead || self.logged.is_some_and(is_recent) {
            return;
        }
        self.logged = Some((Instant::now(), not_after));
        if left > 0 {
            warn!(
                not_after,
                days = left / DAY,
                "the certificate ends soon, and nobody renewed it"
            );
        } else {
            error!(
                not_after,
                "the certificate has ended: API servers do not take it any more, and new pods stay as they are written"
            );
        }
    }
}
