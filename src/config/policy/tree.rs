//! YAML or JSON text as a tree that remembers where everything stood and how it was written.
//!
//! Built from parser events rather than by deserializing, because a value's own text (`0.3333`, `off`, `007`)
//! and its line are needed, and because reading goes on after a duplicate key.

use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, Span, Tag};

use super::problem::{Mark, Report, join, shown};

/// One value of the document.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it begins.
    pub mark: Mark,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `null`, `~` or nothing at all.
    Null,
    /// Anything else that is one value.
    Scalar {
        /// As written, escapes resolved.
        text: String,
        /// Not quoted, so that it could be meant as a number or a boolean.
        plain: bool,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys in order, each once.
    Map(Vec<Entry>),
}

/// One key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// As written, escapes resolved.
    pub key: String,
    /// Where the key begins.
    pub mark: Mark,
    /// What it is set to.
    pub value: Node,
}

/// Reads the one document in the text; none when there is no such thing, which is then in the report.
pub(super) fn parse(text: &str, report: &Report) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::new(report);
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => builder.take(event, &span)?,
            Err(error) => {
                let column = error.marker().col() + 1;
                let why = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => "nested too deeply".to_owned(),
                    _ => error.info(),
                };
                let message = format!("not YAML or JSON: {why} (column {column})");
                report.add(Some(mark(error.marker())), "", message);
                return None;
            }
        }
    }
    builder.only_document()
}

fn mark(marker: &granit_parser::Marker) -> Mark {
    Mark {
        index: marker.index(),
        line: marker.line(),
    }
}

/// Deeper flow or block collections than this are refused: nothing in a policy needs them.
const MAX_DEPTH: usize = 64;
/// Copies for `&anchor` and `*alias` may take this many bytes, so that a few lines cannot become gigabytes.
const MAX_COPIED: usize = 1 << 20;

/// A list or map whose end has not been seen.
struct Open {
    mark: Mark,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Box<OpenMap>),
}

#[derive(Default)]
struct OpenMap {
    entries: Vec<Entry>,
    lines: HashMap<String, usize>,
    merges: Vec<Node>,
    key: Option<Key>,
}

/// A key whose value has not been seen.
struct Key {
    text: String,
    mark: Mark,
    kind: KeyKind,
}

#[derive(Clone, Copy)]
enum KeyKind {
    Field,
    /// `<<`: the value's entries are taken over.
    Merge,
    /// In the report already; the value is dropped.
    NoText,
}

struct Builder<'r> {
    report: &'r Report,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied: usize,
}

impl<'r> Builder<'r> {
    fn new(report: &'r Report) -> Self {
        Self {
            report,
            documents: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            copied: 0,
        }
    }

