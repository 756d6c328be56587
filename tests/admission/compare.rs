//! Every difference between what was expected and what came out, each on its line with its path.

use serde_json::Value;

/// The differences; keys `considered` and `says` count only where the expectation has them.
pub fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let mut list = Vec::new();
    compare("", expected, got, &mut list);
    list
}

fn compare(path: &str, expected: &Value, got: &Value, list: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            for (key, value) in expected {
                let path = format!("{path}/{key}");
                match got.get(key) {
                    Some(text) if key == "says" => says(&path, value, text, list),
                    Some(got) => compare(&path, value, got, list),
                    None => list.push(format!("{path}: {value} is missing")),
                }
            }
            for (key, value) in got {
                let optional = matches!(key.as_str(), "says" | "considered");
                if !expected.contains_key(key) && !optional {
                    list.push(format!("{path}/{key}: {value} was not expected"));
                }
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            for (index, value) in expected.iter().enumerate() {
                match got.get(index) {
                    Some(got) => compare(&format!("{path}/{index}"), value, got, list),
                    None => list.push(format!("{path}/{index}: {value} is missing")),
                }
            }
            for value in got.iter().skip(expected.len()) {
                list.push(format!("{path}: {value} was not expected"));
            }
        }
        _ if expected == got => {}
        _ => list.push(format!("{path}: expected {expected}, got {got}")),
    }
}

/// Words that a finding's message or fix has to hold.
fn says(path: &str, words: &Value, text: &Value, list: &mut Vec<String>) {
    let text = text.as_str().unwrap_or_default();
    for word in words
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !text.contains(word) {
            list.push(format!("{path}: {word:?} is not in {text:?}"));
        }
    }
}
