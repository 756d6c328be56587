//! Walking the document: objects, lists and single values, each with the path it has in messages.

use super::limits::{LONGEST_VALUE, MOST_ENTRIES};
use super::problem::{Report, join, shown};
use super::suggest::home;
use super::tree::{Entry, Node, Value};
use crate::engine::vocabulary::suggest::nearest;

/// A value in its place. Null fields count as absent, so a value here is not null unless said otherwise.
#[derive(Clone)]
pub(super) struct Field<'a> {
    /// Where problems go.
    pub report: &'a Report,
    /// Such as `spec.tiers[3].share`; empty for the document.
    pub path: String,
    node: &'a Node,
}

impl<'a> Field<'a> {
    /// The document as a whole.
    pub fn root(report: &'a Report, node: &'a Node) -> Self {
        Self {
            report,
            path: String::new(),
            node,
        }
    }

    /// Reports a problem of this value.
    pub fn problem(&self, message: impl Into<String>) {
        self.report.add(Some(self.node.mark), &self.path, message);
    }

    /// Reads an object; what `read` did not ask for is reported as unknown afterwards.
    pub fn object<T>(&self, read: impl FnOnce(&mut Fields<'a>) -> T) -> Option<T> {
        let entries = self.entries()?;
        let mut fields = Fields {
            of: self.clone(),
            entries,
            known: Vec::new(),
            ignored: &[],
            ignore_rest: false,
        };
        let value = read(&mut fields);
        fields.report_unknown();
        Some(value)
    }

    /// The entries of an object whose keys are the user's own; the only fields that may be null.
    pub fn pairs(&self) -> Vec<(&'a str, Self)> {
        let entries = self.entries().unwrap_or_default();
        self.limit(entries.len());
        let entries = entries.iter();
        entries
            .map(|entry| {
                let path = join(&self.path, &entry.key);
                (entry.key.as_str(), self.child(path, &entry.value))
            })
            .collect()
    }

    /// The entries of such an object that may not be empty; `what` says what it needs at least one of.
    pub fn some_pairs(&self, what: &str) -> Vec<(&'a str, Self)> {
        if matches!(&self.node.value, Value::Map(entries) if entries.is_empty()) {
            self.problem(format!("empty; write at least {what}"));
        }
        self.pairs()
    }

    /// Whether this is that text; nothing is reported.
    pub fn says(&self, wanted: &str) -> bool {
        matches!(&self.node.value, Value::Scalar { text, .. } if text == wanted)
    }

    /// Whether nothing, or `null`, is written here.
    pub fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Null)
    }

    /// The items of a list; empty ones are reported.
    pub fn items(&self) -> Vec<Self> {
        let Value::List(items) = &self.node.value else {
            self.wrong_kind("a list");
            return Vec::new();
        };
        self.limit(items.len());
        let items = items.iter().enumerate();
        items
            .map(|(index, node)| self.child(format!("{}[{index}]", self.path), node))
            .filter(Self::is_given)
            .collect()
    }

    /// The items of a list that may not be empty; `what` says what it needs at least one of.
    pub fn some_items(&self, what: &str) -> Vec<Self> {
        if matches!(&self.node.value, Value::List(items) if items.is_empty()) {
            self.problem(format!("empty; write at least {what}"));
        }
        self.items()
    }

    /// Says what is no mistake here, and one elsewhere.
    pub fn note(&self, message: impl Into<String>) {
        self.report.note(self.node.mark, &self.path, message);
    }

    /// A single value as it was written, quoted or not.
    pub fn text(&self) -> Option<&'a str> {
        let (text, plain) = self.scalar("a text")?;
        match plain {
            true if is_truth(text) => self.note_unquoted(text, "true or false"),
            true if text.contains('.') && is_number(text) => self.note_unquoted(text, "a number"),
            _ => {}
        }
        Some(text)
    }

    /// The same where a whole number is no text either.
    pub fn string(&self) -> Option<&'a str> {
        let text = self.text()?;
        if matches!(self.node.value, Value::Scalar { plain: true, .. })
            && !text.contains('.')
            && is_number(text)
        {
            self.note_unquoted(text, "a number");
        }
        Some(text)
    }

    fn note_unquoted(&self, text: &str, what: &str) {
        self.note(format!(
            "{text} without quotes is {what} for kubectl, and the API server refuses that here; write \"{text}\""
        ));
    }

    /// A single value as it was written, and whether it had no quotes.
    pub fn scalar(&self, wanted: &str) -> Option<(&'a str, bool)> {
        match &self.node.value {
            Value::Scalar { text, plain } => {
                let length = text.chars().count();
                if length > LONGEST_VALUE {
                    self.problem(format!(
                        "{length} characters; a value has at most {LONGEST_VALUE}"
                    ));
                    return None;
                }
                Some((text, *plain))
            }
            _ => {
                self.wrong_kind(wanted);
                None
            }
        }
    }

    fn entries(&self) -> Option<&'a [Entry]> {
        match &self.node.value {
            Value::Map(entries) => Some(entries),
            _ => {
                self.wrong_kind("an object");
                None
            }
        }
    }

    /// Reports what is too much to be checked.
    fn limit(&self, entries: usize) {
        if entries > MOST_ENTRIES {
            self.problem(format!(
                "{entries} entries; at most {MOST_ENTRIES} are possible here"
            ));
        }
    }

    fn child(&self, path: String, node: &'a Node) -> Self {
        Self {
            report: self.report,
            path,
            node,
        }
    }

    fn is_given(&self) -> bool {
        if self.is_null() {
            self.problem("nothing is written here; give it a value or remove it");
        }
        !self.is_null()
    }

    fn wrong_kind(&self, wanted: &str) {
        let found = match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("the single value {}", shown(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "an object".to_owned(),
        };
        let fix = match (&self.node.value, wanted) {
            (Value::Scalar { text, .. }, "a list") => format!("write [{}]", shown(text)),
            (_, "a list") => "write [first, second]".to_owned(),
            (_, "an object") => "write fields with a colon, such as `name: value`".to_owned(),
            _ => "write one value".to_owned(),
        };
        self.problem(format!("{found} where {wanted} belongs; {fix}"));
    }
}

