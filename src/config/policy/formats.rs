//! Formats of texts: names, keys, sizes, durations. Each format is a type with a pattern for the API server and a reader.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::problem::shown;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::{Fraction, NotAFraction, Quantity};

/// The most characters of a single value.
pub(super) const LONGEST_VALUE: usize = 320;
/// The characters of a DNS label.
const LONGEST_LABEL: usize = 63;
/// The characters of a prefix, a slash and a name.
const LONGEST_KEY: usize = 253 + 1 + LONGEST_LABEL;
/// The longest duration a Go `time.Duration`, and so the API server, can hold.
const MAX_SECONDS: u64 = 2_562_047 * 3600;

const NAME: &str = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// What [`key`] takes and a little more, since a pattern cannot count the parts of a prefix.
const KEY: &str = "^([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
const KEY_OR_NOTHING: &str =
    "^(([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// A quantity above 0.
const BYTES: &str = r"^\+?([0-9]*[1-9][0-9]*\.?[0-9]*|[0-9]*\.[0-9]*[1-9][0-9]*)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$";
const QUANTITY: &str = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$";
/// What [`Fraction::parse`] takes.
const FRACTION: &str = r"^(0*1(\.0+)?|0*\.[0-9]{0,29}[1-9]0*)$";

/// A format of texts.
pub(super) trait Format {
    /// The value of a text.
    type Value;
    /// The schema for the API server. It accepts every text that [`Format::read`] accepts.
    fn schema() -> Schema;
    /// Reads a text.
    ///
    /// # Errors
    /// A message with what was found, what is allowed and how to fix it.
    fn read(text: &str) -> Result<Self::Value, String>;
    /// The value as JSON, for the hash.
    fn json(value: &Self::Value) -> Value;
}

macro_rules! formats {
    ($($(#[$about:meta])* $format:ident: $value:ty = $pattern:expr, $longest:expr, $numbers:expr, $read:expr;)+) => {
        $($(#[$about])*
        #[derive(Clone, Debug)]
        pub(super) enum $format {}

        impl Format for $format {
            type Value = $value;

            fn schema() -> Schema {
                schema($pattern, $longest, $numbers)
            }

            fn read(text: &str) -> Result<$value, String> {
                $read(text)
            }

            fn json(value: &$value) -> Value {
                value.clone().into()
            }
        })+

        /// What is wrong with a text that needs the format with this pattern.
        pub(super) fn check_format(pattern: &str, text: &str) -> Option<String> {
            $(if pattern == $pattern {
                return $read(text).err();
            })+
            None
        }
    };
}

formats! {
    /// A name of lower-case letters, digits and `-`.
    DnsLabel: String = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", LONGEST_LABEL, None, dns_label;
    /// The name of a cluster-wide object.
    ObjectName: String = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", 253, None, object_name;
    /// A name as a label's value could be.
    Name: String = NAME, LONGEST_LABEL, None, name;
    /// The value of a taint or toleration; may be empty.
    LabelText: String = LABEL_VALUE, LONGEST_LABEL, None, label_value;
    /// The value of a label, which may be written as a number.
    LabelValue: String = LABEL_VALUE, LONGEST_VALUE, Some((0, None)), label_value;
    /// The key of a taint.
    Key: String = KEY, LONGEST_KEY, None, key;
    /// A key or nothing.
    KeyOrNothing: String = KEY_OR_NOTHING, LONGEST_KEY, None, key_or_nothing;
    /// Not only blanks.
    Filled: String = r"\S", LONGEST_VALUE, None, filled;
    /// Any quantity from 0.
    Amount: String = QUANTITY, LONGEST_VALUE, Some((0, None)), amount;
    /// A quantity above 0, in bytes, rounded up.
    Bytes: u64 = BYTES, LONGEST_VALUE, Some((1, None)), bytes;
    /// A share of a device.
    Part: String = FRACTION, LONGEST_VALUE, Some((1, Some(1))), part;
    /// A duration in seconds; a pattern cannot say how long one may be.
    Seconds: u64 = "^([0-9]+[hms])+$", LONGEST_VALUE, None, seconds;
}

/// The value of a text in this format.
#[derive(Clone, Debug)]
pub(super) struct Text<F: Format>(pub F::Value);

impl<F: Format> Serialize for Text<F> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        F::json(&self.0).serialize(writer)
    }
}

impl<'de, F: Format> Deserialize<'de> for Text<F> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        F::read(&text).map(Self).map_err(D::Error::custom)
    }
}

impl<F: Format> JsonSchema for Text<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        F::schema()
    }
}

