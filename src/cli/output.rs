//! Writes what a command says to standard output: text, JSON or YAML, without colours where nobody sees them.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;

use super::args::Format;

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
    // A folded string would hide where a long line really ends.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options).context("failed to write YAML")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::yaml;
    use crate::config::documents;

    #[test]
    fn strings_that_look_like_something_else_are_quoted() {
        let tricky = [
            "true",
            "True",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "N",
            "null",
            "~",
            "",
            "1",
            "01",
            "-1",
            "1.5",
            ".5",
            "1e3",
            "0x1F",
            "0o17",
            "0b1",
            "1_000",
            "12:30",
            "12:30:45",
            ".inf",
            ".NaN",
            "2024-01-02",
            "=",
            "<<",
            "- a",
            "a: b",
            "a #b",
            " a",
            "a ",
            "*a",
            "&a",
            "!a",
            "{a",
            "[a",
            "%a",
            "@a",
            "`a",
            "'a",
            "\"a",
            "---",
            "|",
            "500m",
        ];
        for text in tricky {
            let written = yaml(&json!({"key": text, "list": [text]})).unwrap();
            let plain = format!("key: {text}\n");
            let may_stand_bare = text == "500m";
            assert_eq!(written.starts_with(&plain), may_stand_bare, "{written}");
        }
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_value() {
        let long = "word ".repeat(60);
        let value = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"annotations": {"a/b": "{\"x\":\"1\"}", "on": "off", "1": "2", "": "x"}},
            "spec": {
                "args": ["set -e\necho 'a: b'\n", "\ttab\n\n", "a\r\nb", "  lead\nline", long, "", "\u{1b}[0m"],
                "numbers": [0, -1, u64::MAX, i64::MIN, 1.5, 1e30, -0.25],
                "empty": {"list": [], "map": {}, "null": null, "true": true, "nested": [[], [1, [2]], [{}]]},
            },
        });
        let written = yaml(&value).unwrap();
        let input = documents::parse("written", &written);
        assert!(input.errors.is_empty(), "{:?}\n{written}", input.errors);
        let read: Vec<&Value> = input.documents.iter().map(|d| &d.value).collect();
        assert_eq!(read, [&value], "{written}");
    }

    #[test]
    fn long_lines_stay_whole_and_scripts_stay_readable() {
        let receipt = "a: b, ".repeat(40) + "c";
        let written = yaml(&json!({"receipt": receipt, "script": "a\nb\n"})).unwrap();
        assert_eq!(
            written,
            format!("receipt: \"{receipt}\"\nscript: |\n  a\n  b\n")
        );
    }
}
