//! The schema of a SharingPolicy and its CustomResourceDefinition, made from the type by schemars and kube.
//!
//! The reader uses the same schema and has the last word. The API server accepts every policy that the reader accepts,
//! with one exception: YAML may write a number or a boolean without quotes where JSON needs a text. A schema cannot
//! express some rules, so the reader alone checks them and reports them in the condition `Accepted`: keys of labels and
//! resources, schedulers and namespaces that stand twice, quantities below 0, and too long durations.
//!
//! Lists are atomic. Kubernetes must not merge them item by item: the order counts in most, and an entry that its author
//! removed must not stay. Unique items are therefore a rule in CEL.

use std::sync::LazyLock;

use kube::CustomResourceExt;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::formats::{Format, ObjectName};
use super::spec::{API_VERSION, KIND, SharingPolicy};

/// The most entries of a list or of an object with free keys.
pub(super) const MOST_ENTRIES: usize = 256;
/// `off`, and the spellings that YAML 1.1 makes of it without quotes.
pub(super) const OFF: [&str; 6] = ["off", "Off", "OFF", "false", "False", "FALSE"];

/// The fields of an object's `metadata` besides its name.
const OBJECT_META: &str = "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers \
    generateName generation labels managedFields namespace ownerReferences resourceVersion selfLink uid";

/// The CustomResourceDefinition of SharingPolicies.
///
/// # Errors
/// None in practice: the definition is always valid JSON.
pub fn definition() -> Result<Value, serde_json::Error> {
    let mut definition = serde_json::to_value(SharingPolicy::crd())?;
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema();
    Ok(definition)
}

/// The OpenAPI schema by which an API server checks a SharingPolicy.
pub fn schema() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let generator = settings.into_generator();
    let mut schema = generator.into_root_schema_for::<SharingPolicy>().to_value();
    // The built-in policy has these fields where a policy has none.
    for object in ["", "/properties/placement", "/properties/supply"] {
        let object = schema.pointer_mut(&format!("/properties/spec{object}"));
        object.and_then(|object| object.as_object_mut()?.shift_remove("required"));
    }
    structural(&mut schema);
    let fields = &mut schema["properties"];
    let (mut spec, status) = (fields["spec"].take(), fields["status"].take());
    // A policy without a spec is the built-in one.
    spec["nullable"] = true.into();
    json!({
        "description": schema["description"],
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    })
}

/// The reader's schema of the whole document. `true` marks a field that the reader ignores.
pub(super) static OF_READER: LazyLock<Value> = LazyLock::new(|| {
    let mut metadata = json!({"name": ObjectName::schema()});
    for name in OBJECT_META.split(' ') {
        metadata[name] = true.into();
    }
    json!({
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"enum": [API_VERSION]},
            "kind": {"enum": [KIND]},
            "metadata": {"properties": metadata},
            "spec": schema()["properties"]["spec"],
            "status": true,
        },
    })
});

/// Turns the output of schemars into a structural schema of Kubernetes.
fn structural(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    keywords(object);
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        required
            .as_array()
            .is_some_and(|r| r.contains(&name.into()))
    };
    if let Some(Value::Object(fields)) = object.get_mut("properties") {
        for (name, field) in fields {
            structural(field);
            // The API server drops a null where an enum is wanted, before it validates.
            let is_nullable = !is_required(name) && field["enum"].is_null();
            if let Some(field) = field.as_object_mut() {
                field.shift_remove("nullable");
                field.extend(is_nullable.then(|| ("nullable".to_owned(), true.into())));
            }
        }
    }
    if let Some(items) = object.get_mut("items") {
        structural(items);
        let most = items["enum"].as_array().map_or(MOST_ENTRIES, Vec::len);
        if !object.contains_key("x-kubernetes-list-type") {
            object.insert("x-kubernetes-list-type".to_owned(), "atomic".into());
            object.insert("maxItems".to_owned(), most.into());
        }
    }
    if let Some(values) = object.get_mut("additionalProperties") {
        structural(values);
        object.entry("maxProperties").or_insert(MOST_ENTRIES.into());
    }
}

/// The keywords of one schema. Kubernetes knows no type and no value `null`, and no unsigned formats.
fn keywords(object: &mut Map<String, Value>) {
    for unused in ["default", "title"] {
        object.shift_remove(unused);
    }
    for (keyword, value) in object {
        match (keyword.as_str(), value) {
            ("description", Value::String(about)) => *about = about.replace('\n', " "),
            ("format", format) if *format == "uint32" => *format = "int64".into(),
            ("type", kind) if kind.is_array() => *kind = kind[0].take(),
            ("enum", Value::Array(words)) => {
                words.retain(|word| !word.is_null());
                if words.contains(&OFF[0].into()) {
                    words.extend(OFF[1..].iter().map(|word| Value::from(*word)));
                }
            }
            _ => {}
        }
    }
}