/// `numbers` are the least and the greatest whole number, if JSON may have a number in place of the text.
fn schema(pattern: &str, longest: usize, numbers: Option<(i64, Option<i64>)>) -> Schema {
    let mut schema = json_schema!({"maxLength": longest, "pattern": pattern});
    let Some((least, most)) = numbers else {
        schema.insert("type".to_owned(), "string".into());
        return schema;
    };
    schema.insert("minimum".to_owned(), least.into());
    if let Some(most) = most {
        schema.insert("maximum".to_owned(), most.into());
    }
    schema.insert("x-kubernetes-int-or-string".to_owned(), true.into());
    schema
}

fn checked(good: bool, text: &str, fault: &str) -> Result<String, String> {
    let fault = || format!("{} {fault}", shown(text));
    good.then(|| text.to_owned()).ok_or_else(fault)
}

fn dns_label(text: &str) -> Result<String, String> {
    let fault =
        "is no DNS label; use 1 to 63 of a-z, 0-9 and -, with a letter or digit first and last";
    checked(is_dns_label(text), text, fault)
}

fn object_name(text: &str) -> Result<String, String> {
    let fault = "is no object name; use a-z, 0-9, - and ., with a letter or digit first and last, at most 253";
    checked(is_subdomain(text), text, fault)
}

fn name(text: &str) -> Result<String, String> {
    filled(text).and_then(|_| label_value(text))
}

fn label_value(text: &str) -> Result<String, String> {
    let fault = "has other characters or is too long; use at most 63 letters, digits, -, _ and ., with a letter or digit first and last";
    checked(text.is_empty() || is_name(text), text, fault)
}

fn key(text: &str) -> Result<String, String> {
    let good = match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(text),
    };
    let fault = "is no key; use an optional DNS name with a slash, then at most 63 letters, digits, -, _ and .";
    checked(good, text, fault)
}

fn key_or_nothing(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    key(text)
}

fn filled(text: &str) -> Result<String, String> {
    let fault = "is empty; write a name or remove it";
    checked(!text.trim().is_empty(), text, fault)
}

fn quantity(text: &str, example: &str) -> Result<Quantity, String> {
    Quantity::parse(text)
        .map_err(|why| format!("{} is {why}; write one such as {example}", shown(text)))
}

fn amount(text: &str) -> Result<String, String> {
    let fault = "is below 0; write 0 or more";
    checked(!quantity(text, "8")?.is_negative(), text, fault)
}

fn bytes(text: &str) -> Result<u64, String> {
    let quantity = quantity(text, "10Gi")?;
    let good = !quantity.is_zero() && !quantity.is_negative();
    checked(good, text, "is not above 0; write a size such as 10Gi").map(|_| quantity.ceil())
}

/// The shortest spelling of a fraction, so that all spellings have one hash.
fn part(text: &str) -> Result<String, String> {
    let part = Fraction::parse(text).map_err(|why| {
        let fix = match why {
            NotAFraction::OutOfRange => "write a decimal such as 0.25",
            _ => "write one above 0 and at most 1",
        };
        format!("{} is {why}; {fix}", shown(text))
    })?;
    Ok(part.to_string())
}

/// Reads `1h30m`: whole numbers with `h`, `m` or `s`, in any order.
fn seconds(text: &str) -> Result<u64, String> {
    let parts = text.split_inclusive(|c: char| !c.is_ascii_digit());
    let part = |part: &str| {
        let unit = match part.bytes().last()? {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        let number: u64 = part[..part.len() - 1].parse().ok()?;
        number.checked_mul(unit)
    };
    let sum = |total: u64, text| total.checked_add(part(text)?);
    let total = parts.into_iter().try_fold(0, sum);
    total
        .filter(|total| !text.is_empty() && *total <= MAX_SECONDS)
        .ok_or_else(|| {
            let fault = "is no duration; write hours, minutes and seconds such as 24h, 90m or 1h30m, at most 2562047h";
            format!("{} {fault}", shown(text))
        })
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

fn is_name(text: &str) -> bool {
    let edges = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric());
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= LONGEST_LABEL && edges && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("90m", Some(5400)),
            ("1h30m", Some(5400)),
            ("30s", Some(30)),
            ("0s", Some(0)),
            ("2562047h", Some(9_223_369_200)),
            ("2562048h", None),
            ("99999999999999999999h", None),
            ("9999999999999999999h", None),
            ("", None),
            ("24", None),
            ("h", None),
            ("1d", None),
            ("1h30", None),
            ("1ms", None),
            ("1.5h", None),
            ("-1h", None),
            ("1h 30m", None),
            ("1é", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text:?}");
        }
    }
}
