//! What of the chart comes from elsewhere in this repository is the same there. That what it renders is what the
//! manifests hold is tested with Helm itself, in `tests/kubernetes/chart.rs`.

use std::fs;

use serde_json::Value;
use slicegate::cel::relevance;
use slicegate::config::documents;

use super::{check_golden, file};

const CHART: &str = "charts/slicegate";

#[test]
fn the_chart_asks_about_the_same_pods() {
    let text = format!("{}\n", relevance::expression());
    check_golden(&format!("{CHART}/files/touches-gpu.cel"), &text);
}

/// Helm installs what is in `crds` before all else, without rendering it.
#[test]
fn the_chart_holds_every_definition_that_the_manifests_hold() {
    let mut kept = Vec::new();
    for entry in fs::read_dir(file("webhook-config")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("text");
        if text.contains("\nkind: CustomResourceDefinition\n") {
            let name = path.file_name().expect("a name").to_string_lossy();
            let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
            fs::create_dir_all(file(&format!("{CHART}/crds"))).expect("a folder");
            check_golden(&format!("{CHART}/crds/{name}"), &text);
            kept.push(name.to_owned());
        }
    }
    assert!(!kept.is_empty(), "the manifests hold none");
    let entries = fs::read_dir(file(&format!("{CHART}/crds"))).expect("a folder");
    let there = entries.map(|e| e.expect("an entry").file_name());
    for name in there {
        let name = name.to_string_lossy();
        assert!(kept.iter().any(|k| **k == *name), "nobody applies {name}");
    }
}

#[test]
fn the_chart_is_of_the_programs_version() {
    let chart = one_document(&format!("{CHART}/Chart.yaml"));
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// A reader of the values learns what each of them does without reading a template.
#[test]
fn every_value_of_the_chart_has_a_comment_and_a_schema() {
    let path = format!("{CHART}/values.yaml");
    let text = fs::read_to_string(file(&path)).expect("text");
    let values = one_document(&path);
    let schema = fs::read_to_string(file(&format!("{CHART}/values.schema.json"))).expect("text");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let mut faults = Vec::new();
    described(&values, &schema, "", &mut faults);
    assert!(faults.is_empty(), "without a schema: {faults:?}");
    let without: Vec<&str> = uncommented(&text);
    assert_eq!(without, KNOWN_FROM_KUBERNETES, "without a comment");
}

/// What a pod's own field of this name means, or what says what it switches right above it.
const KNOWN_FROM_KUBERNETES: [&str; 11] = [
    "image:",
    "nodeSelector:",
    "tolerations: []",
    "podDisruptionBudget:",
    "networkPolicy:",
    "certificates:",
    "webhook:",
    "serviceAccount:",
    "podAnnotations: {}",
    "podLabels: {}",
    "extraEnv: []",
];

/// Keys at the beginning of a line that no comment stands above.
fn uncommented(text: &str) -> Vec<&str> {
    let mut before = "";
    let mut found = Vec::new();
    for line in text.lines() {
        let is_key = line.starts_with(|c: char| c.is_ascii_lowercase());
        if is_key && !before.starts_with('#') {
            found.push(line);
        }
        before = line;
    }
    found
}

fn described(value: &Value, schema: &Value, path: &str, faults: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        return;
    };
    let closed = schema["additionalProperties"] == false;
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        match schema["properties"].get(name) {
            Some(schema) => described(value, schema, &path, faults),
            None if closed => faults.push(path),
            None => {}
        }
    }
}

fn one_document(path: &str) -> Value {
    let text = fs::read_to_string(file(path)).expect("text");
    let mut input = documents::parse(path, &text);
    assert!(input.errors.is_empty(), "{:?}", input.errors);
    input.documents.remove(0).value
}
