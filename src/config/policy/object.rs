//! A policy as an API server returns it: with much beside what somebody wrote.

use serde_json::{Map, Value};

use super::problem::PolicyErrors;
use super::read;
use crate::engine::Policy;

/// Reads a SharingPolicy from the JSON of an object in a cluster.
///
/// Only its name and what it says are looked at. Annotations and who wrote which field may be long, and hold
/// characters that no YAML has.
///
/// # Errors
/// See [`read`].
pub fn read_object(source: &str, text: &str) -> Result<Policy, PolicyErrors> {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(object) => read(source, &essence(object).to_string()),
        // The reader says what is wrong, and where.
        Err(_) => read(source, text),
    }
}

fn essence(mut object: Map<String, Value>) -> Value {
    object.shift_remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.retain(|key, _| key == "name");
    }
    object.into()
}
