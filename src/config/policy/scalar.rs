//! Single values: what a policy may write where its schema wants a text, a boolean or a whole number.

use serde_json::Value;

use super::formats::check_format;
use super::problem::shown;
use super::schema::OFF;
use crate::engine::vocabulary::suggest::nearest;

/// The values of an enum, without the other spellings of `off` and without the empty text.
pub(super) fn words(schema: &Value) -> Vec<&str> {
    let words = schema["enum"].as_array().into_iter().flatten();
    let words = words.filter_map(Value::as_str);
    let is_told = |word: &&str| !word.is_empty() && (*word == OFF[0] || !OFF.contains(word));
    words.filter(is_told).collect()
}

/// A text of an enum or of a format. An enum with `off` has its unquoted spellings too.
pub(super) fn text(text: &str, _: bool, schema: &Value) -> Result<Value, String> {
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

pub(super) fn boolean(text: &str, plain: bool, _: &Value) -> Result<Value, String> {
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

pub(super) fn whole(text: &str, plain: bool, schema: &Value) -> Result<Value, String> {
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
pub(super) fn is_truth(text: &str) -> bool {
    const VALUES: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let is_one_case =
        text.chars().skip(1).all(char::is_lowercase) || text.chars().all(char::is_uppercase);
    is_one_case && VALUES.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What it takes for a number.
pub(super) fn is_number(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.starts_with(begins) && text.parse::<f64>().is_ok()
}
