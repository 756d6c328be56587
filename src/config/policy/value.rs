//! Single values: words of a closed list, names, numbers, quantities and durations.

use crate::engine::vocabulary::fraction::{Fraction, MAX_DECIMALS, NotAFraction};
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::quantity::Quantity;
use crate::engine::vocabulary::suggest::nearest;

use super::field::Field;
use super::problem::shown;

/// `off`, and what YAML 1.1 readers make of it when it has no quotes.
const OFF: [&str; 6] = ["off", "Off", "OFF", "false", "False", "FALSE"];
/// The longest duration a Go `time.Duration`, and so the API server, can hold.
const MAX_SECONDS: u64 = 2_562_047 * 3600;

/// A quantity above 0.
pub(super) const BYTES: &str = r"^\+?([0-9]*[1-9][0-9]*\.?[0-9]*|[0-9]*\.[0-9]*[1-9][0-9]*)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$";
/// Any quantity.
pub(super) const QUANTITY: &str =
    r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$";
/// A duration, as far as a pattern can say it.
pub(super) const DURATION: &str = "^([0-9]+[hms])+$";
/// Not only blanks.
pub(super) const FILLED: &str = r"\S";

/// What [`Fraction::parse`] takes.
pub(super) fn fraction_pattern() -> String {
    let before_the_last = MAX_DECIMALS - 1;
    format!(r"^(0*1(\.0+)?|0*\.[0-9]{{0,{before_the_last}}}[1-9]0*)$")
}

impl Field<'_> {
    /// One of the words of a closed list. Where `off` is among them, so are its unquoted forms.
    pub fn word<T: Copy>(&self, table: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let wanted = if OFF.contains(&text) { OFF[0] } else { text };
        let found = table.iter().find(|(word, _)| *word == wanted);
        if found.is_none() {
            self.none_of(text, table.iter().map(|(word, _)| *word));
        }
        found.map(|(_, value)| *value)
    }

    /// Reports a text that is none of those allowed.
    pub fn none_of<'w>(&self, text: &str, allowed: impl Iterator<Item = &'w str> + Clone) {
        let list: Vec<&str> = allowed.clone().map(quoted_off).collect();
        let list = list.join(", ");
        let meant = nearest(text, allowed);
        let text = shown(text);
        self.problem(match meant {
            Some(meant) => format!(
                "{text} is none of {list}; did you mean {}?",
                quoted_off(meant)
            ),
            None => format!("{text} is none of {list}; write one of them"),
        });
    }

    /// Whether this is the only text allowed; reported if not.
    pub fn is_exactly(&self, wanted: &str) -> bool {
        let Some(text) = self.text() else {
            return false;
        };
        if text != wanted {
            self.problem(format!("{} is not {wanted}; write {wanted}", shown(text)));
        }
        text == wanted
    }

    /// `true` or `false`, without quotes.
    pub fn boolean(&self) -> Option<bool> {
        const WORDS: [(&str, bool); 6] = [
            ("true", true),
            ("yes", true),
            ("on", true),
            ("false", false),
            ("no", false),
            ("off", false),
        ];
        let (text, plain) = self.scalar("true or false")?;
        let word = WORDS
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word));
        match word {
            Some((_, value)) if plain => Some(*value),
            _ => {
                let quotes = if word.is_some() { " in quotes" } else { "" };
                let text = shown(text);
                self.problem(format!(
                    "{text}{quotes} is no boolean; write true or false without quotes"
                ));
                None
            }
        }
    }

    /// A whole number within the limits, without quotes.
    pub fn whole(&self, min: i64, max: i64) -> Option<i64> {
        let (text, plain) = self.scalar("a whole number")?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        // A leading 0 means octal to YAML 1.1 and nothing to YAML 1.2.
        let decimal = digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let value = text.parse().ok().filter(|n| (min..=max).contains(n));
        if !plain || !decimal || value.is_none() {
            let quotes = if plain { "" } else { " in quotes" };
            let fix = format!("write a whole number from {min} to {max} without quotes");
            self.problem(format!(
                "{}{quotes} is not possible here; {fix}",
                shown(text)
            ));
            return None;
        }
        value
    }

    /// A share of a device, quoted or not.
    pub fn fraction(&self) -> Option<Fraction> {
        let text = self.text()?;
        Fraction::parse(text)
            .map_err(|why| {
                let fix = match why {
                    NotAFraction::OutOfRange => "write a decimal such as 0.25",
                    _ => "write one above 0 and at most 1",
                };
                self.problem(format!("{} is {why}; {fix}", shown(text)));
            })
            .ok()
    }

    /// A quantity above 0 in bytes, rounded up.
    pub fn bytes(&self) -> Option<u64> {
        let quantity = self.quantity("10Gi")?;
        if quantity.is_zero() || quantity.is_negative() {
            let text = self.text()?;
            self.problem(format!(
                "{} is not above 0; write a size such as 10Gi",
                shown(text)
            ));
            return None;
        }
        Some(quantity.ceil())
    }

    /// A Kubernetes quantity, negative ones included.
    pub fn quantity(&self, example: &str) -> Option<Quantity> {
        let text = self.text()?;
        Quantity::parse(text)
            .map_err(|why| {
                self.problem(format!(
                    "{} is {why}; write one such as {example}",
                    shown(text)
                ))
            })
            .ok()
    }

    /// A duration in seconds.
    pub fn seconds(&self) -> Option<u64> {
        let text = self.text()?;
        let seconds = seconds(text);
        if seconds.is_none() {
            let fix =
                "write hours, minutes and seconds such as 24h, 90m or 1h30m, at most 2562047h";
            self.problem(format!("{} is no duration; {fix}", shown(text)));
        }
        seconds
    }

    /// A name of at most 63 lower-case letters, digits and `-`.
    pub fn dns_label(&self) -> Option<String> {
        let text = self.string()?;
        if !is_dns_label(text) {
            let rule = "1 to 63 of a-z, 0-9 and -, with a letter or digit first and last";
            self.problem(format!("{} is no DNS label; use {rule}", shown(text)));
            return None;
        }
        Some(text.to_owned())
    }

    /// Any text that is not empty.
    pub fn filled(&self) -> Option<String> {
        let text = self.string()?;
        if text.trim().is_empty() {
            self.problem(format!(
                "{} is empty; write a name or remove it",
                shown(text)
            ));
            return None;
        }
        Some(text.to_owned())
    }
}

/// The ways in which the words of a closed list may be written.
pub(super) fn spellings<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    let ways = |word: &'static str| match word == OFF[0] {
        true => OFF.to_vec(),
        false => vec![word],
    };
    table.iter().flat_map(|(word, _)| ways(word)).collect()
}

/// `off` as it has to be written to be safe from YAML 1.1 readers.
fn quoted_off(word: &str) -> &str {
    if word == "off" { "\"off\"" } else { word }
}

/// Reads `1h30m`: whole numbers with `h`, `m` or `s`, in any order.
fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..unit].parse().ok()?;
        let seconds = match rest.as_bytes()[unit] {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = &rest[unit + 1..];
    }
    (!text.is_empty() && total <= MAX_SECONDS).then_some(total)
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
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
