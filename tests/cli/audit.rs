//! What runs now, judged from files: as if it were new, and by the boundaries on each node.

use serde_json::Value;

use crate::{Run, check_golden, slicegate};

#[track_caller]
fn audit(pods: &str, arguments: &[&str]) -> Run {
    let pods = format!("--pods=live/{pods}.yaml");
    let files = [
        "audit",
        "--policy=world/policy.yaml",
        "--nodes=live/nodes.yaml",
        "--namespaces=live/namespaces.yaml",
        &pods,
    ];
    slicegate(&[&files, arguments].concat())
}

#[test]
fn boundaries_lists_nodes_breaches_and_every_pod_that_is_not_covered() {
    let run = audit("mixed", &["--boundaries"]);
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    check_golden("boundaries.txt", &run.out);
    for line in run.out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn boundaries_ends_well_where_no_node_runs_two_of_them() {
    let run = audit("clean", &["--boundaries"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
    check_golden("boundaries-clean.txt", &run.out);
}

#[test]
fn boundaries_does_not_end_well_where_nobody_can_say_whether_two_of_them_share() {
    let run = audit("unsure", &["--boundaries"]);
    assert_eq!((run.status, run.err.as_str()), (1, ""), "{}", run.out);
    assert!(run.out.contains("\nPOSSIBLE BREACH"), "{}", run.out);
    assert!(!run.out.contains("BREACH ON NODE"), "{}", run.out);
    let run = audit("unsure", &["--boundaries", "-o", "json"]);
    assert_eq!(run.status, 1);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["breaches"], serde_json::json!([]));
    let possible = &report["possibleBreaches"][0];
    assert_eq!(possible["node"], "silent-1");
    assert_eq!(
        possible["trustBoundaries"],
        serde_json::json!(["team-a", "team-b"])
    );
    let node = &report["nodes"][2];
    assert_eq!(node["name"], "silent-1");
    assert_eq!(
        (&node["breach"], &node["possibleBreach"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn boundaries_says_the_same_to_programs() {
    let run = audit("mixed", &["--boundaries", "-o", "json"]);
    assert_eq!(run.status, 1);
    check_golden("boundaries.json", &run.out);
    let yaml = audit("mixed", &["--boundaries", "-o", "yaml"]).out;
    let read = slicegate::config::documents::parse("yaml", &yaml);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(read.documents[0].value, json);
}

#[test]
fn what_runs_is_judged_as_if_it_were_created_now() {
    let run = audit("mixed", &[]);
    assert_eq!((run.status, run.err.as_str()), (1, ""), "{}", run.err);
    check_golden("audit.txt", &run.out);
    let run = audit("mixed", &["-o", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["kind"], "AuditReport");
    let items = report["items"].as_array().expect("items");
    let of = |name: &str| {
        items
            .iter()
            .find(|i| i["name"] == name)
            .map(|i| &i["outcome"])
    };
    // The node a scheduler chose is no wish of the pod's; the one its author named is.
    assert_eq!(of("early").and_then(Value::as_str), Some("rewritten"));
    assert_eq!(of("named").and_then(Value::as_str), Some("denied"));
    assert_eq!((of("web"), of("over")), (None, None), "no GPU, and over");
}

#[test]
fn files_are_given_all_three_or_not_at_all() {
    for arguments in [
        &["audit", "--nodes=live/nodes.yaml"][..],
        &[
            "audit",
            "--pods=live/clean.yaml",
            "--namespaces=live/namespaces.yaml",
        ],
        &[
            "audit",
            "--kubeconfig=k",
            "--nodes=a",
            "--namespaces=b",
            "--pods=c",
        ],
    ] {
        let run = slicegate(arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_read_says_which_file_it_is() {
    let run = slicegate(&[
        "audit",
        "--nodes=live/nodes.yaml",
        "--namespaces=live/namespaces.yaml",
        "--pods=missing.json",
    ]);
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("--pods: missing.json: cannot be read"),
        "{}",
        run.err
    );
}

#[test]
fn a_cluster_that_cannot_be_reached_is_named_with_who_asked_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    let text = r#"{"apiVersion": "v1", "kind": "Config", "current-context": "work",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "dev", "user": {"token": "t"}}],
        "contexts": [{"name": "work", "context": {"cluster": "c", "user": "dev"}}]}"#;
    std::fs::write(&kubeconfig, text).expect("a file");
    let flag = format!("--kubeconfig={}", kubeconfig.display());
    for command in [&["audit"][..], &["adopt", "team-a"]] {
        let run = slicegate(&[command, &[&flag]].concat());
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        for part in [
            "failed to list n",
            "at https://127.0.0.1:1 as user dev (context work of ",
            "refused",
            "; see whether kubectl get nodes works from here",
        ] {
            assert!(run.err.contains(part), "{part}: {}", run.err);
        }
    }
    let run = slicegate(&["audit", "--kubeconfig=missing"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("missing cannot be used: "), "{}", run.err);
}
