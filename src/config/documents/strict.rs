//! Reads one chunk as JSON or YAML into values: no bombs, no guessed booleans, and no key twice that nobody hears of.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{MessageFormatter, UserMessageFormatter};

use super::chunk::Chunk;
use super::{Doubled, InputError, LARGEST, Place, doubled};

const MOST_ANCHORED: usize = 200_000;

/// One value, if it could be read, and the keys in it that stand twice.
pub(super) struct Reading {
    pub(super) value: Result<Value, Flaw>,
    pub(super) doubled: Vec<Flaw>,
}

impl Chunk<'_> {
    pub(super) fn read(&self) -> Vec<Reading> {
        match self.json_start() {
            Some(start) => self.read_json(start),
            None => vec![self.read_yaml()],
        }
    }

    /// Where the JSON begins, unless it is YAML in flow style (`{kind: Pod}`).
    fn json_start(&self) -> Option<usize> {
        let body = self
            .text
            .strip_prefix("---")
            .unwrap_or(self.text)
            .trim_start();
        let first = body.strip_prefix('{').map(str::trim_start);
        (body.starts_with('[') || first.is_some_and(|first| first.starts_with(['"', '}'])))
            .then_some(self.text.len() - body.len())
    }

    fn read_json(&self, start: usize) -> Vec<Reading> {
        let (before, body) = self.text.split_at_checked(start).unwrap_or(("", self.text));
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
        let mut results = Vec::new();
        while let Some(next) = values.next() {
            results.push(match next {
                Ok(raw) => {
                    let from = start + values.byte_offset() - raw.get().len();
                    let before = self.text.get(..from).unwrap_or_default();
                    Reading::of(raw.get(), before, usize::MAX, |tree| {
                        let mut reader = serde_json::Deserializer::from_str(raw.get());
                        let read = tree.deserialize(&mut reader);
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
        results
    }

    fn read_yaml(&self) -> Reading {
        let room = self.text.len().saturating_add(LARGEST);
        Reading::of(self.text, "", room, |tree| {
            let read = |reader: serde_saphyr::Deserializer<'_, '_>| tree.deserialize(reader);
            serde_saphyr::with_deserializer_from_str_with_options(self.text, yaml_options(), read)
                .map_err(|error| Flaw::of_yaml(&error))
        })
    }
}

impl Reading {
    /// Reads a text that stands behind another one; it may take so much room.
    fn of(
        text: &str,
        before: &str,
        room: usize,
        read: impl FnOnce(Tree<'_>) -> Result<Value, Flaw>,
    ) -> Self {
        let limits = Limits {
            room: Cell::new(room),
            doubled: RefCell::default(),
        };
        let value = read(Tree { limits: &limits });
        let doubled = match limits.doubled.into_inner() {
            Some(first) => flaws(first, text, before),
            None => Vec::new(),
        };
        Self { value, doubled }
    }
}

/// The keys of a text that stand twice; of one whose places nobody can tell, the first.
fn flaws(first: String, text: &str, before: &str) -> Vec<Flaw> {
    let (lines, column) = end_of(before);
    let flaw = |again: doubled::Again| Flaw {
        line: Some(again.line + lines),
        column: Some(again.column + if again.line == 1 { column } else { 0 }),
        problem: again.key,
    };
    let mut found: Vec<Flaw> = doubled::find(text).into_iter().map(flaw).collect();
    if found.is_empty() {
        found.push(Flaw {
            line: None,
            column: None,
            problem: first,
        });
    }
    found
}

/// How many lines end in a text, and how many characters its last one has.
fn end_of(text: &str) -> (usize, usize) {
    let last = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count(), last.chars().count())
}

/// What is wrong, and where in the chunk.
pub(super) struct Flaw {
    line: Option<usize>,
    column: Option<usize>,
    problem: String,
}

impl Flaw {
    pub(super) fn at(self, source: &str, document: usize, chunk: &Chunk<'_>) -> InputError {
        let place = self.place(source, document, chunk);
        let problem = self.problem;
        if chunk.text.lines().any(has_placeholder) {
            InputError::Template { place, problem }
        } else {
            InputError::Malformed { place, problem }
        }
    }

    /// As what it is where it is a key that stands twice.
    pub(super) fn doubled(self, source: &str, document: usize, chunk: &Chunk<'_>) -> Doubled {
        Doubled {
            place: self.place(source, document, chunk),
            key: self.problem,
        }
    }

    fn place(&self, source: &str, document: usize, chunk: &Chunk<'_>) -> Place {
        Place {
            file: source.to_owned(),
            document,
            line: self.line.map(|line| line + chunk.lines),
            column: self.column,
        }
    }

    fn of_json(error: &serde_json::Error, before: &str) -> Self {
        let said = error.to_string();
        let said = said
            .rsplit_once(" at line ")
            .map_or(&*said, |(said, _)| said);
        // What is no syntax error comes from `Tree`, with advice of its own.
        let advice = if error.is_data() {
            ""
        } else {
            "; correct the JSON"
        };
        let (lines, same_line) = end_of(before);
        let shift = if error.line() == 1 { same_line } else { 0 };
        Self {
            line: Some(error.line() + lines),
            column: Some(error.column() + shift),
            problem: format!("{said}{advice}"),
        }
    }

    fn of_yaml(error: &serde_saphyr::Error) -> Self {
        let location = error.location();
        let known = |number: u64| usize::try_from(number).ok().filter(|number| *number > 0);
        let problem = format!(
            "{}; correct the YAML",
            UserMessageFormatter.format_message(error)
        );
        Self {
            line: location.and_then(|at| known(at.line())),
            column: location.and_then(|at| known(at.column())),
            problem,
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
        // A file's size bounds what is written out, `Tree` and the alias limits what aliases make of it.
        budget: serde_saphyr::budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
            max_recorded_anchor_events: MOST_ANCHORED,
            enforce_alias_anchor_ratio: false,
        },
        // Emitted comments count against a limit of 32 in a row, which real manifests exceed.
        emit_comments: false,
        // `Tree` sees them.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        legacy_octal_numbers: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// What is counted and seen while a value is read.
struct Limits {
    /// Bytes that may still be made: few aliases of one long text can make many.
    room: Cell<usize>,
    /// The first key that stood twice.
    doubled: RefCell<Option<String>>,
}

/// Builds a value, seeing what `Value`'s own reader lets pass: a key given twice, and size without end.
#[derive(Clone, Copy)]
struct Tree<'r> {
    limits: &'r Limits,
}

impl Tree<'_> {
    fn spend<E: Error>(self, bytes: usize) -> Result<(), E> {
        let room = &self.limits.room;
        let left = room.get().checked_sub(bytes.saturating_add(1));
        room.set(left.ok_or_else(|| E::custom("its aliases repeat more text than allowed"))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
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
                    let mut first = self.limits.doubled.borrow_mut();
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
