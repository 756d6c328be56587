//! Whether an object in a cluster still says everything that was generated for it.

use serde_json::Value;

/// Whether an object says all of what is wanted, whatever an API server added to it.
pub fn says(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Object(actual), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| actual.get(key).is_some_and(|actual| says(actual, wanted))),
        (Value::Array(actual), Value::Array(wanted)) => {
            actual.len() == wanted.len() && actual.iter().zip(wanted).all(|(a, w)| says(a, w))
        }
        (actual, wanted) => actual == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::says;

    #[test]
    fn what_an_api_server_adds_is_no_difference_and_what_somebody_takes_away_is() {
        let wanted = json!({"spec": {"rules": [{"verbs": ["CREATE"]}], "policy": "Fail"}});
        let mut actual = json!({"metadata": {"uid": "1"},
            "spec": {"rules": [{"verbs": ["CREATE"], "scope": "*"}], "policy": "Fail", "more": 1}});
        assert!(says(&actual, &wanted));
        actual["spec"]["rules"][0]["verbs"] = json!(["CREATE", "UPDATE"]);
        assert!(!says(&actual, &wanted));
        actual["spec"]["rules"][0]["verbs"] = json!(["CREATE"]);
        actual["spec"]["policy"] = json!("Ignore");
        assert!(!says(&actual, &wanted));
        assert!(!says(&json!({}), &wanted));
    }
}
