//! How long the API server waits for the answer, by its `?timeout=`.

use std::time::{Duration, Instant};

/// The timeout of a client that names none; the API server's own default for a webhook.
const DEFAULT: Duration = Duration::from_secs(10);
/// The longest timeout that an API server allows.
const LONGEST: Duration = Duration::from_secs(30);

/// When the client stops waiting.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline of a request that came just now, from the query of its URL.
    pub fn of(query: Option<&str>) -> Self {
        Self(Instant::now() + timeout(query.unwrap_or_default()))
    }

    /// A deadline that is earlier by `time`.
    pub fn less(self, time: Duration) -> Self {
        Self(self.0.checked_sub(time).unwrap_or(self.0))
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        self.0 <= Instant::now()
    }

    /// The result of a future that ends in time.
    pub async fn limit<T>(self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0.into(), future).await.ok()
    }
}

fn timeout(query: &str) -> Duration {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let written = pairs.find(|(key, _)| *key == "timeout");
    let written = written.and_then(|(_, value)| duration(value));
    written.unwrap_or(DEFAULT).min(LONGEST)
}

/// A whole duration as Go prints it: `5s`, `1m30s`, `500ms`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u32 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) = [
            ("ms", Duration::from_millis(1)),
            ("s", Duration::from_secs(1)),
            ("m", Duration::from_secs(60)),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        sum = sum.checked_add(length.checked_mul(count)?)?;
    }
    (!sum.is_zero()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::timeout;

    #[test]
    fn the_api_servers_timeout_counts_and_anything_else_is_the_default() {
        for (query, milliseconds) in [
            ("timeout=5s", 5_000),
            ("a=b&timeout=1m0s", 30_000),
            ("timeout=500ms", 500),
            ("timeout=1m30s", 30_000),
            ("", 10_000),
            ("timeout=", 10_000),
            ("timeout=0s", 10_000),
            ("timeout=-5s", 10_000),
            ("timeout=5", 10_000),
            ("timeout=five", 10_000),
            ("timeout=99999999999999999999s", 10_000),
        ] {
            assert_eq!(
                timeout(query),
                Duration::from_millis(milliseconds),
                "{query}"
            );
        }
    }
}
