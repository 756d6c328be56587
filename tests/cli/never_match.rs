//! The namespaces that are never asked about, as an installation chooses them: one list for all that is printed.

use serde_json::{Value, json};
use slicegate::engine::vocabulary::names::EXCLUDED_NAMESPACES;

use crate::{review_of, slicegate};

const LIST: &str = "--never-match=kube-system, gpus,team-a";
const NAMES: [&str; 3] = ["kube-system", "gpus", "team-a"];

fn pod(namespace: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: {namespace}}}, spec: \
         {{nodeName: n, schedulerName: own, containers: [{{name: main, image: i, \
         env: [{{name: NVIDIA_VISIBLE_DEVICES, value: all}}]}}]}}}}\n"
    )
}

#[track_caller]
fn items(arguments: &[&str]) -> Vec<Value> {
    let run = slicegate(arguments);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{arguments:?}");
    let mut list: Value = serde_json::from_str(&run.out).expect("JSON");
    let Value::Array(items) = list["items"].take() else {
        panic!("no list: {}", run.out);
    };
    items
}

#[test]
fn a_review_leaves_them_alone_and_judges_what_is_not_among_them() {
    for (namespace, flags, status) in [
        ("team-a", &[][..], 1),
        ("team-a", &[LIST], 0),
        ("gpu-operator", &[], 0),
        ("gpu-operator", &[LIST], 0),
        ("kube-system", &[LIST], 0),
    ] {
        let run = review_of(&[&["-f", "-"], flags].concat(), &pod(namespace));
        assert_eq!(run.status, status, "{namespace} {flags:?}: {}", run.out);
    }
    // Where no namespace is known, all that are asked about count as enforced.
    for (namespace, status) in [("gpu-operator", 1), ("gpus", 0)] {
        let run = crate::with_input(&["review", "-f", "-", LIST], &pod(namespace));
        assert_eq!(run.status, status, "{namespace}: {}", run.out);
    }
}

#[test]
fn the_guard_is_open_where_they_are() {
    let guard = items(&["guard", "-o", "json", LIST]);
    let text = json!(guard).to_string();
    assert!(text.contains("request.namespace in ['kube-system', 'gpus', 'team-a']"));
    for absent in ["slicegate-system", "gpu-operator"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let selectors: Vec<&Value> = guard
        .iter()
        .filter_map(|o| o.pointer("/spec/matchResources/namespaceSelector/matchExpressions/0"))
        .collect();
    assert_eq!(selectors.len(), 3);
    for selector in selectors {
        assert_eq!(selector["values"], json!(NAMES));
    }
    let chosen = format!("--never-match={}", EXCLUDED_NAMESPACES.join(","));
    assert_eq!(
        items(&["guard", "-o", "json", &chosen]),
        items(&["guard", "-o", "json"])
    );
}

#[test]
fn the_webhooks_are_not_asked_about_them() {
    let objects = items(&["certs", "--namespace=elsewhere", "-o", "json", LIST]);
    assert_eq!(objects.len(), 3, "a Secret and two registrations");
    for webhook in &objects[1..] {
        let selector = &webhook["webhooks"][0]["namespaceSelector"]["matchExpressions"][0];
        assert_eq!(selector["values"], json!(NAMES), "the list is all of it");
    }
}

#[test]
fn an_audit_judges_as_the_cluster_would() {
    let audit = |flags: &[&str]| {
        let files = [
            "audit",
            "--nodes=live/nodes.yaml",
            "--namespaces=live/namespaces.yaml",
            "--pods=live/mixed.yaml",
            "-o=json",
        ];
        let run = slicegate(&[&files, flags].concat());
        let report: Value = serde_json::from_str(&run.out).expect("JSON");
        let items = report["items"].as_array().expect("items").clone();
        let modes = items.iter().filter(|i| i["namespace"] == "team-a");
        modes.map(|i| i["mode"].clone()).collect::<Vec<_>>()
    };
    let before = audit(&[]);
    assert!(
        !before.is_empty() && before.iter().all(|m| m == "enforce"),
        "{before:?}"
    );
    let after = audit(&["--never-match=team-a"]);
    assert!(after.iter().all(|m| m == "off"), "{after:?}");
    assert_eq!(before.len(), after.len());
}

#[test]
fn what_is_no_namespace_is_bad_usage() {
    for command in [
        &["guard"][..],
        &["certs"],
        &["review", "-f", "-"],
        &["serve"],
    ] {
        for (list, said) in [
            ("", "no namespace is named"),
            (
                "kube-system;gpus",
                "\"kube-system;gpus\" cannot be a namespace",
            ),
        ] {
            let flag = format!("--never-match={list}");
            let run = slicegate(&[command, &[&flag]].concat());
            assert_eq!((run.status, run.out.as_str()), (2, ""), "{command:?}");
            assert!(run.err.contains(said), "{command:?}: {}", run.err);
        }
    }
}
