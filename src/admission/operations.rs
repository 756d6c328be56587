//! Writes RFC 6902 operations as text, and the JSON of their values.

use crate::json;

/// Writes a patch. The parts of a path need no escape. A last key, which may hold any character, is a parameter of its
/// own and is escaped. The caller writes each value to the end of the text.
pub(super) struct PatchWriter {
    text: String,
}

impl PatchWriter {
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(4096);
        text.push('[');
        Self { text }
    }

    pub(super) fn add(&mut self, path: &[&str], value: impl FnOnce(&mut String)) {
        self.operation("add", path, None);
        self.value(value);
    }

    pub(super) fn add_key(&mut self, path: &[&str], key: &str, value: impl FnOnce(&mut String)) {
        self.operation("add", path, Some(key));
        self.value(value);
    }

    /// Adds an entry at the end of a list, and the list if it is missing.
    pub(super) fn append(
        &mut self,
        list: &[&str],
        exists: &mut bool,
        entry: impl FnOnce(&mut String),
    ) {
        if std::mem::replace(exists, true) {
            self.add_key(list, "-", entry);
        } else {
            self.add(list, |text| {
                text.push('[');
                entry(text);
                text.push(']');
            });
        }
    }

    pub(super) fn replace(&mut self, path: &[&str], value: impl FnOnce(&mut String)) {
        self.operation("replace", path, None);
        self.value(value);
    }

    /// Tests a value, so that the next operation cannot change another element.
    pub(super) fn test(&mut self, path: &[&str], value: &str) {
        self.operation("test", path, None);
        self.value(|text| json::string(text, value));
    }

    pub(super) fn remove_key(&mut self, path: &[&str], key: &str) {
        self.operation("remove", path, Some(key));
        self.text.push('}');
    }

    fn operation(&mut self, op: &str, path: &[&str], key: Option<&str>) {
        let text = &mut self.text;
        comma(text);
        text.push_str("{\"op\":\"");
        text.push_str(op);
        text.push_str("\",\"path\":\"");
        for part in path {
            text.push_str(part);
        }
        if let Some(key) = key {
            text.push('/');
            token(text, key);
        }
        text.push('"');
    }

    fn value(&mut self, value: impl FnOnce(&mut String)) {
        self.text.push_str(",\"value\":");
        value(&mut self.text);
        self.text.push('}');
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push(']');
        self.text
    }
}

/// Appends a token of a JSON pointer to a JSON string.
fn token(text: &mut String, token: &str) {
    let mut rest = token;
    while let Some(at) = rest.find(['~', '/']) {
        json::escape(text, &rest[..at]);
        text.push_str(if rest[at..].starts_with('~') {
            "~0"
        } else {
            "~1"
        });
        rest = &rest[at + 1..];
    }
    json::escape(text, rest);
}

/// Appends a comma, unless an object or array has just begun.
pub(super) fn comma(text: &mut String) {
    if !text.ends_with(['{', '[']) {
        text.push(',');
    }
}

pub(super) fn name(text: &mut String, name: &str) {
    comma(text);
    json::string(text, name);
    text.push(':');
}

pub(super) fn object<'e>(text: &mut String, entries: impl Iterator<Item = (&'e str, &'e str)>) {
    text.push('{');
    for (key, value) in entries {
        name(text, key);
        json::string(text, value);
    }
    text.push('}');
}

pub(super) fn array<T>(
    text: &mut String,
    items: impl Iterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    text.push('[');
    for item in items {
        comma(text);
        write(text, item);
    }
    text.push(']');
}
