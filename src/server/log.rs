//! Logs: one line an event, text or JSON, gathered for a moment so that a busy server does not pay for each.

mod json;

use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines wait at most so long.
const MOMENT: Duration = Duration::from_millis(50);
/// More than so many bytes are not waited with.
const MUCH: usize = 64 << 10;
/// So many bytes wait at most, where standard error is not read as fast as lines come; nobody waits for the log.
const MOST: usize = 4 << 20;

/// Bytes of one line.
const LONGEST_LINE: usize = 16 << 10;

/// Logs to standard error from now on, until the answer is dropped. `RUST_LOG` says what: `info`, `debug`,
/// `warn,slicegate=info` and the like.
pub fn start(format: LogFormat) -> Logging {
    let gathered = Arc::new(Gathered::default());
    let filter = std::env::var("RUST_LOG").ok();
    let filter = filter.and_then(|f| f.parse::<Targets>().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let layer = fmt::layer()
        .with_writer(Writer(Arc::clone(&gathered)))
        .with_ansi(false);
    let layer = match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.event_format(json::Json).boxed(),
    };
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
    let writing = Arc::clone(&gathered);
    thread::spawn(move || writing.write_forever());
    panics();
    Logging(gathered)
}

/// Writes what is left when it is dropped.
#[must_use]
pub struct Logging(Arc<Gathered>);

impl Drop for Logging {
    fn drop(&mut self) {
        self.0.write();
    }
}

/// A panic's message may quote a pod, its place does not.
fn panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            "panic: a fault in slicegate"
        );
    }));
}

/// Lines that are not written yet.
#[derive(Default)]
struct Gathered {
    lines: Mutex<Lines>,
    /// What is being written, and room for more when it was.
    writing: Mutex<Vec<u8>>,
    /// Told when there is something, and when it is much.
    some: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// How many found no room.
    lost: u64,
}

impl Gathered {
    fn add(&self, line: &[u8]) {
        let mut lines = self.lines();
        if lines.text.len() + line.len() > MOST {
            lines.lost += 1;
            return;
        }
        let before = lines.text.len();
        lines.text.extend_from_slice(line);
        let after = lines.text.len();
        drop(lines);
        if before == 0 || (before <= MUCH && after > MUCH) {
            self.some.notify_one();
        }
    }

    /// How many lines were lost.
    fn write(&self) -> u64 {
        // Held first, so that what was taken first is written first.
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = self.lines();
        std::mem::swap(&mut *writing, &mut lines.text);
        let lost = std::mem::take(&mut lines.lost);
        drop(lines);
        // Where standard error is closed there is nobody to tell.
        let _ = io::stderr().write_all(&writing);
        writing.clear();
        // Of a busy moment nothing is kept.
        writing.shrink_to(MUCH);
        lost
    }

    fn write_forever(&self) {
        loop {
            let lines = self.lines();
            let waiting = self.some.wait_while(lines, |lines| lines.text.is_empty());
            let lines = waiting.unwrap_or_else(PoisonError::into_inner);
            let more = self
                .some
                .wait_timeout_while(lines, MOMENT, |lines| lines.text.len() <= MUCH);
            drop(more);
            match self.write() {
                0 => {}
                lost => tracing::warn!(
                    lost,
                    "lines of the log found no room: standard error is not read fast enough"
                ),
            }
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The start of a text that is longer than so many bytes.
pub(in crate::server) fn shortened(text: &str, longest: usize) -> Option<&str> {
    if text.len() <= longest {
        return None;
    }
    let ends = (0..=longest).rev();
    let end = ends.into_iter().find(|end| text.is_char_boundary(*end));
    Some(&text[..end.unwrap_or_default()])
}

struct Writer(Arc<Gathered>);

impl<'w> MakeWriter<'w> for Writer {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Line<'w> {
        Line(&self.0)
    }
}

/// One event; it comes in one piece.
struct Line<'w>(&'w Gathered);

impl io::Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let whole = str::from_utf8(text).unwrap_or_default();
        match shortened(whole, LONGEST_LINE) {
            None => self.0.add(text),
            // Only text comes to this: a line of JSON has no field as long as that.
            Some(start) => self.0.add(format!("{start}...\n").as_bytes()),
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Gathered, MOST};

    #[test]
    fn lines_that_nobody_reads_are_counted_and_not_kept() {
        let gathered = Gathered::default();
        let line = [b'x'; 1000];
        for _ in 0..MOST / line.len() + 7 {
            gathered.add(&line);
        }
        let lines = gathered.lines();
        assert!(lines.text.len() <= MOST);
        assert_eq!(lines.lost, 7);
    }
}
