//! Pods that name their node, which nobody can correct later: judged by that node alone, as it is now.

use std::collections::HashMap;

use serde_json::{Value, json};
use slicegate::admission::respond;
use slicegate::config::policy;
use slicegate::engine::supply::{FleetBuilder, NodeView, Presence};
use slicegate::engine::{ClusterState, Namespaces};
use slicegate::facts;

use super::scene::{self, SHARED, WHOLE};

const NODE: &str = "n";

fn pod(spec: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "app"},
        "spec": {"containers": [{
            "name": "main", "image": "i", "resources": {"limits": {"nvidia.com/gpu": "1"}},
        }]},
    });
    let fields = spec.as_object().expect("fields").clone();
    pod["spec"].as_object_mut().expect("a spec").extend(fields);
    pod
}

/// A fleet of one node of whole GPUs.
fn world(presence: Presence) -> ClusterState {
    let node = json!({
        "metadata": {"name": NODE, "labels": {
            "kubernetes.io/hostname": NODE,
            "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
            "nvidia.com/gpu.count": "8",
            "nvidia.com/gpu.replicas": "1",
            "nvidia.com/gpu.sharing-strategy": "none",
            "nvidia.com/gpu.memory": "81559",
        }},
        "status": {"allocatable": {"nvidia.com/gpu": "8"}},
    })
    .to_string();
    let node: facts::Node<'_> = serde_json::from_str(&node).expect("a node");
    let policy = policy::built_in().expect("a policy");
    let mut builder = FleetBuilder::new(policy.supply.declared);
    builder.add(NodeView {
        presence,
        ..NodeView::of_node(&node)
    });
    let namespace =
        json!({"metadata": {"name": WHOLE, "annotations": {"slicegate.dev/mode": "enforce"}}});
    let namespace = namespace.to_string();
    let namespace: facts::Namespace<'_> = serde_json::from_str(&namespace).expect("a namespace");
    let view = slicegate::engine::NamespaceView::of(&namespace);
    let namespaces = HashMap::from([(WHOLE.to_owned(), view)]);
    ClusterState::new(policy, builder.build(), Namespaces::known(namespaces))
}

fn is_allowed(world: &ClusterState, pod: &Value) -> bool {
    let review = scene::review(WHOLE, pod, None, "");
    let answer = respond(world, review.as_bytes()).expect("an answer");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    answer["response"]["allowed"] == true
}

#[test]
fn a_node_that_is_gone_is_supply_for_who_waits_and_not_for_who_names_it() {
    let named = pod(&json!({"nodeName": NODE}));
    let selected = pod(&json!({"nodeSelector": {"kubernetes.io/hostname": NODE}}));
    for (presence, named_allowed) in [(Presence::There, true), (Presence::Gone, false)] {
        let world = world(presence);
        assert_eq!(is_allowed(&world, &named), named_allowed, "{presence:?}");
        assert!(is_allowed(&world, &selected), "{presence:?}");
    }
}

#[test]
fn no_owner_and_no_pin_brings_a_pod_onto_a_node_it_names() {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "u", "controller": true}]);
    let pin = |node: &str| {
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]},
        ]}}})
    };
    for namespace in [SHARED, WHOLE, "team-c", "secure"] {
        for named in ["mps-l40s", "slicing-l4", "silent", "cpu", "of-tomorrow"] {
            for pinned in ["exclusive-h100", "mig-a100", "silent", named] {
                for privileged in [false, true] {
                    let mut pod = pod(&json!({"nodeName": named, "affinity": pin(pinned)}));
                    pod["metadata"]["ownerReferences"] = owner.clone();
                    pod["spec"]["containers"][0]["securityContext"]["privileged"] =
                        privileged.into();
                    let answer = scene::create(namespace, &pod);
                    assert!(!answer.allowed, "{namespace} {named} {pinned}");
                }
            }
        }
    }
}
