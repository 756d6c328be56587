//! Logs: one line an event, text or JSON, gathered for a moment so that a busy server does not pay for each.

mod json;

use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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
/// More than so many bytes are written at once.
const LARGEST: usize = 64 << 10;

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
    lines: Mutex<Vec<u8>>,
    /// What is being written, and room for more when it was.
    writing: Mutex<Vec<u8>>,
    some: Condvar,
}

impl Gathered {
    fn add(&self, line: &[u8]) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = lines.is_empty();
        lines.extend_from_slice(line);
        let is_much = lines.len() > LARGEST;
        drop(lines);
        if is_much {
            self.write();
        } else if was_empty {
            self.some.notify_one();
        }
    }

    fn write(&self) {
        // Held first, so that what was taken first is written first.
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *writing, &mut *lines);
        drop(lines);
        // Where standard error is closed there is nobody to tell.
        let _ = io::stderr().write_all(&writing);
        writing.clear();
    }

    fn write_forever(&self) {
        loop {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = self.some.wait_while(lines, |lines| lines.is_empty());
            drop(lines);
            thread::sleep(MOMENT);
            self.write();
        }
    }
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
        self.0.add(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
