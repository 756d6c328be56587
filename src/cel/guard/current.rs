//! Whether an object in a cluster still says what was generated for it: no less, and nothing besides.

use serde_json::Value;

/// Whether an object says all of what is wanted, whatever else it says.
pub fn says(actual: &Value, wanted: &Value) -> bool {
    compare(actual, wanted, |_, _| true)
}

/// Whether an object of the guard is as it was generated. What somebody adds to its `spec` narrows it, by one more
/// condition or selector; only what the API server itself fills in may be there besides.
pub fn is_current(actual: &Value, wanted: &Value) -> bool {
    says(&actual["metadata"], &wanted["metadata"])
        && compare(&actual["spec"], &wanted["spec"], is_default)
}

fn compare(actual: &Value, wanted: &Value, may_be_there: fn(&str, &Value) -> bool) -> bool {
    match (actual, wanted) {
        (Value::Object(actual), Value::Object(wanted)) => {
            let is_said = |(key, wanted): (&String, &Value)| {
                let found = actual.get(key);
                found.is_some_and(|actual| compare(actual, wanted, may_be_there))
            };
            let mut more = actual.iter().filter(|(key, _)| !wanted.contains_key(*key));
            wanted.iter().all(is_said) && more.all(|(key, value)| may_be_there(key, value))
        }
        (Value::Array(actual), Value::Array(wanted)) => {
            actual.len() == wanted.len()
                && actual
                    .iter()
                    .zip(wanted)
                    .all(|(actual, wanted)| compare(actual, wanted, may_be_there))
        }
        (actual, wanted) => actual == wanted,
    }
}

/// What an API server fills in: selectors that select everything, and how versions are matched.
fn is_default(key: &str, value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => key == "matchPolicy" && text == "Equivalent",
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_current, says};

    fn wanted() -> Value {
        json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "annotations": {"hash": "1"}},
            "spec": {"rules": [{"verbs": ["CREATE"]}], "policy": "Fail", "match": {"kinds": ["pods"]}}})
    }

    /// As an API server lists it, where items name no kind.
    fn there() -> Value {
        let mut there = wanted();
        there
            .as_object_mut()
            .unwrap()
            .retain(|key, _| key != "kind" && key != "apiVersion");
        there["metadata"]["uid"] = "1".into();
        there["metadata"]["annotations"]["other"] = "x".into();
        there["spec"]["match"]["objectSelector"] = json!({});
        there["spec"]["match"]["matchPolicy"] = "Equivalent".into();
        there
    }

    #[test]
    fn what_an_api_server_adds_is_no_difference() {
        assert!(is_current(&there(), &wanted()));
        assert!(says(&json!({"a": 1, "b": 2}), &json!({"a": 1})));
        assert!(!says(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
    }

    #[test]
    fn what_somebody_changes_takes_away_or_adds_is_one() {
        let changes: [fn(&mut Value); 6] = [
            |o| o["spec"]["policy"] = "Ignore".into(),
            |o| o["spec"]["rules"] = json!([]),
            |o| o["spec"]["rules"][0]["verbs"] = json!(["CREATE", "UPDATE"]),
            |o| o["spec"]["match"]["objectSelector"] = json!({"matchLabels": {"a": "b"}}),
            |o| o["spec"]["conditions"] = json!([{"name": "never", "expression": "false"}]),
            |o| o["metadata"]["annotations"]["hash"] = "2".into(),
        ];
        for change in changes {
            let mut changed = there();
            change(&mut changed);
            assert!(!is_current(&changed, &wanted()), "{changed}");
        }
    }
}
