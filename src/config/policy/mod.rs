//! Reads a SharingPolicy and reports all its problems at once; also gives the built-in policy.
//!
//! A field that is absent or `null` has the built-in policy's value. A document without `spec.tiers` has the
//! built-in tiers; an empty list means no tier. The same reader serves YAML and JSON, because JSON is YAML.
//!
//! The steps: text, [`tree`] with lines, [`validate`] against the [`schema`] of the type, [`consistency`] between fields,
//! the type itself ([`spec`]), and [`convert`] to the engine's policy.

mod consistency;
mod convert;
mod enums;
mod formats;
mod problem;
mod schema;
mod spec;
mod status;
mod tree;
mod validate;

use serde_json::{Map, Value, json};

use crate::engine::vocabulary::Policy;
use problem::Report;
use spec::SharingPolicySpec;
use tree::Place;
use validate::Validator;

pub use problem::{PolicyErrors, Problem};
pub use schema::{definition, schema};
pub use spec::{GROUP, KIND, PLURAL, VERSION};
pub use status::{PolicyObject, status};

/// The built-in policy as text, comments and all.
pub const DEFAULT_TEXT: &str = include_str!("../default_policy.yaml");

/// Texts above this many bytes (1 MiB) are refused unread.
pub const MAX_BYTES: usize = 1 << 20;

/// The name of the only policy that counts in a cluster, and of a file that gives no name.
const DEFAULT_NAME: &str = "default";

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
    let report = Report::default();
    let policy = read_spec(text, &report).and_then(|(name, mut spec)| {
        if spec.tiers.is_none() {
            spec.tiers = read_spec(DEFAULT_TEXT, &report)?.1.tiers;
        }
        Some(spec.policy(name))
    });
    report.finish(source, policy)
}

/// The name and the `spec` of a policy without problems.
fn read_spec(text: &str, report: &Report) -> Option<(String, SharingPolicySpec)> {
    if text.len() > MAX_BYTES {
        let length = text.len();
        let message = format!("{length} bytes; a policy has at most {MAX_BYTES} (1 MiB)");
        report.add(None, "", message);
        return None;
    }
    let document = tree::parse(text, report)?;
    let root = document.root();
    let schema = &*schema::OF_READER;
    let validator = Validator { report, schema };
    if is_another(&validator, &root) {
        return None;
    }
    let mut value = validator.read(&root, schema)?;
    if let Some(spec) = root.get("spec") {
        consistency::check(&validator, &spec);
    }
    if report.has_problems() {
        return None;
    }
    let name = name(report, &root);
    let spec = value.get_mut("spec").map_or_else(|| json!({}), Value::take);
    serde_json::from_value(spec)
        .map(|spec| (name, spec))
        .map_err(|error| report.add(None, "spec", error.to_string()))
        .ok()
}

/// Whether the document has another kind or version. This reader cannot judge the fields of such a document.
fn is_another(validator: &Validator<'_>, root: &Place<'_>) -> bool {
    let head =
        ["apiVersion", "kind"].map(|name| (root.get(name), &validator.schema["properties"][name]));
    let wrong =
        head.map(|(field, schema)| field.is_some_and(|f| validator.read(&f, schema).is_none()));
    wrong.contains(&true)
}

fn name(report: &Report, root: &Place<'_>) -> String {
    let field = root
        .get("metadata")
        .and_then(|metadata| metadata.get("name"));
    let Some((field, (name, _))) = field.and_then(|f| f.scalar().map(|text| (f, text))) else {
        return DEFAULT_NAME.to_owned();
    };
    if name != DEFAULT_NAME {
        report.note(&field, format!(
            "{name} is for files alone: in a cluster the SharingPolicy named {DEFAULT_NAME} counts, and no other"
        ));
    }
    name.to_owned()
}
