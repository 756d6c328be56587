//! RFC 6902 operations as text, one after the other.

use crate::json;

const ADD: &str = r#"{"op":"add","path":""#;
const REPLACE: &str = r#"{"op":"replace","path":""#;
const TEST: &str = r#"{"op":"test","path":""#;
const REMOVE: &str = r#"{"op":"remove","path":""#;

/// A patch in the making. Paths are given in parts that need no escape, and where they end in a key, which may hold
/// anything, as that key beside them.
pub(super) struct Patch {
    text: String,
}

impl Patch {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(4096);
        text.push('[');
        Self { text }
    }

    /// Opens an `add` whose value the caller writes.
    pub(super) fn add(&mut self, path: &[&str]) -> &mut String {
        self.operation(ADD, path, None);
        self.value()
    }

    /// Opens an `add` of a key below the path.
    pub(super) fn add_key(&mut self, path: &[&str], key: &str) -> &mut String {
        self.operation(ADD, path, Some(key));
        self.value()
    }

    /// Opens a `replace` whose value the caller writes.
    pub(super) fn replace(&mut self, path: &[&str]) -> &mut String {
        self.operation(REPLACE, path, None);
        self.value()
    }

    /// A whole `test`, without which what follows would change something else than what was meant.
    pub(super) fn test(&mut self, path: &[&str], value: &str) {
        self.operation(TEST, path, None);
        json::string(self.value(), value);
        self.end();
    }

    /// A whole `remove` of a key below the path.
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
