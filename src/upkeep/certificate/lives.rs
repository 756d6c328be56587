//! How long everything lasts that has to do with the certificate, and why so long.

use time::Duration;

/// How long everything lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lives {
    /// An authority. The next one is announced when a third of it is left, so that slicegate may be switched off for
    /// four months of its year without anybody noticing.
    pub authority: Duration,
    /// A server's certificate. It is renewed when a third of it is left. Short, so that nobody has to call one back;
    /// long enough that an API server that is away over a long weekend finds a good one when it returns.
    pub leaf: Duration,
    /// How long an authority is announced before it signs, and how long one that the Secret does not hold any more still
    /// stands in caBundle. API servers and other replicas hear of a change within seconds, or minutes when they were away.
    pub announce: Duration,
    /// How long an authority has to stand in caBundle before a certificate of it takes the place of another one.
    pub settle: Duration,
    /// How far clocks may be apart. Certificates begin so long ago, and trust ends so much later.
    pub skew: Duration,
    /// The least time between two writes to one webhook configuration, should somebody else write it all the time.
    pub gap: Duration,
}

impl Default for Lives {
    fn default() -> Self {
        Self {
            authority: Duration::days(365),
            leaf: Duration::days(7),
            announce: Duration::minutes(10),
            settle: Duration::seconds(10),
            skew: Duration::hours(1),
            gap: Duration::seconds(3),
        }
    }
}
