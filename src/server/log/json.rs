//! One event as one JSON object on a line, written without a tree or a serializer in between.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::registry::LookupSpan;

use super::shortened;
use crate::json;

/// Bytes of one field: what is said of a request may quote what its sender wrote.
const LONGEST_FIELD: usize = 2048;

/// `{"timestamp":...,"level":...,"target":...,"message":...,` and the event's fields.
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(512);
        line.push_str("{\"timestamp\":\"");
        SystemTime.format_time(&mut Writer::new(&mut line))?;
        let metadata = event.metadata();
        line.push_str("\",\"level\":");
        json::plain(&mut line, metadata.level().as_str());
        line.push_str(",\"target\":");
        json::string(&mut line, metadata.target());
        event.record(&mut Fields(&mut line));
        line.push_str("}\n");
        writer.write_str(&line)
    }
}

struct Fields<'l>(&'l mut String);

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push(',');
        json::plain(self.0, field.name());
        self.0.push(':');
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        match shortened(value, LONGEST_FIELD) {
            None => json::string(self.0, value),
            Some(start) => json::string(self.0, &format!("{start}...")),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        json::number(self.0, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        // Writing to a string does not fail.
        let _ = write!(self.0, "{value}");
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::Json;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_kind_of_field_is_a_json_value_and_the_event_one_line() {
        let lines = Lines::default();
        let written = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Json)
            .with_writer(move || written.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(
                text = "a \"b\"\nc\u{1b}",
                yes = true,
                count = 3_u64,
                less = -3_i64,
                shown = %"d",
                long = "ä".repeat(super::LONGEST_FIELD).as_str(),
                debugged = ?Some("e"),
                "message {}",
                1
            );
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!((text.lines().count(), text.ends_with("}\n")), (1, true));
        let mut line: Value = serde_json::from_str(&text).unwrap();
        let timestamp = line["timestamp"].take();
        let long = line["long"].take();
        let long = long.as_str().unwrap();
        assert!(long.len() < super::LONGEST_FIELD + 4 && long.ends_with("ä..."));
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
        assert_eq!(
            line,
            json!({"timestamp": null, "level": "INFO", "target": module_path!(),
                "message": "message 1", "text": "a \"b\"\nc\u{1b}", "yes": true, "count": 3,
                "less": -3, "shown": "d", "long": null, "debugged": "Some(\"e\")"})
        );
    }
}
