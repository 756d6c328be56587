//! Validates a document against a schema and reports all problems at once.
//!
//! serde stops at the first mistake. A validator for JSON Schema knows no lines, and does not know that YAML may write
//! `off`, numbers and booleans where the type has a text.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use serde_json::{Map, Value};

use super::formats::{LONGEST_VALUE, check_format};
use super::problem::{Report, join, shown};
use super::schema::{MOST_ENTRIES, OFF};
use super::tree::{Entry, Place};
use crate::engine::vocabulary::suggest::nearest;

/// Reads values by their schema.
pub(super) struct Validator<'r> {
    pub report: &'r Report,
    /// The schema of the whole document. It tells where a misplaced field belongs.
    pub schema: &'r Value,
}

impl Validator<'_> {
    /// The value with the schema's types. Wrong parts are reported and left out.
    pub fn read(&self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        if let Some(tag) = place.unknown_tag() {
            let message = format!("the tag {} means nothing here; remove it", shown(tag));
            self.report.problem(place, message);
        }
        if let Some(fields) = schema["properties"].as_object() {
            self.object(place, schema, fields)
        } else if schema["additionalProperties"].is_object() {
            self.map(place, schema)
        } else if schema["items"].is_object() {
            self.list(place, schema)
        } else {
            self.single(place, schema)
        }
    }

    fn object(
        &self,
        place: &Place<'_>,
        schema: &Value,
        fields: &Map<String, Value>,
    ) -> Option<Value> {
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

    /// Reports that the field of that name has to be given.
    pub fn missing(&self, place: &Place<'_>, name: &str, meaning: &str) {
        let message = format!("missing; give {meaning}");
        self.report
            .add(place.mark(), &join(&place.path, name), message);
    }

    fn unknown(&self, entry: &Entry<'_>, fields: &Map<String, Value>) {
        let known = fields.iter().filter(|(_, schema)| schema.is_object());
        let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
        let allowed = known.join(", ");
        let near = nearest(entry.key, known).map(str::to_owned);
        let meant = near.or_else(|| home(self.schema, "", entry.key));
        let meant = meant.map(|meant| format!("did you mean {meant}? "));
        let meant = meant.unwrap_or_default();
        let message = format!("no such field; {meant}allowed here: {allowed}");
        self.report.problem(&entry.name, message);
    }

    /// An object with free keys.
    fn map(&self, place: &Place<'_>, schema: &Value) -> Option<Value> {
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

    fn list(&self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        let Some(items) = place.items() else {
            self.wrong_kind(place, "a list");
            return None;
        };
        self.limit(place, items.len(), schema);
        let item = |item: &Place<'_>| {
            if item.is_null() {
                let message = "nothing is written here; give it a value or remove it";
                self.report.problem(item, message);
                return None;
            }
            self.read(item, &schema["items"])
        };
        Some(items.iter().filter_map(item).collect())
    }

    /// The fields of an object, each once.
    fn entries<'a>(&self, place: &Place<'a>) -> Option<Vec<Entry<'a>>> {
        let Some(mut entries) = place.entries() else {
            self.wrong_kind(place, "an object");
            return None;
        };
        let mut lines = HashMap::new();
        entries.retain(|entry| match lines.entry(entry.key) {
            Slot::Occupied(first) => {
                let message = format!("given twice, first on line {}; keep one", first.get());
                self.report.problem(&entry.name, message);
                false
            }
            Slot::Vacant(free) => {
                free.insert(entry.name.mark().map_or(0, |mark| mark.line));
                true
            }
        });
        Some(entries)
    }

    fn limit(&self, place: &Place<'_>, entries: usize, schema: &Value) {
        let may_be_empty = schema["minItems"].is_null() && schema["minProperties"].is_null();
        let words = words(&schema["items"]).join(", ");
        if entries > MOST_ENTRIES {
            let message = format!("{entries} entries; at most {MOST_ENTRIES} are possible here");
            self.report.problem(place, message);
        } else if entries == 0 && !may_be_empty {
            let of_words = if words.is_empty() { "" } else { " of " };
            let message = format!("empty; write at least one{of_words}{words}");
            self.report.problem(place, message);
        }
    }

    fn single(&self, place: &Place<'_>, schema: &Value) -> Option<Value> {
        let wanted = match schema["type"].as_str() {
            Some("boolean") => "true or false",
            Some("integer") => "a whole number",
            _ => "a text",
        };
        let Some((text, plain)) = place.scalar() else {
            self.wrong_kind(place, wanted);
            return None;
        };
        let length = text.chars().count();
        let read = match wanted {
            _ if length > LONGEST_VALUE => Err(format!(
                "{length} characters; a value has at most {LONGEST_VALUE}"
            )),
            "true or false" => boolean(text, plain),
            "a whole number" => whole(text, plain, schema),
            _ => {
                if plain {
                    self.note_unquoted(place, text, schema);
                }
                self::text(text, schema)
            }
        };
        read.map_err(|message| self.report.problem(place, message))
            .ok()
    }

    /// Notes a text that kubectl turns into a number or a boolean.
    fn note_unquoted(&self, place: &Place<'_>, text: &str, schema: &Value) {
        let takes_whole = schema["x-kubernetes-int-or-string"] == true;
        let what = match text {
            _ if is_truth(text) => "true or false",
            _ if is_number(text) && (!takes_whole || text.contains('.')) => "a number",
            _ => return,
        };
        self.report.note(place, format!(
            "{text} without quotes is {what} for kubectl, and the API server refuses that here; write \"{text}\""
        ));
    }

    fn wrong_kind(&self, place: &Place<'_>, wanted: &str) {
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
        self.report.problem(place, message);
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

/// The values of an enum, without the other spellings of `off` and without the empty text.
fn words(schema: &Value) -> Vec<&str> {
    let words = schema["enum"].as_array().into_iter().flatten();
    let words = words.filter_map(Value::as_str);
    let is_told = |word: &&str| !word.is_empty() && (*word == OFF[0] || !OFF.contains(word));
    words.filter(is_told).collect()
}

/// A text of an enum or of a format. An enum with `off` has its unquoted spellings too.
fn text(text: &str, schema: &Value) -> Result<Value, String> {
    if let Some(listed) = schema["enum"].as_array() {
        let words = words(schema);
        let is_listed = listed.iter().any(|word| word == text);
        return match words.as_slice() {
            _ if OFF.contains(&text) && is_listed => Ok(OFF[0].into()),
            _ if is_listed => Ok(text.into()),
            [one] => Err(format!("{} is not {one}; write {one}", shown(text))),
            words => Err(none_of(text, words)),
        };
    }
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    check_format(pattern, text).map_or_else(|| Ok(text.into()), Err)
}

/// The message for a text that is none of the allowed ones.
pub(super) fn none_of(text: &str, allowed: &[&str]) -> String {
    // YAML 1.1 reads an unquoted `off` as a boolean.
    let quoted = |word: &str| match word {
        "off" => "\"off\"".to_owned(),
        _ => word.to_owned(),
    };
    let list: Vec<String> = allowed.iter().map(|word| quoted(word)).collect();
    let list = list.join(", ");
    let meant = nearest(text, allowed.iter().copied()).map(quoted);
    let text = shown(text);
    match meant {
        Some(meant) => format!("{text} is none of {list}; did you mean {meant}?"),
        None => format!("{text} is none of {list}; write one of them"),
    }
}

fn boolean(text: &str, plain: bool) -> Result<Value, String> {
    let is_in = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let (yes, no) = (is_in(["true", "yes", "on"]), is_in(["false", "no", "off"]));
    if plain && (yes || no) {
        return Ok(yes.into());
    }
    let quotes = if yes || no { " in quotes" } else { "" };
    let text = shown(text);
    Err(format!(
        "{text}{quotes} is no boolean; write true or false without quotes"
    ))
}

fn whole(text: &str, plain: bool, schema: &Value) -> Result<Value, String> {
    let min = schema["minimum"].as_i64().unwrap_or(i64::MIN);
    let max = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    let digits = text.strip_prefix('-').unwrap_or(text);
    // A leading 0 means octal to YAML 1.1 and nothing to YAML 1.2.
    let decimal =
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let value = text.parse::<i64>().ok();
    let value = value.filter(|n| plain && decimal && (min..=max).contains(n));
    value.map(Value::from).ok_or_else(|| {
        let quotes = if plain { "" } else { " in quotes" };
        let fix = format!("write a whole number from {min} to {max} without quotes");
        format!("{}{quotes} is not possible here; {fix}", shown(text))
    })
}

/// What YAML 1.1 takes for a boolean where it has no quotes.
fn is_truth(text: &str) -> bool {
    const VALUES: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let is_one_case =
        text.chars().skip(1).all(char::is_lowercase) || text.chars().all(char::is_uppercase);
    is_one_case && VALUES.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What it takes for a number.
fn is_number(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.starts_with(begins) && text.parse::<f64>().is_ok()
}
