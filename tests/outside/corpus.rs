//! Other people's manifests that ask for GPUs, several hundred of them, through the whole of `slicegate review`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Outside;
use super::run::{self, Corpus, Review};

/// In these a key stands twice in one object; kubectl takes the last one, and so does slicegate.
const TWICE: [&str; 3] = ["257", "332", "985"];

/// The kinds whose pods the built-in controllers make, with their groups.
const BUILT_IN: [(&str, &str); 8] = [
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("apps/", "Deployment"),
    ("apps/", "ReplicaSet"),
    ("apps/", "StatefulSet"),
    ("apps/", "DaemonSet"),
    ("batch/", "Job"),
    ("batch/", "CronJob"),
];

const BATCH: &str = "apiVersion: slicegate.dev/v1alpha1
kind: SharingPolicy
spec: {defaultTier: batch, foreignSharing: [hami, kai, runai, volcano, tensor-fusion]}
";

/// What holds of every review, whatever the fleet and the policy.
fn laws(corpus: &Corpus, review: &Review) {
    let mut faults = Vec::new();
    for item in review.items() {
        let changes = item["patch"].as_array().map_or(0, Vec::len);
        let fault = match (item["outcome"].as_str().unwrap_or_default(), changes) {
            ("rewritten", 0) => "rewritten by an empty patch",
            ("rewritten", _) => corpus
                .patched(item)
                .err()
                .map_or("", |_| "its patch does not apply"),
            ("untouched" | "denied" | "skipped", 1..) => "a patch without a rewrite",
            ("untouched" | "denied" | "skipped", 0) => "",
            _ => "an outcome nobody knows",
        };
        if !fault.is_empty() {
            faults.push(format!("{}: {fault}", item["source"]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A review of what came out: nothing is left to do, and nothing is refused.
fn second_pass(corpus: &Corpus, review: &Review, args: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut count = 0;
    for item in review.items().filter(|i| i["outcome"] == "rewritten") {
        let object = corpus.patched(item).expect("the first pass checked it");
        let path = folder.path().join(format!("{count:04}.json"));
        std::fs::write(path, object.to_string()).expect("the object is written");
        count += 1;
    }
    assert!(count > 50, "only {count} documents were rewritten");
    let second = Review::of(folder.path(), args);
    assert_eq!(second.items().count(), count);
    let changed: Vec<String> = second
        .items()
        .filter(|item| item["outcome"] == "denied" || item["patch"] != Value::Array(Vec::new()))
        .map(|item| {
            format!(
                "{} {}: {} {}",
                item["kind"], item["name"], item["reason"], item["patch"]
            )
        })
        .collect();
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

/// A fleet to judge by.
fn nodes(outside: &mut Outside) -> Option<String> {
    let nodes = outside.find("acceptance/world/nodes.yaml")?;
    Some(nodes.display().to_string())
}

fn judged(corpus: &Corpus, args: &[&str]) {
    let review = Review::of(&corpus.folder, args);
    laws(corpus, &review);
    second_pass(corpus, &review, args);
}

pub fn under_the_built_in_policy_and_the_assumed_fleet_every_document_is_judged_and_stays_judged(
    outside: &mut Outside,
) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    judged(&corpus, &[]);
}

pub fn under_the_built_in_policy_and_a_known_fleet_every_document_is_judged_and_stays_judged(
    outside: &mut Outside,
) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let Some(nodes) = nodes(outside) else { return };
    judged(&corpus, &["--nodes", &nodes]);
}

pub fn under_a_tier_that_shares_by_default_every_document_is_judged_and_stays_judged(
    outside: &mut Outside,
) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let Some(nodes) = nodes(outside) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("policy.yaml");
    std::fs::write(&policy, BATCH).expect("the policy is written");
    let policy = policy.display().to_string();
    judged(&corpus, &["--nodes", &nodes, "--policy", &policy]);
}

pub fn every_file_is_answered_for_and_those_with_a_key_twice_are_told_of(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    assert_eq!(review.report["unreadable"], Value::Null);
    let told = review.report["warnings"].as_array().expect("a list");
    let told: Vec<&str> = told.iter().filter_map(Value::as_str).collect();
    assert!(told.iter().all(|t| t.contains("stands twice")), "{told:#?}");
    let of = |number: &str| told.iter().any(|t| t.contains(&format!("/{number}-")));
    assert!(TWICE.iter().all(|number| of(number)), "{told:#?}");
    let another = |t: &&&str| !TWICE.iter().any(|n| t.contains(&format!("/{n}-")));
    assert_eq!(told.iter().find(another), None);
    let answered: BTreeSet<String> = review.items().map(|i| run::file(i).to_owned()).collect();
    assert_eq!(answered, corpus.files());
}

pub fn kinds_of_other_controllers_are_skipped_with_a_reason_and_the_built_in_ones_are_not(
    outside: &mut Outside,
) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    let skipped = review.items().filter(|i| i["outcome"] == "skipped");
    assert!((1..review.items().count()).contains(&skipped.count()));
    for item in review.items() {
        let kind = item["kind"].as_str().unwrap_or_default();
        let object = corpus.object(item);
        let group = object["apiVersion"].as_str().unwrap_or_default();
        let built_in = BUILT_IN
            .iter()
            .any(|(of, name)| *name == kind && group.starts_with(of));
        let reason = item["reason"].as_str().unwrap_or_default();
        assert_eq!(
            item["outcome"] == "skipped",
            !built_in,
            "{group} {kind}: {reason}"
        );
        assert!(!reason.is_empty(), "{} has no reason", item["source"]);
    }
}

/// Words by which a pod asks for GPUs, or reaches for them, in any of the ways a document of the corpus does.
const REACHING: [&str; 9] = [
    "\"nvidia.com/gpu",
    "\"nvidia.com/mig-",
    "\"nvidia_",
    "\"cuda_mps_",
    "\"hostpath\"",
    "\"runtimeclassname\"",
    "\"gpu-fraction",
    "\"gpu-memory",
    "tensor-fusion.ai/",
];

pub fn a_pod_that_asks_for_no_gpu_of_the_device_plugin_is_untouched_without_findings(
    outside: &mut Outside,
) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    let mut count = 0;
    for item in review.items().filter(|i| i["outcome"] != "skipped") {
        let mut pod = corpus.pod(item);
        // What a pod tolerates or prefers asks for nothing.
        if let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) {
            spec.retain(|key, _| {
                !["tolerations", "affinity", "nodeSelector"].contains(&key.as_str())
            });
        }
        let text = pod.to_string().to_lowercase();
        if REACHING.iter().any(|word| text.contains(word)) {
            continue;
        }
        count += 1;
        assert_eq!(item["outcome"], "untouched", "{}", item["source"]);
        assert_eq!(
            item["findings"],
            Value::Array(Vec::new()),
            "{}",
            item["source"]
        );
    }
    assert!(count > 20, "only {count} documents ask for no GPU");
}

