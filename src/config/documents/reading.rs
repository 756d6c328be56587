//! Reads texts as JSON or YAML into values: no bombs, no guessed booleans, and no key twice that nobody hears of.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{MessageFormatter, UserMessageFormatter};

use super::chunk::{Chunk, split};
use super::doubled;
use super::input::Input;

/// The most bytes of one file.
pub(super) const LARGEST: usize = 64 << 20;
const MOST_ANCHORED: usize = 200_000;
const TEMPLATE: &str = "; it looks like a template (`{{`), which must be rendered first: review what `helm template` or the like prints";

/// Splits and parses one text: YAML documents, or JSON objects one after the other.
///
/// Lists are taken apart into their items, which get the kind their list implies. What is no `true` or `false`
/// is no boolean (`off` is a string), leading zeros are octal as in kubectl's reader, and infinities and NaN
/// are strings.
pub fn parse(source: &str, text: &str) -> Input {
    let mut input = Input::default();
    let mut document = 0;
    for chunk in split(text) {
        for reading in readings(&chunk) {
            let place = |flaw: &Flaw| {
                let mut place = format!("{source}: document {}", document + 1);
                let line = flaw.line.map(|line| line + chunk.lines);
                for (word, number) in [("line", line), ("column", flaw.column)] {
                    let number = number.map(|number| format!(", {word} {number}"));
                    place.extend(number);
                }
                place
            };
            let doubled = reading.doubled.iter().map(|again| {
                let (place, key) = (place(again), &again.problem);
                format!("{place}: the key `{key}` stands twice in one object, and the last one counts, as for kubectl; remove one of them")
            });
            input.doubled.extend(doubled);
            match reading.value {
                Ok(Value::Null) => continue,
                Ok(value) => input.add_value(source, document, None, value),
                Err(flaw) => {
                    let is_template = chunk.text.lines().any(has_placeholder);
                    let template = if is_template { TEMPLATE } else { "" };
                    let (place, problem) = (place(&flaw), &flaw.problem);
                    input.errors.push(format!("{place}: {problem}{template}"));
                }
            }
            document += 1;
        }
    }
    input
}

/// One value, if it could be read, and the keys in it that stand twice.
struct Reading {
    value: Result<Value, Flaw>,
    doubled: Vec<Flaw>,
}

/// What is wrong, or a key that stands twice, and where in the chunk.
struct Flaw {
    line: Option<usize>,
    column: Option<usize>,
    problem: String,
}

fn readings(chunk: &Chunk<'_>) -> Vec<Reading> {
    match json_start(chunk.text) {
        Some(start) => read_json(chunk.text, start),
        None => vec![read_yaml(chunk.text)],
    }
}

/// Where the JSON begins, unless it is YAML in flow style (`{kind: Pod}`).
fn json_start(text: &str) -> Option<usize> {
    let body = text.strip_prefix("---").unwrap_or(text).trim_start();
    let first = body.strip_prefix('{').map(str::trim_start);
    (body.starts_with('[') || first.is_some_and(|first| first.starts_with(['"', '}'])))
        .then_some(text.len() - body.len())
}

fn read_json(text: &str, start: usize) -> Vec<Reading> {
    let (before, body) = text.split_at_checked(start).unwrap_or(("", text));
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
    let mut readings = Vec::new();
    while let Some(next) = values.next() {
        readings.push(match next {
            Ok(raw) => {
                let from = start + values.byte_offset() - raw.get().len();
                let before = text.get(..from).unwrap_or_default();
                reading(raw.get(), before, usize::MAX, |limits| {
                    let mut reader = serde_json::Deserializer::from_str(raw.get());
                    let read = limits.deserialize(&mut reader);
                    read.map_err(|error| Flaw::of_json(&error, before))
                })
            }
            Err(error) => {
                let mut flaw = Flaw::of_json(&error, before);
                flaw.problem += " (what follows it in this document was not read)";
                Reading {
                    value: Err(flaw),
                    doubled: Vec::new(),
                }
            }
        });
    }
    readings
}

fn read_yaml(text: &str) -> Reading {
    let room = text.len().saturating_add(LARGEST);
    reading(text, "", room, |limits| {
        let read = |reader: serde_saphyr::Deserializer<'_, '_>| limits.deserialize(reader);
        serde_saphyr::with_deserializer_from_str_with_options(text, yaml_options(), read)
            .map_err(|error| Flaw::of_yaml(&error))
    })
}

