//! Writes RFC 6902 operations as text.

use crate::json;

const ADD: &str = r#"{"op":"add","path":""#;
const REPLACE: &str = r#"{"op":"replace","path":""#;
const TEST: &str = r#"{"op":"test","path":""#;
const REMOVE: &str = r#"{"op":"remove","path":""#;

/// Writes a patch. The parts of a path need no escape. A last key, which may hold any character, is a parameter of its
/// own and is escaped.
pub(super) struct PatchWriter {
    text: String,
}

impl PatchWriter {
    /// An empty patch.
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(4096);
        text.push('[');
        Self { text }
    }

    /// Begins an `add`. The caller writes the value and calls [`Self::end`].
    pub(super) fn add(&mut self, path: &[&str]) -> &mut String {
        self.operation(ADD, path, None);
        self.value()
    }

    /// Begins an `add` of a key below the path.
    pub(super) fn add_key(&mut self, path: &[&str], key: &str) -> &mut String {
        self.operation(ADD, path, Some(key));
        self.value()
    }

    /// Begins a `replace`. The caller writes the value and calls [`Self::end`].
    pub(super) fn replace(&mut self, path: &[&str]) -> &mut String {
        self.operation(REPLACE, path, None);
        self.value()
    }

    /// A complete `test`, so that the next operation cannot change another element.
    pub(super) fn test(&mut self, path: &[&str], value: &str) {
        self.operation(TEST, path, None);
        json::string(self.value(), value);
        self.end();
    }

    /// A complete `remove` of a key below the path.
    pub(super) fn remove_key(&mut self, path: &[&str], key: &str) {
        self.operation(REMOVE, path, Some(key));
        self.end();
    }

    fn operation(&mut self, beginning: &str, path: &[&str], key: Option<&str>) {
        let text = &mut self.text;
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(beginning);
        for part in path {
            text.push_str(part);
        }
        if let Some(key) = key {
            text.push('/');
            token(text, key);
        }
        text.push('"');
    }

    fn value(&mut self) -> &mut String {
        self.text.push_str(",\"value\":");
        &mut self.text
    }

    /// Ends the operation.
    pub(super) fn end(&mut self) {
        self.text.push('}');
    }

    /// The JSON array.
    pub(super) fn finish(mut self) -> String {
        self.text.push(']');
        self.text
    }
}

/// Appends a token of a JSON pointer to a JSON string.
fn token(text: &mut String, token: &str) {
    let mut rest = token;
    while let Some(at) = rest.bytes().position(|byte| byte == b'~' || byte == b'/') {
        json::escape(text, &rest[..at]);
        text.push_str(match rest.as_bytes()[at] {
            b'~' => "~0",
            _ => "~1",
        });
        rest = &rest[at + 1..];
    }
    json::escape(text, rest);
}
