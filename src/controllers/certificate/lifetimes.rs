//! How long authorities and certificates are valid, announced and trusted, and why.

use time::{Duration, OffsetDateTime};

/// The durations of the certificate controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// An authority. The next one is announced when a third of it is left, so that slicegate can be switched off for
    /// four months without harm.
    pub authority: Duration,
    /// A serving certificate. It is renewed when a third of it is left. Short, so that no revocation is needed. Long
    /// enough that an API server that is down over a long weekend accepts it afterwards.
    pub serving: Duration,
    /// How long an authority is announced before it signs, and how long one that the Secret no longer holds stays in
    /// caBundle. API servers and other replicas see a change within seconds, or minutes after an outage.
    pub announce: Duration,
    /// How long an authority has to be in caBundle before its certificate replaces another authority's.
    pub settle: Duration,
    /// How far clocks may differ. Certificates begin so much earlier, and trust ends so much later.
    pub skew: Duration,
    /// The least time between two writes to one webhook configuration that somebody else keeps writing.
    pub gap: Duration,
}

/// The present, and the durations that are counted from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: OffsetDateTime,
    pub(super) lifetimes: Lifetimes,
}

impl Clock {
    /// A time from now, within the calendar.
    pub(super) fn after(&self, duration: Duration) -> OffsetDateTime {
        self.now.saturating_add(duration)
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authority: Duration::days(365),
            serving: Duration::days(7),
            announce: Duration::minutes(10),
            settle: Duration::seconds(10),
            skew: Duration::hours(1),
            gap: Duration::seconds(3),
        }
    }
}
