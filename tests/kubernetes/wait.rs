//! Waiting with a limit, for something that has a name.

use std::thread::sleep;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(100);

/// Looks again and again until there is something, and says what was waited for when there never is.
///
/// `look` returns what it saw in place of it; `tails` is asked for what the components last said.
#[track_caller]
pub fn until<T>(
    what: &str,
    limit: Duration,
    tails: impl Fn() -> String,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        let seen = match look() {
            Ok(found) => return found,
            Err(seen) => seen,
        };
        if Instant::now() >= end {
            panic!(
                "waited {} s for {what}\nlast seen: {seen}\n{}",
                limit.as_secs(),
                tails()
            );
        }
        sleep(STEP);
    }
}

/// Whole seconds, for the limits of waits.
pub fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
