//! Appends JSON strings and numbers to a text that is written by hand.

use std::fmt::Write as _;

use super::skip::next_special;

/// Appends a JSON string, quotes and escapes included.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

/// Appends the inside of a JSON string.
pub fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = next_special(rest.as_bytes(), 0) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                let _ = write!(out, "\\u{other:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Appends a whole number.
pub fn number(out: &mut String, number: u64) {
    // Writing to a string does not fail.
    let _ = write!(out, "{number}");
}
