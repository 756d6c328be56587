//! Whoever owns a pod that is refused, or would be, hears of it by an Event.

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, pods_of};
use super::replica::Replica;
use super::stage::{Stage, WHOLE};
use super::wait::seconds;
use super::webhook::{self, CANARY};

const ENFORCED: Namespace = Namespace {
    name: "enforced",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const TRIAL: Namespace = Namespace {
    name: "trial",
    annotations: &[("mode", "dry-run"), ("tier", "trusted-inference")],
    labels: &[],
};

pub fn owners_are_told_why_their_pods_are_refused_and_once(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    cluster.make_namespaces([&CANARY, &ENFORCED, &TRIAL]);
    let mut replica = Replica::watching(&cluster, &["--events", "--identity=one"]);
    replica.wait_until_ready(&cluster);
    webhook::register(&cluster, &replica);
    for namespace in [ENFORCED.name, TRIAL.name] {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
        cluster.create(&path, &attack());
    }
    let refused = told(&cluster, ENFORCED.name, 1);
    let rehearsed = told(&cluster, TRIAL.name, 1);
    for (event, reason) in [
        (&refused[0], "SlicegateDenied"),
        (&rehearsed[0], "SlicegateDryRun"),
    ] {
        assert_eq!(event["reason"], reason, "{event}");
        assert_eq!(event["type"], "Warning");
        assert_eq!(event["action"], "visible-devices");
        assert_eq!(event["regarding"]["kind"], "ReplicaSet");
        assert_eq!(event["reportingController"], "slicegate");
        let note = event["note"].as_str().expect("a note");
        assert!(
            note.contains("NVIDIA_VISIBLE_DEVICES") && note.contains("fix: "),
            "{note}"
        );
    }
    let described = cluster
        .kubectl
        .run(&["get", "events", "-n", ENFORCED.name])
        .good();
    assert!(
        described.out.contains("SlicegateDenied"),
        "{}",
        described.out
    );

    // Whose request is to have no effect tells nobody, and who has no owner hears the answer himself.
    let mut pod = attack()["spec"]["template"].take();
    pod["metadata"] = json!({"name": "owned", "ownerReferences": [{"apiVersion": "apps/v1",
        "kind": "ReplicaSet", "name": "another", "uid": "1-2-3", "controller": true}]});
    let dry = format!("{}?dryRun=All", pods_of(ENFORCED.name));
    assert!(!cluster.try_create(&dry, &pod).is_good());
    pod["metadata"] = json!({"name": "alone"});
    assert!(!cluster.try_create(&pods_of(ENFORCED.name), &pod).is_good());
    // The ReplicaSet tries on and on; what it hears is one event that counts.
    std::thread::sleep(seconds(12));
    let after = told(&cluster, ENFORCED.name, 1);
    assert_eq!(after.len(), 1, "{after:#?}");
    assert!(
        after[0]["series"]["count"].as_u64() > Some(1),
        "{}",
        after[0]
    );
}

fn attack() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "attack"}, "spec": {
        "selector": {"matchLabels": {"app": "attack"}},
        "template": {"metadata": {"labels": {"app": "attack"}}, "spec": {"containers": [{
            "name": "main", "image": "example/app:1",
            "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}]}}}})
}

/// slicegate's events of a namespace, once there are so many.
#[track_caller]
fn told(cluster: &Cluster, namespace: &str, count: usize) -> Vec<Value> {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    cluster.wait_for(&format!("events in {namespace}"), seconds(20), || {
        let mut events = cluster.list(&path);
        events.retain(|event| event["reportingController"] == "slicegate");
        (events.len() >= count)
            .then_some(events)
            .ok_or("too few".to_owned())
    })
}
