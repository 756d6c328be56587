//! Prints text, JSON and YAML to standard output, with colours only for a terminal.

use std::borrow::Cow;
use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{Format, ManifestFormat};
use crate::engine::vocabulary::{is_visible, shown, shown_lines};

/// Prints a text. A reader that ends early (`| head`) is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(harmless(text).as_bytes());
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("failed to write to standard output")
        }
        _ => Ok(()),
    }
}

/// A text without control sequences except line breaks and colours, because anyone can write the names in manifests.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || is_visible(c)) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\u{1b}[");
    let mut harmless = shown_lines(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        let is_colour = end.is_some_and(|end| part[end..].starts_with('m'));
        harmless.push_str(if is_colour { "\u{1b}[" } else { "\u{fffd}[" });
        harmless.push_str(&shown_lines(part));
    }
    Cow::Owned(harmless)
}

/// Prints lines for people on standard error. If it is closed, there is no one to tell.
pub(crate) fn complain(text: &str) {
    let mut err = anstream::stderr().lock();
    for line in text.lines() {
        let _ = writeln!(err, "slicegate: {}", shown(line));
    }
}

/// Prints a value in a format. `text` makes the text for people.
pub(crate) fn value<T: Serialize>(
    value: &T,
    format: Format,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    match format {
        Format::Text => print(&text()),
        Format::Json => print(&json(value)?),
        Format::Yaml => print(&yaml(value)?),
    }
}

/// Objects as `kubectl apply -f -` reads them.
pub(crate) fn manifests(objects: &[Value], format: ManifestFormat) -> anyhow::Result<String> {
    match format {
        ManifestFormat::Json => {
            json(&json!({"apiVersion": "v1", "kind": "List", "items": objects}))
        }
        ManifestFormat::Yaml => {
            let documents: Result<Vec<String>, _> = objects.iter().map(yaml).collect();
            Ok(documents?.join("---\n"))
        }
    }
}

/// A value as JSON over several lines.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(value).context("failed to write JSON")?;
    text.push('\n');
    let has_hidden = text.chars().any(|c| c != '\n' && !is_visible(c));
    Ok(if has_hidden { escaped(&text) } else { text })
}

/// JSON with invisible characters escaped. Outside of strings, JSON has none but line breaks.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if c == '\n' || is_visible(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

/// A value as YAML: every string that some YAML reader would read as another type is quoted. With invisible characters it
/// is JSON, which is YAML and can escape them anywhere.
pub(crate) fn yaml<T: Serialize>(value: &T) -> anyhow::Result<String> {
    let text = crate::yaml::write(value).context("failed to write YAML")?;
    if text.chars().all(|c| c == '\n' || is_visible(c)) {
        Ok(text)
    } else {
        json(value)
    }
}
