//! Reads a SharingPolicy and reports all its problems at once; also gives the built-in policy.
//!
//! A field that is absent or `null` has the built-in policy's value. A document without `spec.tiers` has the
//! built-in tiers; an empty list means no tier. The same reader serves YAML and JSON, because JSON is YAML.
//!
//! The steps: text, [`tree`] with lines, [`validate`] against the [`schema`] of the type, [`consistency`] between fields,
//! the type itself ([`spec`]), and [`convert`] to the engine's policy.

mod built_in;
mod cel_rules;
mod consistency;
mod convert;
mod enums;
mod formats;
mod problem;
mod scalar;
mod schema;
mod spec;
mod status;
mod tree;
mod validate;

use serde_json::{Map, Value, json};

use crate::engine::vocabulary::Policy;
use spec::{DEFAULT_NAME, SharingPolicySpec};
use validate::Validator;

pub use built_in::DEFAULT_TEXT;
pub use problem::{PolicyErrors, Problem};
pub use schema::{definition, schema};
pub use spec::{GROUP, KIND, PLURAL, VERSION};
pub use status::{PolicyObject, status};

/// Texts above this many bytes (1 MiB) are refused unread.
pub const MAX_BYTES: usize = 1 << 20;

/// The built-in policy.
///
/// # Errors
/// Only if [`DEFAULT_TEXT`] were broken, which the tests rule out.
pub fn built_in() -> Result<Policy, PolicyErrors> {
    read("built-in policy", DEFAULT_TEXT)
}

/// Reads one SharingPolicy from YAML or JSON; `source` is what errors call it, such as a file's name.
///
/// Labels, annotations and whatever else the API server adds to `metadata`, and `status`, mean nothing here.
///
/// # Errors
/// Everything that is wrong with the document, in its order. After a syntax error nothing else is looked at.
pub fn read(source: &str, text: &str) -> Result<Policy, PolicyErrors> {
    check(source, text).map(|(policy, _)| policy)
}

/// Reads a SharingPolicy from the JSON of an object in a cluster.
///
/// Only its name and its `spec` count. Annotations and `managedFields` may be long and may hold characters that YAML
/// does not allow.
///
/// # Errors
/// See [`read`].
pub fn read_object(source: &str, text: &str) -> Result<Policy, PolicyErrors> {
    let Ok(mut object) = serde_json::from_str::<Map<String, Value>>(text) else {
        // The reader says what is wrong, and where.
        return read(source, text);
    };
    object.shift_remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.retain(|key, _| key == "name");
    }
    read(source, &Value::from(object).to_string())
}

/// Reads a policy like [`read`], and also returns notes: things that are right in a file and that a cluster ignores or
/// refuses.
///
/// # Errors
/// See [`read`].
pub fn check(source: &str, text: &str) -> Result<(Policy, Vec<Problem>), PolicyErrors> {
    let mut validator = Validator::default();
    let policy = read_policy(text, &mut validator);
    let (mut problems, notes) = validator.finish();
    match policy {
        Ok(Some(policy)) if problems.is_empty() => return Ok((policy, notes)),
        Ok(_) => {}
        Err(problem) => problems.push(problem),
    }
    Err(PolicyErrors {
        source: source.to_owned(),
        problems,
    })
}

/// None if the validator has reported problems; an error is a problem of the text as a whole.
fn read_policy(text: &str, validator: &mut Validator) -> Result<Option<Policy>, Problem> {
    if text.len() > MAX_BYTES {
        let length = text.len();
        let message = format!("{length} bytes; a policy has at most {MAX_BYTES} (1 MiB)");
        return Err(Problem::of_text(None, message));
    }
    let document = tree::parse(text)?;
    let root = document.root();
    let schema = &*schema::OF_READER;
    // The fields of another kind or version cannot be judged.
    let mut is_another = false;
    for name in ["apiVersion", "kind"] {
        let (field, schema) = (root.get(name), &schema["properties"][name]);
        is_another |= field.is_some_and(|field| validator.read(&field, schema).is_none());
    }
    if is_another {
        return Ok(None);
    }
    let value = validator.read(&root, schema);
    if let Some(spec) = root.get("spec") {
        consistency::check(validator, &spec);
    }
    let Some(mut value) = value.filter(|_| validator.is_clean()) else {
        return Ok(None);
    };
    let name = value["metadata"]["name"].as_str().unwrap_or(DEFAULT_NAME);
    let name = name.to_owned();
    if let Some(field) = root.get("metadata.name").filter(|_| name != DEFAULT_NAME) {
        validator.note(&field, format!(
            "{name} is for files alone: in a cluster the SharingPolicy named {DEFAULT_NAME} counts, and no other"
        ));
    }
    let spec = value.get_mut("spec").map_or_else(|| json!({}), Value::take);
    let spec: SharingPolicySpec = serde_json::from_value(built_in::filled(spec))
        .map_err(|error| Problem::of_text(None, format!("spec: {error}")))?;
    Ok(Some(spec.policy(name)))
}
