//! What sharing is for: ten small pods, twelve nodes of one GPU each, and how many of them are needed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, pods_of};
use super::fleet::{self, Fleet};
use super::stage::{Stage, WHOLE, pod, sweep};
use super::webhook::{UNREGISTERED, Webhook};

const TEAM: Namespace = Namespace {
    name: "team",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const BY_HAND: Namespace = Namespace {
    name: "by-hand",
    annotations: &[],
    labels: &[(UNREGISTERED, "true")],
};

pub fn ten_shares_take_two_nodes_of_six_and_without_slicegate_ten(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    cluster.make_nodes(&Fleet::of(&[("one", fleet::MPS_ONE, 12)]).nodes());
    cluster.make_namespaces([&TEAM, &BY_HAND]);
    let _webhook = Webhook::install(&cluster);
    let by_hand = json!({"nvidia.com/gpu.shared": "1"});
    assert_eq!(nodes_of_ten(&cluster, "by-hand", &pod("p", &by_hand)), 10);
    sweep(&cluster);
    let mut asks = pod("p", &json!({"nvidia.com/gpu": "1"}));
    asks["metadata"]["annotations"] = json!({"slicegate.dev/gpu-memory": "7Gi"});
    assert_eq!(nodes_of_ten(&cluster, "team", &asks), 2);
}

/// Creates ten of a pod that has work for processors and memory as well, and counts the nodes that they are put on.
#[track_caller]
fn nodes_of_ten(cluster: &Cluster, namespace: &str, pod: &Value) -> usize {
    for number in 0..10 {
        let mut pod = pod.clone();
        pod["metadata"]["name"] = json!(format!("p-{number}"));
        // The stock scheduler spreads by these.
        pod["spec"]["containers"][0]["resources"]["requests"] =
            json!({"cpu": "4", "memory": "16Gi"});
        cluster.create(&pods_of(namespace), &pod);
    }
    let bound = cluster.bound_pods(namespace, 10, |_| true);
    let nodes: BTreeSet<&str> = bound
        .iter()
        .filter_map(|p| p["spec"]["nodeName"].as_str())
        .collect();
    nodes.len()
}
