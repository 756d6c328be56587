//! What a command does, for who waits for it: a line on standard error, where that is a terminal, after two seconds.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::engine::vocabulary::shown;

/// What is over before is not worth a word.
const QUIET: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(500);
/// Back to the beginning of the line, and what stands there goes.
const CLEAR: &str = "\r\u{1b}[K";

/// Work that may take long. Its line goes when this is dropped, which is to be before anything is printed.
#[derive(Debug)]
pub(crate) struct Progress(Option<(Sender<String>, JoinHandle<()>)>);

impl Progress {
    /// Begins with what is done first.
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
                    // Nobody is told where standard error is closed.
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

    /// What is done from now on.
    pub(crate) fn say(&self, doing: impl Into<String>) {
        if let Some((sender, _)) = &self.0 {
            let _ = sender.send(doing.into());
        }
    }

    /// So many of all pods are judged; said once in a thousand.
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

/// Short enough for one line of any terminal, or it could not be taken back.
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
