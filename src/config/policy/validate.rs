//! Validates a document against a schema and reports all problems at once.
//!
//! serde stops at the first mistake. A validator for JSON Schema knows no lines, and does not know that YAML may write
//! `off`, numbers and booleans where the type has a text.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::formats::LONGEST_VALUE;
use super::problem::{Problem, join, shown};
use super::scalar::{boolean, is_number, is_truth, text, whole, words};
use super::schema::{self, MOST_ENTRIES};
use super::tree::{Entry, Place};
use crate::engine::vocabulary::suggest::nearest;

/// Reads values by their schema, and collects what is wrong, each with its offset in the document.
#[derive(Default)]
pub(super) struct Validator {
    problems: Vec<(u64, Problem)>,
    /// Right in a file; a cluster ignores or refuses it.
    notes: Vec<(u64, Problem)>,
}

impl Validator {
    /// Reports a problem of this value.
    pub fn problem(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.problems.push((place.offset(), place.problem(message)));
    }

    /// Adds a note on this value.
    pub fn note(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.notes.push((place.offset(), place.problem(message)));
    }

    /// Reports that the field of that name has to be given.
    pub fn missing(&mut self, place: &Place<'_>, name: &str, meaning: &str) {
        let mut problem = place.problem(format!("missing; give {meaning}"));
        problem.path = join(&place.path, name);
        self.problems.push((place.offset(), problem));
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Problems and notes, in the order of the document.
    pub fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let in_order = |mut found: Vec<(u64, Problem)>| {
            found.sort_by_key(|(offset, problem)| (problem.line, *offset));
            found.dedup();
            found.into_iter().map(|(_, problem)| problem).collect()
        };
        (in_order(self.problems), in_order(self.notes))
    }

    /// The value with the schema's types. Wrong parts are reported and left out.
    pub fn read(&mut self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        if let Some(tag) = place.unknown_tag() {
            let message = format!("the tag {} means nothing here; remove it", shown(tag));
            self.problem(place, message);
        }
        if schema["properties"].is_object() {
            self.object(place, schema)
        } else if schema["additionalProperties"].is_object() {
            self.map(place, schema)
        } else if schema["items"].is_object() {
            self.list(place, schema)
        } else {
            self.single(place, schema)
        }
    }

    fn object(&mut self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        let fields = schema["properties"].as_object()?;
        let mut object = Map::new();
        for entry in self.entries(place)? {
            match fields.get(entry.key) {
                None => self.unknown(&entry, fields),
                Some(schema) if schema.is_object() && !entry.value.is_null() => {
                    let value = self.read(&entry.value, schema);
                    object.extend(value.map(|value| (entry.key.to_owned(), value)));
                }
                Some(_) => {}
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if place.get(name).is_none() {
                self.missing(place, name, &meaning(&fields[name]));
            }
        }
        Some(object.into())
    }

    fn unknown(&mut self, entry: &Entry<'_>, fields: &Map<String, Value>) {
        let known = fields.iter().filter(|(_, schema)| schema.is_object());
        let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
        let allowed = known.join(", ");
        let near = nearest(entry.key, known).map(str::to_owned);
        let meant = near.or_else(|| home(&schema::OF_READER, "", entry.key));
        let meant = meant.map(|meant| format!("did you mean {meant}? "));
        let meant = meant.unwrap_or_default();
        let message = format!("no such field; {meant}allowed here: {allowed}");
        self.problem(&entry.name, message);
    }

    /// An object with free keys.
    fn map(&mut self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        let entries = self.entries(place)?;
        self.limit(place, entries.len(), schema);
        let schema = &schema["additionalProperties"];
        let mut map = Map::new();
        for entry in entries {
            // The API server drops a null where an enum is wanted, before it validates.
            if !entry.value.is_null() || schema["enum"].is_null() {
                let value = self.read(&entry.value, schema);
                map.extend(value.map(|value| (entry.key.to_owned(), value)));
            }
        }
        Some(map.into())
    }

    fn list(&mut self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        let Some(items) = place.items() else {
            self.wrong_kind(place, "a list");
            return None;
        };
        self.limit(place, items.len(), schema);
        let mut values = Vec::new();
        for item in &items {
            if item.is_null() {
                self.problem(
                    item,
                    "nothing is written here; give it a value or remove it",
                );
            } else {
                values.extend(self.read(item, &schema["items"]));
            }
        }
        self.once(&items, &schema["items"]);
        Some(values.into())
    }

    /// No name stands twice in a list of named objects, and no value in a list of values.
    fn once(&mut self, items: &[Place<'_>], schema: &Value) {
        let mut seen = HashMap::new();
        for item in items {
            let value = match &schema["properties"] {
                Value::Null => Some(item.clone()),
                fields if fields["name"].is_null() => return,
                _ => item.get("name"),
            };
            let Some((value, text)) = value.and_then(|v| v.text().map(|text| (v, text))) else {
                continue;
            };
            if let Some(first) = seen.get(text) {
                let text = shown(text);
                let message = format!("{text} is at {first} already; rename or remove one");
                self.problem(&value, message);
            } else {
                seen.insert(text, value.path);
            }
        }
    }

    /// The fields of an object, each once.
    fn entries<'a>(&mut self, place: &Place<'a>) -> Option<Vec<Entry<'a>>> {
        let Some(mut entries) = place.entries() else {
            self.wrong_kind(place, "an object");
            return None;
        };
        let mut lines = HashMap::new();
        entries.retain(|entry| {
            let Some(first) = lines.get(entry.key) else {
                let line = entry.name.problem("").line;
                lines.insert(entry.key, line.unwrap_or_default());
                return true;
            };
            let message = format!("given twice, first on line {first}; keep one");
            self.problem(&entry.name, message);
            false
        });
        Some(entries)
    }