pub fn a_pod_that_asks_for_no_gpu_by_name_is_never_rewritten(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    let names = [
        "\"nvidia.com/gpu\":",
        "\"nvidia.com/gpu.shared\":",
        "\"nvidia.com/mig-",
    ];
    let rewritten = || review.items().filter(|i| i["outcome"] == "rewritten");
    assert!(rewritten().count() > 50);
    for item in rewritten() {
        let text = corpus.pod(item).to_string();
        let asks = names.iter().any(|name| text.contains(name));
        assert!(asks, "{}: {}", item["source"], item["patch"]);
    }
}

pub fn every_finding_stands_where_it_says(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    let mut count = 0;
    for item in review.items() {
        let object = corpus.object(item);
        let root = item["podPath"].as_str().unwrap_or_default();
        for finding in item["findings"].as_array().into_iter().flatten() {
            let path = finding["path"].as_str().expect("a path");
            assert!(path.starts_with(root), "{}: {finding}", item["source"]);
            assert!(
                object.pointer(path).is_some(),
                "{}: nothing at {finding}",
                item["source"]
            );
            for text in ["rule", "severity", "message", "fix"] {
                let text = finding[text].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{}: {finding}", item["source"]);
            }
            count += 1;
        }
    }
    assert!(count > 50, "only {count} findings");
}
