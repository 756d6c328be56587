//! RFC 6902 operations as text, one after the other.

use std::fmt::Write as _;

use crate::engine::json;

/// A patch in the making.
pub(super) struct Patch {
    text: String,
}

impl Patch {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(2048);
        text.push('[');
        Self { text }
    }

    /// Opens an `add` whose value the caller writes.
    pub(super) fn add(&mut self, path: std::fmt::Arguments<'_>) -> &mut String {
        self.operation("add", path);
        self.text.push_str(",\"value\":");
        &mut self.text
    }

    /// Opens a `replace` whose value the caller writes.
    pub(super) fn replace(&mut self, path: std::fmt::Arguments<'_>) -> &mut String {
        self.operation("replace", path);
        self.text.push_str(",\"value\":");
        &mut self.text
    }

    /// A whole `remove`.
    pub(super) fn remove(&mut self, path: std::fmt::Arguments<'_>) {
        self.operation("remove", path);
        self.end();
    }

    fn operation(&mut self, op: &str, path: std::fmt::Arguments<'_>) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str("{\"op\":\"");
        self.text.push_str(op);
        self.text.push_str("\",\"path\":\"");
        let _ = InString(&mut self.text).write_fmt(path);
        self.text.push('"');
    }

    /// Closes the operation.
    pub(super) fn end(&mut self) {
        self.text.push('}');
    }

    /// The array.
    pub(super) fn finish(mut self) -> String {
        self.text.push(']');
        self.text
    }
}

/// Writes into an open JSON string: names in pointers may hold anything.
struct InString<'t>(&'t mut String);

impl std::fmt::Write for InString<'_> {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        json::escape(self.0, part);
        Ok(())
    }
}

/// Prints as one token of a JSON pointer.
pub(super) struct Token<'t>(pub(super) &'t str);

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['~', '/']) {
            f.write_str(&rest[..at])?;
            f.write_str(if rest[at..].starts_with('~') {
                "~0"
            } else {
                "~1"
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}
