//! Fields of objects as the API server prints them.

use serde_json::Value;

/// The name of all objects of an installation.
pub(super) const SLICEGATE: &str = "slicegate";

pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub(super) fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// `namespace/name`.
pub(super) fn full_name(object: &Value) -> String {
    format!("{}/{}", namespace(object), name(object))
}

pub(super) fn named<'o>(objects: &'o [Value], wanted: &str) -> Option<&'o Value> {
    objects.iter().find(|object| name(object) == wanted)
}

pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

pub(super) fn condition<'o>(object: &'o Value, kind: &str) -> &'o Value {
    let mut conditions = items(&object["status"]["conditions"]);
    conditions
        .find(|condition| condition["type"] == kind)
        .unwrap_or(&Value::Null)
}
