//! What an API server checks of a SharingPolicy: OpenAPI made from the tables and limits by which it is read.
//!
//! The reader stays the judge. What it takes, the schema takes as well, but for values that YAML writes without quotes
//! where JSON knows a text only: `off` and `false` as a mode or severity, numbers and truth values as a name or label,
//! a fraction or a size with a point. What the schema cannot say is left to the reader, whose word is the condition
//! `Accepted`: keys of labels and resources, schedulers and namespaces given twice, quantities below 0, durations
//! beyond what Kubernetes can hold.
//!
//! Fields that are not in here never reach slicegate: the API server refuses them where the client asks for strict
//! checks, as kubectl does, and else drops them, with a warning for whoever reads it. So it may do with `null`.
//!
//! Lists are atomic and not merged item by item when several people apply parts: order means something in most, and
//! none should hold an entry that its author took out. What may stand in them only once is therefore a rule of its own.

use serde_json::{Map, Value, json};

use super::limits::{LONGEST_VALUE, MOST_ENTRIES};
use super::value::spellings;

/// A name with its schema.
pub(super) type Property = (&'static str, Value);

/// An object: fields that have to be there, and those that may be absent or null.
pub(super) fn object(about: &str, required: Vec<Property>, optional: Vec<Property>) -> Value {
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    let mut properties = Map::new();
    for (name, schema) in required {
        properties.insert(name.to_owned(), schema);
    }
    for (name, schema) in optional {
        properties.insert(name.to_owned(), nullable(schema));
    }
    let mut object = json!({"description": about, "type": "object", "properties": properties});
    if !names.is_empty() {
        object["required"] = names.into();
    }
    object
}

/// A list of at most as many as the reader takes.
pub(super) fn list(about: &str, items: Value) -> Value {
    list_of(about, items, 0..=MOST_ENTRIES)
}

/// A list with at least one.
pub(super) fn some(about: &str, items: Value) -> Value {
    list_of(about, items, 1..=MOST_ENTRIES)
}

/// A list of words, each at most once.
pub(super) fn each_once<T>(about: &str, table: &[(&'static str, T)], least: usize) -> Value {
    let items = json!({"type": "string", "enum": spellings(table)});
    let list = list_of(about, items, least..=table.len());
    with_rules(list, &[once("")])
}

fn list_of(about: &str, items: Value, length: std::ops::RangeInclusive<usize>) -> Value {
    let mut list = json!({
        "description": about,
        "type": "array",
        "x-kubernetes-list-type": "atomic",
        "maxItems": length.end(),
    });
    list["items"] = items;
    if *length.start() > 0 {
        list["minItems"] = (*length.start()).into();
    }
    list
}

/// An object whose keys are the user's own.
pub(super) fn map(about: &str, values: Value, most: usize) -> Value {
    let mut map = json!({"description": about, "type": "object", "maxProperties": most});
    map["additionalProperties"] = values;
    map
}

/// One of the words of a closed list, in each of the ways in which it is taken.
pub(super) fn word<T>(about: &str, table: &[(&'static str, T)]) -> Value {
    json!({"description": about, "type": "string", "enum": spellings(table)})
}

/// A text of this form.
pub(super) fn text(about: &str, pattern: &str, longest: usize) -> Value {
    json!({"description": about, "type": "string", "maxLength": longest, "pattern": pattern})
}

/// A number within limits, or a text of this form, as quantities are written.
pub(super) fn number_or_text(
    about: &str,
    pattern: &str,
    (least, most): (i64, Option<i64>),
) -> Value {
    let mut schema = json!({
        "description": about,
        "x-kubernetes-int-or-string": true,
        "maxLength": LONGEST_VALUE,
        "pattern": pattern,
        "minimum": least,
    });
    if let Some(most) = most {
        schema["maximum"] = most.into();
    }
    schema
}

/// A whole number within limits.
pub(super) fn whole(about: &str, least: i64, most: i64) -> Value {
    let mut schema = json!({"description": about, "type": "integer", "format": "int64"});
    // Those of the format itself would say nothing, and be rounded by readers that know floats alone.
    if least != i64::MIN {
        schema["minimum"] = least.into();
    }
    if most != i64::MAX {
        schema["maximum"] = most.into();
    }
    schema
}

/// `true` or `false`.
pub(super) fn boolean(about: &str) -> Value {
    json!({"description": about, "type": "boolean"})
}

/// The same, or null. It is no word of any closed list, so there the API server drops it before it looks.
pub(super) fn nullable(mut schema: Value) -> Value {
    if schema["enum"].is_null() {
        schema["nullable"] = true.into();
    }
    schema
}

/// What has to hold, in CEL, and what is said where it does not.
pub(super) struct Rule {
    holds: String,
    message: String,
    telling: Option<String>,
    at: Option<&'static str>,
}

/// A rule.
pub(super) fn rule(holds: impl Into<String>, message: impl Into<String>) -> Rule {
    Rule {
        holds: holds.into(),
        message: message.into(),
        telling: None,
        at: None,
    }
}

impl Rule {
    /// Says it of a field of the object.
    pub(super) fn at(mut self, field: &'static str) -> Self {
        self.at = Some(field);
        self
    }

    /// Says what was found before the rest of the message, by an expression.
    pub(super) fn telling(mut self, expression: &str) -> Self {
        self.telling = Some(format!("{expression} + ' {}'", self.message));
        self
    }

    fn object(&self) -> Value {
        let mut object = json!({"rule": self.holds, "message": self.message});
        if let Some(expression) = &self.telling {
            object["messageExpression"] = expression.as_str().into();
        }
        if let Some(field) = self.at {
            object["fieldPath"] = format!(".{field}").into();
        }
        object
    }
}

/// That no two items of a list have the same field; the items themselves where no field is named.
///
/// Which one it is would cost more to say than an API server allows.
pub(super) fn once(field: &str) -> Rule {
    let (dot, what) = match field {
        "" => ("", "entry"),
        _ => (".", field),
    };
    rule(
        format!("self.all(a, self.exists_one(b, b{dot}{field} == a{dot}{field}))"),
        format!("the same {what} is given twice; rename or remove one"),
    )
}

/// The schema with rules.
pub(super) fn with_rules(mut schema: Value, rules: &[Rule]) -> Value {
    schema["x-kubernetes-validations"] = rules.iter().map(Rule::object).collect();
    schema
}

/// A list of texts in CEL.
pub(super) fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    // Words of ours, without anything that would have to be escaped.
    let quoted: Vec<String> = texts.into_iter().map(|t| format!("'{t}'")).collect();
    format!("[{}]", quoted.join(", "))
}
