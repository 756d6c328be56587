//! A node as a watch tells of it: stock labels, and all that nobody here asks for.

use serde_json::{Value, json};
use slicegate::config::documents;

const STOCK: &str = include_str!("../nodes/stock/mig-mixed-suffixes-rtxpro6000-x4.yaml");

/// The node's JSON: with fifty images and the fields of five managers it is about as large as on a real cluster.
pub fn node() -> String {
    let input = documents::parse("a stock node", STOCK);
    let mut node = input.documents[0].value.clone();
    node["metadata"]["managedFields"] = (0..5).map(manager).collect();
    node["status"]["images"] = (0..50).map(image).collect();
    node.to_string()
}

fn manager(number: u32) -> Value {
    let labels: serde_json::Map<String, Value> = (0..40)
        .map(|label| (format!("f:nvidia.com/gpu.{number}.{label}"), json!({})))
        .collect();
    json!({
        "manager": format!("manager-{number}"), "operation": "Update", "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": labels}},
    })
}

fn image(number: u32) -> Value {
    let digest = format!("{number:064x}");
    json!({
        "names": [format!("registry.example.com/team/image-{number}@sha256:{digest}"),
            format!("registry.example.com/team/image-{number}:1.{number}")],
        "sizeBytes": 100_000_000 + number,
    })
}