/// Reads a text that stands behind another one; it may take so much room.
fn reading(
    text: &str,
    before: &str,
    room: usize,
    read: impl FnOnce(&Limits) -> Result<Value, Flaw>,
) -> Reading {
    let limits = Limits {
        room: Cell::new(room),
        doubled: RefCell::default(),
    };
    let value = read(&limits);
    let Some(first) = limits.doubled.into_inner() else {
        let doubled = Vec::new();
        return Reading { value, doubled };
    };
    let again = doubled::find(text).into_iter();
    let mut doubled: Vec<Flaw> = again
        .map(|again| Flaw::behind(before, (again.line, again.column), again.key))
        .collect();
    if doubled.is_empty() {
        // Nobody can tell the places.
        doubled.push(Flaw {
            line: None,
            column: None,
            problem: first,
        });
    }
    Reading { value, doubled }
}

impl Flaw {
    /// A flaw in a text that stands behind another one.
    fn behind(before: &str, (line, column): (usize, usize), problem: String) -> Self {
        let last = before.rsplit('\n').next().unwrap_or_default();
        let shift = if line == 1 { last.chars().count() } else { 0 };
        Self {
            line: Some(line + before.matches('\n').count()),
            column: Some(column + shift),
            problem,
        }
    }

    fn of_json(error: &serde_json::Error, before: &str) -> Self {
        let said = error.to_string();
        let said = said
            .rsplit_once(" at line ")
            .map_or(&*said, |(said, _)| said);
        // What is no syntax error comes from `Limits`, with advice of its own.
        let advice = if error.is_data() {
            ""
        } else {
            "; correct the JSON"
        };
        let place = (error.line(), error.column());
        Self::behind(before, place, format!("{said}{advice}"))
    }

    fn of_yaml(error: &serde_saphyr::Error) -> Self {
        let location = error.location();
        let known = |number: u64| usize::try_from(number).ok().filter(|number| *number > 0);
        let problem = UserMessageFormatter.format_message(error);
        Self {
            line: location.and_then(|at| known(at.line())),
            column: location.and_then(|at| known(at.column())),
            problem: format!("{problem}; correct the YAML"),
        }
    }
}

/// Whether `{{` stands outside quotes and comments.
fn has_placeholder(line: &str) -> bool {
    line.split_once("{{").is_some_and(|(before, _)| {
        !before.contains('#')
            && ['"', '\'']
                .iter()
                .all(|quote| before.matches(*quote).count() % 2 == 0)
    })
}

fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // A file's size bounds what is written out, `Limits` and the alias limits what aliases make of it.
        budget: serde_saphyr::budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
            max_recorded_anchor_events: MOST_ANCHORED,
            enforce_alias_anchor_ratio: false,
        },
        // Emitted comments count against a limit of 32 in a row, which real manifests exceed.
        emit_comments: false,
        // `Limits` sees them.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        legacy_octal_numbers: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// Builds a value, and counts and sees what the reader of `Value` lets pass: a key given twice, and size without end.
struct Limits {
    /// Bytes that may still be made: few aliases of one long text can make many.
    room: Cell<usize>,
    /// The first key that stood twice.
    doubled: RefCell<Option<String>>,
}

impl Limits {
    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.room.get().checked_sub(bytes.saturating_add(1));
        let left = left.ok_or_else(|| E::custom("its aliases repeat more text than allowed"))?;
        self.room.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &Limits {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Limits {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.spend(0).map(|()| Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.spend(value.len()).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut items = Vec::new();
        while let Some(item) = reader.next_element_seed(self)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut reader: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut object = Map::new();
        // A key of YAML may be null.
        while let Some(key) = reader.next_key::<Option<String>>()? {
            let key = key.unwrap_or_else(|| "null".to_owned());
            self.spend(key.len())?;
            match object.entry(key) {
                Entry::Occupied(mut entry) => {
                    let mut first = self.doubled.borrow_mut();
                    first.get_or_insert_with(|| entry.key().clone());
                    drop(first);
                    entry.insert(reader.next_value_seed(self)?);
                }
                Entry::Vacant(entry) => {
                    entry.insert(reader.next_value_seed(self)?);
                }
            }
        }
        Ok(object.into())
    }
}