    /// Takes the next event; none when reading on is pointless.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Option<()> {
        let mark = mark(&span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !self.is_text(tag.as_deref(), mark);
                let node = scalar(text.into_owned(), plain, mark);
                self.complete(node, anchor, plain)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(mark, anchor, tag.as_deref(), Content::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(mark, anchor, tag.as_deref(), Content::Map(Box::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(anchor) => self.alias(anchor, mark)?,
            _ => {}
        }
        Some(())
    }

    /// Whether a tag says that this is a text; tags nobody here knows are reported.
    fn is_text(&self, tag: Option<&Tag>, mark: Mark) -> bool {
        let Some(tag) = tag else { return false };
        match tag.core_suffix() {
            Some(kind) => kind == "str",
            None => {
                let tag = shown(&tag.original());
                self.refuse(mark, format!("the tag {tag} means nothing here; remove it"));
                false
            }
        }
    }

    fn start(&mut self, mark: Mark, anchor: usize, tag: Option<&Tag>, content: Content) {
        self.is_text(tag, mark);
        self.open.push(Open {
            mark,
            anchor,
            content,
        });
    }

    fn end(&mut self) -> Option<()> {
        let open = self.open.pop()?;
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map(map) => Value::Map(self.merged(*map)),
        };
        let mark = open.mark;
        self.complete(Node { mark, value }, open.anchor, false)
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Option<()> {
        let Some(node) = self.anchors.get(&anchor) else {
            self.refuse(mark, "an alias inside what it names; write the value out");
            return None;
        };
        let node = node.clone();
        self.count_copy(&node)?;
        self.complete(node, 0, false)
    }

    fn count_copy(&mut self, node: &Node) -> Option<()> {
        self.copied += size(node);
        if self.copied > MAX_COPIED {
            self.refuse(
                node.mark,
                "anchors and aliases copy too much; write the values out",
            );
            return None;
        }
        Some(())
    }

    /// Puts a finished value where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, plain: bool) -> Option<()> {
        if anchor != 0 {
            self.count_copy(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.documents.push(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(map)) => match map.key.take() {
                Some(key) => map.set(key, node),
                None => self.start_entry(node, plain),
            },
        }
        Some(())
    }

    /// Makes a finished value the key of the next entry.
    fn start_entry(&mut self, node: Node, plain: bool) {
        let mark = node.mark;
        let (text, kind) = match node.value {
            Value::Scalar { text, .. } if plain && text == "<<" => (text, KeyKind::Merge),
            Value::Scalar { text, .. } => (text, KeyKind::Field),
            _ => (String::new(), KeyKind::NoText),
        };
        let Some(Content::Map(map)) = self.open.last_mut().map(|open| &mut open.content) else {
            return;
        };
        let wrong = match (kind, map.lines.get(&text)) {
            (KeyKind::NoText, _) => Some("a key that is no text; write a field's name".to_owned()),
            (KeyKind::Field, Some(line)) => {
                Some(format!("given twice, first on line {line}; keep one"))
            }
            _ => None,
        };
        map.key = Some(Key { text, mark, kind });
        if let Some(message) = wrong {
            self.refuse(mark, message);
        }
    }

    /// The entries of a map with those of its `<<` behind its own.
    fn merged(&self, map: OpenMap) -> Vec<Entry> {
        let mut entries = map.entries;
        if map.merges.is_empty() {
            return entries;
        }
        let mut seen: HashSet<String> = map.lines.into_keys().collect();
        for merge in map.merges {
            let parts = match merge.value {
                Value::List(parts) => parts,
                _ => vec![merge],
            };
            for part in parts {
                let Value::Map(more) = part.value else {
                    self.refuse(
                        part.mark,
                        "`<<` takes over an object; write `<<: *name` or remove it",
                    );
                    continue;
                };
                entries.extend(more.into_iter().filter(|e| seen.insert(e.key.clone())));
            }
        }
        entries
    }

    /// Reports a problem of the value or key that is being read.
    fn refuse(&self, mark: Mark, message: impl Into<String>) {
        self.report.add(Some(mark), &self.path(), message);
    }

    /// Where that value stands.
    fn path(&self) -> String {
        self.open
            .iter()
            .fold(String::new(), |path, open| match &open.content {
                Content::List(items) => format!("{path}[{}]", items.len()),
                Content::Map(map) => match &map.key {
                    Some(key) => join(&path, &key.text),
                    None => path,
                },
            })
    }

    fn only_document(mut self) -> Option<Node> {
        // A file that ends or begins with `---` holds an empty document besides the real one.
        self.documents
            .retain(|node| !matches!(node.value, Value::Null));
        let mut documents = self.documents.into_iter();
        let first = documents.next();
        if first.is_none() {
            let message = "empty; write a document with kind: SharingPolicy";
            self.report.add(None, "", message);
        }
        if let Some(second) = documents.next() {
            let message = "a second document; keep one SharingPolicy in the file";
            self.report.add(Some(second.mark), "", message);
            return None;
        }
        first
    }
}

impl OpenMap {
    fn set(&mut self, key: Key, value: Node) {
        match key.kind {
            KeyKind::NoText => {}
            KeyKind::Merge => self.merges.push(value),
            // The second of two equal keys is in the report already.
            KeyKind::Field if self.lines.contains_key(&key.text) => {}
            KeyKind::Field => {
                self.lines.insert(key.text.clone(), key.mark.line);
                self.entries.push(Entry {
                    key: key.text,
                    mark: key.mark,
                    value,
                });
            }
        }
    }
}

fn scalar(text: String, plain: bool, mark: Mark) -> Node {
    let null = plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
    let value = if null {
        Value::Null
    } else {
        Value::Scalar { text, plain }
    };
    Node { mark, value }
}

/// About how many bytes a value takes, so that copies can be limited.
fn size(node: &Node) -> usize {
    let content = match &node.value {
        Value::Null => 0,
        Value::Scalar { text, .. } => text.len(),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|e| e.key.len() + size(&e.value)).sum(),
    };
    size_of::<Node>() + content
}