    fn limit(&mut self, place: &Place<'_>, entries: usize, schema: &Value) {
        let may_be_empty = schema["minItems"].is_null() && schema["minProperties"].is_null();
        if entries > MOST_ENTRIES {
            let message = format!("{entries} entries; at most {MOST_ENTRIES} are possible here");
            self.problem(place, message);
        } else if entries == 0 && !may_be_empty {
            let words = words(&schema["items"]).join(", ");
            let of_words = if words.is_empty() { "" } else { " of " };
            let message = format!("empty; write at least one{of_words}{words}");
            self.problem(place, message);
        }
    }

    fn single(&mut self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        type Read = fn(&str, bool, &Value) -> Result<Value, String>;
        let (wanted, read): (&str, Read) = match schema["type"].as_str() {
            Some("boolean") => ("true or false", boolean),
            Some("integer") => ("a whole number", whole),
            _ => ("a text", self::text),
        };
        let Some((text, plain)) = place.scalar() else {
            self.wrong_kind(place, wanted);
            return None;
        };
        if plain && wanted == "a text" {
            self.note_unquoted(place, text, schema);
        }
        let read = match text.chars().count() {
            ..=LONGEST_VALUE => read(text, plain, schema),
            length => Err(format!(
                "{length} characters; a value has at most {LONGEST_VALUE}"
            )),
        };
        read.map_err(|message| self.problem(place, message)).ok()
    }

    /// Notes a text that kubectl turns into a number or a boolean.
    fn note_unquoted(&mut self, place: &Place<'_>, text: &str, schema: &Value) {
        let takes_whole = schema["x-kubernetes-int-or-string"] == true;
        let what = match text {
            _ if is_truth(text) => "true or false",
            _ if is_number(text) && (!takes_whole || text.contains('.')) => "a number",
            _ => return,
        };
        self.note(place, format!(
            "{text} without quotes is {what} for kubectl, and the API server refuses that here; write \"{text}\""
        ));
    }

    fn wrong_kind(&mut self, place: &Place<'_>, wanted: &str) {
        let single = place.scalar().map(|(text, _)| shown(text));
        let found = match &single {
            Some(text) => format!("the single value {text}"),
            None if place.is_null() => "nothing".to_owned(),
            None if place.items().is_some() => "a list".to_owned(),
            None => "an object".to_owned(),
        };
        let fix = match (wanted, single) {
            ("a list", Some(text)) => format!("write [{text}]"),
            ("a list", None) => "write [first, second]".to_owned(),
            ("an object", _) => "write fields with a colon, such as `name: value`".to_owned(),
            _ => "write one value".to_owned(),
        };
        let message = format!("{found} where {wanted} belongs; {fix}");
        self.problem(place, message);
    }
}

/// What to give for a missing field: its description and the values of its enum.
fn meaning(schema: &Value) -> String {
    let words = words(schema).join(", ");
    let Some(about) = schema["description"].as_str() else {
        return words;
    };
    let about = about.split(';').next().unwrap_or_default();
    let about = about.trim_end_matches('.');
    let (first, rest) = about.split_at_checked(1).unwrap_or_default();
    let about = format!("{}{rest}", first.to_ascii_lowercase());
    if words.is_empty() {
        return about;
    }
    format!("{about}: {words}")
}

/// Where a field of that name belongs.
fn home(schema: &Value, path: &str, name: &str) -> Option<String> {
    if schema["items"].is_object() {
        return home(&schema["items"], &format!("{path}[]"), name);
    }
    let fields = schema["properties"].as_object()?;
    let is_here = fields.get(name).is_some_and(Value::is_object);
    let deeper = |(field, schema): (&String, &Value)| home(schema, &join(path, field), name);
    let here = is_here.then(|| join(path, name));
    here.or_else(|| fields.iter().find_map(deeper))
}
