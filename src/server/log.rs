//! Logs: one line for each event, text or JSON, written to standard error by a thread of its own.

use std::io::{self, BufWriter, Stderr, Write};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
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

/// The most lines that wait. If standard error is read too slowly, further ones are dropped and counted. A busy server
/// logs about 2,000 in a [`PAUSE`]. A line has some hundred bytes, because the texts of clients are cut.
const WAITING_LINES: usize = 8 << 10;
/// The pause between two writes, so that not every line of a busy moment wakes the thread.
const PAUSE: Duration = Duration::from_millis(50);
/// The bytes of one write.
const WRITTEN_AT_ONCE: usize = 64 << 10;

/// Logs to standard error from now on. Waiting lines are written when the guard is dropped. `RUST_LOG` selects what is
/// logged: `info`, `debug`, `warn,slicegate=info` and the like.
pub fn start(format: LogFormat) -> WorkerGuard {
    let writer = Writer {
        stderr: BufWriter::with_capacity(WRITTEN_AT_ONCE, io::stderr()),
        dropped: Arc::default(),
        reported: 0,
    };
    let dropped = Arc::clone(&writer.dropped);
    let (lines, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(writer);
    // Set once, here.
    let _ = dropped.set(lines.error_counter());
    let filter = std::env::var("RUST_LOG").ok();
    let filter = filter.and_then(|f| f.parse::<Targets>().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let layer = fmt::layer().with_writer(lines).with_ansi(false);
    let layer = match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => {
            let json = layer.json().flatten_event(true);
            json.with_current_span(false).with_span_list(false).boxed()
        }
    };
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
    log_panics();
    guard
}

/// Logs the place of a panic alone, because its message may quote a pod.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            "panic: a fault in slicegate"
        );
    }));
}

/// Standard error, on the log's thread. It is flushed when no line waits.
struct Writer {
    stderr: BufWriter<Stderr>,
    dropped: Arc<OnceLock<ErrorCounter>>,
    reported: usize,
}

impl Writer {
    fn dropped(&self) -> usize {
        self.dropped.get().map_or(0, ErrorCounter::dropped_lines)
    }
}

impl Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.stderr.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stderr.flush()?;
        let dropped = self.dropped();
        if dropped > self.reported {
            tracing::warn!(
                lost = dropped - self.reported,
                "lines of the log found no room: standard error is not read fast enough"
            );
            // This line may have found no room either.
            if self.dropped() == dropped {
                self.reported = dropped;
            }
        }
        thread::sleep(PAUSE);
        Ok(())
    }
}

/// The start of a text that is longer than so many bytes.
pub(super) fn shortened(text: &str, longest: usize) -> Option<&str> {
    if text.len() <= longest {
        return None;
    }
    (0..=longest).rev().find_map(|end| text.get(..end))
}

/// The last problem of a task that tries again and again, so that it is logged once.
#[derive(Debug, Default)]
pub(super) struct LastProblem(Option<String>);

impl LastProblem {
    /// Whether this is another problem than the last one.
    pub(super) fn is_new(&mut self, problem: &impl ToString) -> bool {
        let problem = Some(problem.to_string());
        std::mem::replace(&mut self.0, problem.clone()) != problem
    }

    /// Ends the problem. Returns whether there was one.
    pub(super) fn clear(&mut self) -> bool {
        self.0.take().is_some()
    }

    pub(super) fn exists(&self) -> bool {
        self.0.is_some()
    }
}