/// What YAML 1.1 takes for a truth value where it has no quotes.
fn is_truth(text: &str) -> bool {
    const WORDS: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let is_one_case =
        text.chars().skip(1).all(char::is_lowercase) || text.chars().all(char::is_uppercase);
    is_one_case && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What it takes for a number.
fn is_number(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.starts_with(begins) && text.parse::<f64>().is_ok()
}

/// The fields of an object, asked for one by one.
pub(super) struct Fields<'a> {
    /// The object itself.
    pub of: Field<'a>,
    entries: &'a [Entry],
    known: Vec<&'static str>,
    ignored: &'static [&'static str],
    ignore_rest: bool,
}

impl<'a> Fields<'a> {
    /// The field of that name; none when absent or null.
    pub fn optional(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.known.push(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        if matches!(entry.value.value, Value::Null) {
            return None;
        }
        Some(self.of.child(join(&self.of.path, name), &entry.value))
    }

    /// The field of that name; `meaning` says what to give when it is absent.
    pub fn required(&mut self, name: &'static str, meaning: &str) -> Option<Field<'a>> {
        let field = self.optional(name);
        if field.is_none() {
            self.missing(name, meaning);
        }
        field
    }

    /// Reports that the field of that name has to be given.
    pub fn missing(&self, name: &str, meaning: &str) {
        let path = join(&self.of.path, name);
        let message = format!("missing; give {meaning}");
        self.of.report.add(Some(self.of.node.mark), &path, message);
    }

    /// Names that may be there and mean nothing here.
    pub fn ignore(&mut self, names: &'static [&'static str]) {
        self.ignored = names;
    }

    /// Reports no unknown field of this object.
    pub fn ignore_rest(&mut self) {
        self.ignore_rest = true;
    }

    fn report_unknown(&self) {
        if self.ignore_rest {
            return;
        }
        for entry in self.entries {
            let key = entry.key.as_str();
            if self.known.contains(&key) || self.ignored.contains(&key) {
                continue;
            }
            let allowed = self.known.join(", ");
            let meant = nearest(key, self.known.iter().copied()).or_else(|| home(key));
            let message = match meant {
                Some(meant) => {
                    format!("no such field; did you mean {meant}? allowed here: {allowed}")
                }
                None => format!("no such field; allowed here: {allowed}"),
            };
            self.of
                .report
                .add(Some(entry.mark), &join(&self.of.path, key), message);
        }
    }
}
