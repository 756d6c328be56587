//! What runs now, judged from files: as if it were new, and by the boundaries on each node.

use serde_json::{Value, json};

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
fn boundaries_names_the_label_that_is_missing_contradicts_or_cannot_be_right() {
    let nodes = ["--nodes=live/odd-nodes.yaml", "--boundaries"];
    let files = [
        "audit",
        "--policy=world/policy.yaml",
        "--namespaces=live/namespaces.yaml",
        "--pods=live/clean.yaml",
    ];
    let run = slicegate(&[files.as_slice(), &nodes, &["-o", "json"]].concat());
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let node = |name: &str| {
        let mut nodes = report["nodes"].as_array().expect("nodes").iter();
        nodes.find(|n| n["name"] == name).expect(name).clone()
    };
    for (name, words) in [
        ("vgpu", "supply.vgpu is unknown"),
        (
            "half-told",
            "its label nvidia.com/gpu.sharing-strategy is missing",
        ),
        (
            "said-unshared",
            "it is a share by its name, and its label nvidia.com/gpu.sharing-strategy says none",
        ),
        ("silent", "it advertises none"),
    ] {
        let reason = node(name)["unknown"][0]["reason"].clone();
        assert!(
            reason.as_str().is_some_and(|r| r.contains(words)),
            "{reason}"
        );
    }
    let doubted = &node("old-gfd")["doubted"][0];
    assert_eq!(doubted["label"], "nvidia.com/gpu.memory");
    assert_eq!(doubted["value"], "42505273344");
    let text = slicegate(&[files.as_slice(), &nodes].concat()).out;
    assert!(text.contains("nvidia.com/gpu.memory=42505273344"), "{text}");
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
fn pods_alike_are_one_entry_for_people_by_what_made_them() {
    let pod = |name: &str, owner: &str, from: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "team-a",
            "labels": {"pod-template-hash": "6d5f"},
            "annotations": {"slicegate.dev/decision": format!("{{\"boundary\":\"team-a\",\"from\":{from}}}")},
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("{owner}-6d5f"), "controller": true}]},
            "spec": {"nodeName": "mps-1", "securityContext": {"runAsUser": 1000}, "containers": [
                {"name": "main", "resources": {"limits": {"nvidia.com/gpu.shared": "1"}}}]},
            "status": {"phase": "Running"}})
    };
    let whole = r#"{"main":{"nvidia.com/gpu":"1"}}"#;
    let chat = (0..300).map(|i| pod(&format!("chat-6d5f-{i}"), "chat", whole));
    let rank = (0..20).map(|i| pod(&format!("rank-6d5f-{i}"), "rank", whole));
    let pods: Vec<Value> = chat.chain(rank).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods});
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), list.to_string()).expect("a file");
    let run = |more: &[&str]| {
        let pods = format!("--pods={}", file.path().display());
        let files = [
            "audit",
            "--policy=world/policy.yaml",
            "--nodes=live/nodes.yaml",
            "--namespaces=live/namespaces.yaml",
            &pods,
        ];
        slicegate(&[&files, more].concat())
    };
    let text = run(&[]);
    assert_eq!(text.status, 0, "{}", text.out);
    let lines: Vec<&str> = text.out.lines().collect();
    // What its receipt says it asked for, before it got a share.
    assert_eq!(lines[0], "320 GPUs asked, 80 taken: 240 free (75 %)");
    assert_eq!(lines[1], "320 pods: 320 rewritten");
    assert_eq!(lines[3], "rewritten  Deployment team-a/chat, 300 pods");
    assert_eq!(lines[4], "           Deployment team-a/rank, 20 pods");
    assert!(lines.len() < 30, "{}", text.out);
    let report: Value = serde_json::from_str(&run(&["-o", "json"]).out).expect("JSON");
    assert_eq!(report["items"].as_array().map(Vec::len), Some(320));
    let expected = json!({"kind": "Deployment", "name": "chat"});
    assert_eq!(report["items"][7]["workload"], expected);
    assert_eq!(
        report["items"][7]["gpus"],
        json!({"pods": 1, "asked": 1.0, "taken": 0.25})
    );

    let boundaries = run(&["--boundaries"]).out;
    assert!(
        boundaries.contains("mps-1     8 nvidia.com/gpu.shared (mps), 0 free"),
        "{boundaries}"
    );
    assert_eq!(boundaries.matches("fix: ").count(), 1, "{boundaries}");
    assert!(
        boundaries.contains("    and 310 more, which -o json names\n"),
        "{boundaries}"
    );
}

#[test]
fn a_node_that_takes_no_new_pods_is_marked_with_what_is_free_there() {
    let node = json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "ip-10-0-12-34.eu-central-1.compute.internal", "labels": {
            "kubernetes.io/hostname": "h", "nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": "2",
            "nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "mps", "nvidia.com/gpu.memory": "23034",
            "nvidia.com/gpu.compute.major": "8", "nvidia.com/gpu.compute.minor": "9"}},
        "spec": {"unschedulable": true}, "status": {"allocatable": {"nvidia.com/gpu.shared": "8"}}});
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), node.to_string()).expect("a file");
    let nodes = format!("--nodes={}", file.path().display());
    let files = [
        "audit",
        "--boundaries",
        &nodes,
        "--namespaces=live/namespaces.yaml",
        "--pods=live/clean.yaml",
    ];
    let text = slicegate(&files).out;
    let sells = "ip-10-0-12-34.eu-central-1.compute.internal  8 nvidia.com/gpu.shared ";
    assert!(text.contains(sells), "{text}");
    assert!(text.contains("(mps), 8 free"), "{text}");
    assert!(text.contains("no new pods: cordoned,"), "{text}");
    let report = slicegate(&[&files[..], &["-o", "json"]].concat()).out;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let nodes = report["nodes"].as_array().expect("nodes");
    let node = nodes
        .iter()
        .find(|n| n["name"].as_str().is_some_and(|n| n.starts_with("ip-")));
    let node = node.expect("the node");
    assert_eq!(
        (&node["takesNewPods"], &node["sells"][0]["free"]),
        (&json!(false), &json!(8))
    );
}

#[test]
fn one_namespace_can_be_looked_at_alone() {
    let run = audit("mixed", &["-n", "team-b", "-o", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let items = report["items"].as_array().expect("items");
    assert!(!items.is_empty() && items.iter().all(|i| i["namespace"] == "team-b"));
    let run = audit("mixed", &["-n", "team-b", "--boundaries", "-o", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let names = |key: &str| -> Vec<String> {
        let list = report[key].as_array().expect("a list").iter();
        list.map(|n| n["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(names("nodes"), ["mps-2", "silent-1"]);
    // Who else is there makes the breach.
    assert_eq!(
        report["breaches"][0]["trustBoundaries"],
        json!(["elsewhere", "team-b"])
    );
    let nowhere = audit("mixed", &["-n", "nowhere"]);
    assert_eq!((nowhere.status, nowhere.out.as_str()), (2, ""));
    assert!(
        nowhere.err.contains("there is no namespace nowhere"),
        "{}",
        nowhere.err
    );
}

#[test]
fn a_tier_can_be_tried_on_what_runs() {
    let run = audit(
        "mixed",
        &["-n", "elsewhere", "--tier", "inference", "-o", "json"],
    );
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let tiers: Vec<&Value> = report["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| &i["tier"])
        .collect();
    assert!(
        !tiers.is_empty() && tiers.iter().all(|t| **t == "inference"),
        "{tiers:?}"
    );
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
