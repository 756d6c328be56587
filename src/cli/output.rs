//! Writes what a command says to standard output: text, JSON or YAML, without colours where nobody sees them.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{Format, ManifestFormat};

/// Prints a text, its colours only on a terminal that wants them.
///
/// # Errors
/// When it cannot be written. A reader who has seen enough (`| head`) is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("failed to write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints a line for people on standard error; where that is closed there is nobody to tell.
pub(crate) fn complain(text: &str) {
    let mut err = anstream::stderr().lock();
    for line in text.lines() {
        let _ = writeln!(err, "slicegate: {line}");
    }
}

/// Prints a value in the form that was asked for; `text` makes the one for people.
///
/// # Errors
/// See [`print`].
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

/// Objects as `kubectl apply -f -` reads several.
///
/// # Errors
/// See [`json`].
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
///
/// # Errors
/// When it has no JSON form, which no value of ours lacks.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(value).context("failed to write JSON")?;
    text.push('\n');
    Ok(text)
}

/// A value as YAML: every string that some YAML reader would take for something else is quoted.
///
/// # Errors
/// When it has no YAML form, which no value of ours lacks.
pub(crate) fn yaml<T: Serialize>(value: &T) -> anyhow::Result<String> {
    crate::yaml::write(value).context("failed to write YAML")
}
