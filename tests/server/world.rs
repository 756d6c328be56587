//! What the servers of these tests are given, and what they are asked.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Nodes and namespaces of the examples, with one namespace in dry-run, and a copy of the built-in policy.
pub fn write(folder: &Path) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::copy(examples.join("nodes.yaml"), folder.join("nodes.yaml")).expect("nodes");
    let namespaces = fs::read_to_string(examples.join("namespaces.yaml")).expect("namespaces");
    write_namespaces(folder, &namespaces);
    write_policy(folder, "built-in");
}

fn write_namespaces(folder: &Path, of_the_examples: &str) {
    let more = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "trial", "annotations": {
            "slicegate.dev/mode": "dry-run", "slicegate.dev/tier": "trusted-inference"}}});
    let text = format!("{of_the_examples}\n---\n{more}\n");
    fs::write(folder.join("namespaces.yaml"), text).expect("namespaces");
}

/// The built-in policy under a name.
pub fn write_policy(folder: &Path, name: &str) {
    let built_in = slicegate::config::policy::DEFAULT_TEXT;
    let policy = built_in.replace("name: default", &format!("name: {name}"));
    assert!(policy.contains(&format!("name: {name}")));
    fs::write(folder.join("policy.yaml"), policy).expect("a policy");
}

/// A pod with a GPU.
pub fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"containers": [{
        "name": "main", "image": "registry.example/app:1",
        "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}}}]}})
}

/// A pod that is refused: it takes every GPU of its node past its request.
pub fn attack() -> Value {
    let mut pod = pod();
    pod["spec"]["containers"][0]["env"] =
        json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]);
    pod
}

/// The review an API server sends for a pod's creation.
pub fn review(uid: &str, namespace: &str, object: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid,
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": namespace, "operation": "CREATE",
        "userInfo": {"username": "user@example.com"},
        "object": object, "oldObject": null, "dryRun": false}})
}
