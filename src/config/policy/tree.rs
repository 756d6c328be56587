//! YAML or JSON text as a tree. Each value knows its line and its own spelling.
//!
//! The spelling counts (`0.3333`, `off`, `007`), not the number or boolean that a YAML reader makes of it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, MessageFormatter, Spanned, Tagged, UserMessageFormatter};

use super::problem::{Problem, join};
use crate::config::documents::chunk::{Chunk, split};

pub(super) struct Document<'t> {
    chunk: Chunk<'t>,
    root: Node,
}

type Node = Spanned<Tagged<Raw>>;

/// What a value is.
enum Raw {
    Null,
    Text(String),
    /// A number or a boolean. Its spelling is in the source.
    Literal,
    List(Vec<Node>),
    /// Keys in the order of the source, also those that stand twice.
    Object(Vec<(Node, Node)>),
}

/// Reads the only document of a text.
///
/// # Errors
/// When there is none, more than one, or no YAML.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Problem> {
    let mut chunks = split(text).into_iter();
    let first = chunks.next();
    if let Some(second) = chunks.next() {
        let message = "a second document; keep one SharingPolicy in the file";
        return Err(Problem::of_text(Some(second.lines + 1), message));
    }
    let document = first.map(Document::of).transpose()?;
    let document = document.filter(|document| !document.root().is_null());
    let empty = "empty; write a document with kind: SharingPolicy";
    document.ok_or_else(|| Problem::of_text(None, empty))
}

impl<'t> Document<'t> {
    fn of(chunk: Chunk<'t>) -> Result<Self, Problem> {
        let options = serde_saphyr::options! {
            // The reader allows no more than 32 emitted comments in a row.
            emit_comments: false,
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            non_finite_float_policy: NonFiniteFloatPolicy::AsString,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options(chunk.text, options) {
            Ok(root) => Ok(Self { chunk, root }),
            Err(error) => {
                let location = error.location().unwrap_or(Location::UNKNOWN);
                let why = UserMessageFormatter.format_message(&error);
                let column = location.column();
                let message = format!("not YAML or JSON: {why} (column {column})");
                Err(Problem::of_text(line(&chunk, location), message))
            }
        }
    }

    /// The document as a whole.
    pub fn root(&self) -> Place<'_> {
        Place {
            chunk: &self.chunk,
            path: String::new(),
            node: &self.root,
        }
    }
}

/// The line in the file, from 1, where it is known.
fn line(chunk: &Chunk<'_>, location: Location) -> Option<usize> {
    let line = usize::try_from(location.line()).ok()?;
    (line > 0).then_some(line + chunk.lines)
}

#[derive(Clone)]
pub(super) struct Place<'a> {
    chunk: &'a Chunk<'a>,
    /// Such as `spec.tiers[3].share`; empty for the document.
    pub path: String,
    node: &'a Node,
}

pub(super) struct Entry<'a> {
    pub key: &'a str,
    /// Where the key stands, with the path of the value.
    pub name: Place<'a>,
    pub value: Place<'a>,
}

impl<'a> Place<'a> {
    /// A problem of this value.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem {
            line: line(self.chunk, self.node.defined),
            path: self.path.clone(),
            message: message.into(),
        }
    }

    /// How many characters of its document stand before it.
    pub fn offset(&self) -> u64 {
        self.node.defined.span().offset()
    }

    /// Its tag, unless YAML defines it.
    pub fn unknown_tag(&self) -> Option<&'a str> {
        let tag = self.node.value.1.as_deref()?;
        (!tag.starts_with("tag:yaml.org,2002:")).then_some(tag)
    }

    /// Whether nothing, or `null`, is written here.
    pub fn is_null(&self) -> bool {
        matches!(self.node.value.0, Raw::Null)
    }

    /// A single value in its own spelling without escapes, and whether it had no quotes.
    pub fn scalar(&self) -> Option<(&'a str, bool)> {
        let span = self.node.defined.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        let written = self.chunk.text.get(start..start + length)?;
        match &self.node.value.0 {
            Raw::Text(text) => Some((text, !written.starts_with(['"', '\'']))),
            Raw::Literal => Some((written, true)),
            _ => None,
        }
    }

    /// A single value, unless it is empty.
    pub fn text(&self) -> Option<&'a str> {
        let (text, _) = self.scalar()?;
        (!text.is_empty()).then_some(text)
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Vec<Self>> {
        let Raw::List(items) = &self.node.value.0 else {
            return None;
        };
        let child = |(index, node)| self.child(format!("{}[{index}]", self.path), node);
        Some(items.iter().enumerate().map(child).collect())
    }

    /// The fields of an object. A key may stand twice.
    pub fn entries(&self) -> Option<Vec<Entry<'a>>> {
        let Raw::Object(entries) = &self.node.value.0 else {
            return None;
        };
        let entry = |(key, node): &'a (Node, Node)| {
            let mut name = self.child(String::new(), key);
            let (key, _) = name.scalar().unwrap_or_default();
            let value = self.child(join(&self.path, key), node);
            name.path.clone_from(&value.path);
            Entry { key, name, value }
        };
        Some(entries.iter().map(entry).collect())
    }

    /// The field with this name, or with this path of names, unless it is absent or null.
    pub fn get(&self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self.clone(), |place, name| {
            let mut entries = place.entries()?.into_iter();
            let field = entries.find(|entry| entry.key == name)?.value;
            (!field.is_null()).then_some(field)
        })
    }

    /// The items of the list in the field with this path; empty if there is no such list.
    pub fn list(&self, path: &str) -> Vec<Self> {
        let items = self.get(path).and_then(|list| list.items());
        items.unwrap_or_default()
    }

    /// The fields of the object in the field with this name; empty if there is no such object.
    pub fn fields(&self, name: &str) -> Vec<Entry<'a>> {
        let fields = self.get(name).and_then(|object| object.entries());
        fields.unwrap_or_default()
    }

    fn child(&self, path: String, node: &'a Node) -> Self {
        let chunk = self.chunk;
        Self { chunk, path, node }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = object.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Object(entries))
    }
}
