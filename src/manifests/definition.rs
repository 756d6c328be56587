//! The definition of the kind SharingPolicy, around the schema by which one is checked.

use serde_json::{Value, json};

/// The group of slicegate's own kinds.
pub const GROUP: &str = "slicegate.dev";
/// Their version.
pub const VERSION: &str = "v1alpha1";
/// The policy's kind.
pub const KIND: &str = "SharingPolicy";
/// The policy's collection.
pub const PLURAL: &str = "sharingpolicies";

/// The CustomResourceDefinition; the schema is the policy reader's.
pub fn sharing_policies(schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{PLURAL}.{GROUP}"),
            "labels": {"app.kubernetes.io/name": "slicegate"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": "sharingpolicy",
            },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": columns(),
                "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}

/// What `kubectl get` shows.
fn columns() -> Value {
    let column = |name: &str, about: &str, path: &str| json!({"name": name, "type": "string", "description": about, "jsonPath": path});
    let accepted = |field: &str| format!(".status.conditions[?(@.type==\"Accepted\")].{field}");
    let mut tier = column(
        "Default-Tier",
        "The tier of pods that name none",
        ".spec.defaultTier",
    );
    // With -o wide alone: most policies have none.
    tier["priority"] = 1.into();
    json!([
        column("Mode", "The most any namespace gets", ".spec.mode"),
        column("Accepted", "Whether it is in force", &accepted("status")),
        column("Reason", "Why, or why not", &accepted("reason")),
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        tier,
    ])
}
