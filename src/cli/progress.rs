//! The progress of a slow command: after two seconds, a line on standard error, if that is a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::engine::vocabulary::shown;

/// A faster command shows no progress.
const QUIET: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(500);
/// Clears the line.
const CLEAR: &str = "\r\u{1b}[K";

/// Work that may take long. Drop it before printing anything: that clears its line.
#[derive(Debug)]
pub(crate) struct Progress(Option<(Sender<String>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn start(doing: impl Into<String>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let (sender, receiver) = mpsc::channel::<String>();
        let mut doing = doing.into();
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut wait = QUIET;
            loop {
                match receiver.recv_timeout(wait) {
                    Ok(next) => doing = next,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                wait = QUIET.saturating_sub(began.elapsed()).max(TICK);
                if began.elapsed() >= QUIET {
                    // If standard error is closed, there is no one to tell.
                    let _ = write!(io::stderr(), "{CLEAR}{}", line(&doing, began.elapsed()));
                    let _ = io::stderr().flush();
                }
            }
            if began.elapsed() >= QUIET {
                let _ = write!(io::stderr(), "{CLEAR}");
                let _ = io::stderr().flush();
            }
        });
        Self(Some((sender, thread)))
    }

    /// Shows another text from now on.
    pub(crate) fn say(&self, doing: impl Into<String>) {
        if let Some((sender, _)) = &self.0 {
            let _ = sender.send(doing.into());
        }
    }

    /// Shows the number of judged pods, once in a thousand.
    pub(crate) fn judged(&self, done: usize, total: usize) {
        if done % 1000 == 999 {
            self.say(format!("judging pods: {} of {total}", done + 1));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// A line that fits any terminal; only then can it be cleared.
fn line(doing: &str, since: Duration) -> String {
    const MOST: usize = 60;
    let short: String = shown(doing).chars().take(MOST).collect();
    format!("{short} ... {} s", since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::line;

    #[test]
    fn a_line_is_short_and_harmless() {
        let line = line(
            &format!("a\u{1b}[2J{}", "b".repeat(90)),
            Duration::from_millis(2_600),
        );
        assert!(line.chars().count() < 72, "{line}");
        assert!(line.ends_with("b ... 2 s"), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}
