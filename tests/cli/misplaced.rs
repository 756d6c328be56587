//! Keys of slicegate's on a workload's own metadata, where they do nothing.

use serde_json::{Value, json};

use crate::review_of;

fn findings(manifest: &Value) -> Vec<Value> {
    let run = review_of(&["-f", "-", "-o", "json"], &manifest.to_string());
    let report: Value = serde_json::from_str(&run.out).expect("a report");
    let found = report["items"][0]["findings"].as_array();
    let found = found.expect("findings").iter();
    found
        .filter(|f| f["rule"] == "unknown-key")
        .cloned()
        .collect()
}

#[test]
fn a_key_on_a_workload_itself_is_told_where_it_belongs() {
    let pod = json!({"spec": {"containers": [{"name": "a", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}});
    let metadata = json!({
        "name": "w", "namespace": "team-a",
        "annotations": {"slicegate.dev/gpu-memory": "4Gi", "note": "x"},
        "labels": {"slicegate.dev/teir": "production"},
    });
    for (kind, version, spec, home) in [
        (
            "Deployment",
            "apps/v1",
            json!({"template": pod}),
            "spec.template",
        ),
        (
            "CronJob",
            "batch/v1",
            json!({"jobTemplate": {"spec": {"template": pod}}}),
            "spec.jobTemplate.spec.template",
        ),
    ] {
        let workload =
            json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
        let found = findings(&workload);
        let [memory, tier] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(memory["severity"], "warn");
        assert_eq!(
            memory["path"],
            "/metadata/annotations/slicegate.dev~1gpu-memory"
        );
        let fix = format!("write slicegate.dev/gpu-memory into {home}.metadata.annotations");
        assert_eq!(memory["fix"], fix.as_str());
        assert_eq!(tier["path"], "/metadata/labels/slicegate.dev~1teir");
        let fix = format!("write slicegate.dev/tier into {home}.metadata.annotations");
        assert_eq!(tier["fix"], fix.as_str());
    }
    // A Pod's own metadata is the right place.
    let mut bare = pod;
    bare["apiVersion"] = "v1".into();
    bare["kind"] = "Pod".into();
    bare["metadata"] = json!({"name": "w", "namespace": "team-a", "annotations": {"slicegate.dev/gpu-memory": "4Gi"}});
    assert_eq!(findings(&bare), Vec::<Value>::new());
}
