//! What was read of the input, and what could not be read.

use serde_json::Value;

/// One object of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file as given or found, `-` for standard input.
    pub source: String,
    /// Which document of the file, from 0; as kubectl counts, those of only comments or `null` are none.
    pub index: usize,
    /// The position in a `List`; in a list inside a list, that of the outermost.
    pub item: Option<usize>,
    /// The object as read.
    pub value: Value,
}

/// All that was read, and all that could not be.
#[derive(Debug, Default)]
pub struct Input {
    /// In the order of the input, lists taken apart.
    pub documents: Vec<Document>,
    /// What could not be read: for each, where, what was found and how to fix it. In the order of the input.
    pub errors: Vec<String>,
    /// Keys that stand twice in one object, and where. kubectl takes the last one, and so does what is read here.
    pub doubled: Vec<String>,
    /// How many lists were taken apart, empty ones too.
    pub lists: usize,
}

impl Input {
    /// Adds what was read elsewhere.
    pub fn extend(&mut self, more: Self) {
        self.documents.extend(more.documents);
        self.errors.extend(more.errors);
        self.doubled.extend(more.doubled);
        self.lists += more.lists;
    }

    /// Adds a document, or the items of one that is a list.
    pub(super) fn add_value(
        &mut self,
        source: &str,
        index: usize,
        item: Option<usize>,
        mut value: Value,
    ) {
        if let Some(items) = list_items(&mut value) {
            self.lists += 1;
            for (position, value) in items.into_iter().enumerate() {
                self.add_value(source, index, item.or(Some(position)), value);
            }
        } else {
            self.documents.push(Document {
                source: source.to_owned(),
                index,
                item,
                value,
            });
        }
    }
}

/// Takes out a list's items, with the kind and version that those of a typed list (`PodList`) leave out.
fn list_items(value: &mut Value) -> Option<Vec<Value>> {
    let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (kind, version) = (text("kind")?, text("apiVersion"));
    let kind = kind.strip_suffix("List")?;
    let mut items = std::mem::take(value.get_mut("items")?.as_array_mut()?);
    if !kind.is_empty() {
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            for (key, text) in [("kind", Some(kind)), ("apiVersion", version.as_deref())] {
                if let (Some(text), false) = (text, item.contains_key(key)) {
                    item.shift_insert(0, key.to_owned(), text.into());
                }
            }
        }
    }
    Some(items)
}
