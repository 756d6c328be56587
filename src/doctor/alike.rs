//! Whether what is there is what was applied, although the API server adds defaults to it.

use serde_json::Value;

/// Whether everything of `wanted` is there: fields may be more, the entries of a list are the same ones in order.
pub(super) fn contains(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| there.get(key).is_some_and(|found| contains(found, value))),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(a, b)| contains(a, b))
        }
        _ => there == wanted,
    }
}

/// An object's name.
pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Its namespace.
pub(super) fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// `a, b, c and 4 more`.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 3;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{contains, some};

    #[test]
    fn defaults_that_were_added_do_not_matter_and_changes_do() {
        let wanted = json!({"a": [{"b": 1}], "c": "x"});
        assert!(contains(
            &json!({"a": [{"b": 1, "d": {}}], "c": "x", "e": 2}),
            &wanted
        ));
        for other in [
            json!({"a": [{"b": 2}], "c": "x"}),
            json!({"a": [{"b": 1}, {}], "c": "x"}),
            json!({"a": [{"b": 1}]}),
            json!([]),
        ] {
            assert!(!contains(&other, &wanted), "{other}");
        }
    }

    #[test]
    fn of_many_names_a_few_are_said() {
        assert_eq!(some(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
