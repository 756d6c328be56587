//! Writes a value as YAML for people: what fits on a line stands on one.

use std::fmt::Write as _;

use serde_json::Value;

const WIDTH: usize = 110;

/// The document, with a newline at its end.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, indent: usize) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(text, "{margin}{}:", scalar(key));
                below(text, value, indent, indent);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for value in list {
                let _ = write!(text, "{margin}-");
                let line = flow(value);
                if indent + 2 + line.len() <= WIDTH || is_scalar(value) {
                    let _ = writeln!(text, " {line}");
                } else {
                    // The first key stands beside the dash.
                    let mut inner = String::new();
                    block(&mut inner, value, indent + 2);
                    let _ = write!(text, " {}", inner.trim_start());
                }
            }
        }
        _ => {
            let _ = writeln!(text, "{margin}{}", flow(value));
        }
    }
}

fn below(text: &mut String, value: &Value, indent: usize, start: usize) {
    let line = flow(value);
    let list = matches!(value, Value::Array(list) if list.iter().any(|v| !is_scalar(v)));
    if is_scalar(value) || !list && start + line.len() + 20 <= WIDTH {
        let _ = writeln!(text, " {line}");
        return;
    }
    text.push('\n');
    let deeper = if value.is_array() { indent } else { indent + 2 };
    block(text, value, deeper);
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => true,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", scalar(k), flow(v)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Plain where no reader could take it for anything else, single quotes around JSON, else double quotes.
fn scalar(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./~".contains(&b);
    let starts = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'/');
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let word = words.contains(&text.to_ascii_lowercase().as_str());
    if starts && !word && text.bytes().all(plain) {
        return text.to_owned();
    }
    let printable = text.chars().all(|c| !c.is_control());
    if printable && text.contains('"') && !text.contains('\'') {
        return format!("'{text}'");
    }
    Value::from(text).to_string()
}
