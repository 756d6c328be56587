//! A pod that does not touch GPUs is untouched without findings, also where nobody stops at that first question.

use proptest::prelude::*;
use serde_json::{Value, json};
use slicegate::engine::{
    DecisionInput, Namespaces, Outcome, Stage, Workload, concerns_gpus, decide, ephemeral,
};
use slicegate::facts::Pod;

use super::fleet;
use super::policies::{self, ENFORCED};
use super::reaching::{self, Reaching};
use super::scene::{self, cases, judge_outsider, scene};

fn touches(pod: &Value) -> bool {
    let text = pod.to_string();
    concerns_gpus(&serde_json::from_str(&text).expect("a pod"))
}

/// The pod with a key of slicegate's that alone asks for nothing: it touches, and nothing else about it changes.
fn noticed(pod: &Value) -> Value {
    let mut pod = pod.clone();
    pod["metadata"]["annotations"]["slicegate.dev/gpu-products"] = "".into();
    pod
}

/// What a decision says, by who makes the pod, and what would be said if its ephemeral containers were new.
fn said(world: &slicegate::engine::ClusterState, pod: &Value, workload: Workload) -> Vec<String> {
    let text = pod.to_string();
    let read: Pod<'_> = serde_json::from_str(&text).expect("a pod");
    let question = DecisionInput {
        workload,
        ..world.input(
            pod["metadata"]["namespace"].as_str().unwrap_or_default(),
            &read,
        )
    };
    let mut said = Vec::new();
    for decision in [
        decide(&question),
        ephemeral(&question, None, Stage::Mutating),
        ephemeral(&question, None, Stage::Final),
    ] {
        if decision.outcome != Outcome::Untouched {
            said.push(decision.outcome.word().to_owned());
        }
        said.extend(decision.findings.iter().map(|f| f.rule.id.to_owned()));
    }
    said
}

fn nothing_is_missed(
    world: &slicegate::engine::ClusterState,
    pod: &Value,
) -> Result<(), TestCaseError> {
    let noticed = noticed(pod);
    prop_assert!(touches(&noticed));
    if touches(pod) {
        return Ok(());
    }
    for workload in [Workload::Pod, Workload::DaemonSet, Workload::Template] {
        prop_assert_eq!(said(world, &noticed, workload), Vec::<String>::new());
        prop_assert_eq!(said(world, pod, workload), Vec::<String>::new());
    }
    let outside = judge_outsider(world, pod)?;
    prop_assert_eq!(outside.outcome, Outcome::Untouched);
    Ok(())
}

/// The pod without its annotations, its containers' resources or their variables.
fn without(mut pod: Value, [annotations, resources, variables]: [bool; 3]) -> Value {
    let drop = |at: &mut Value, key: &str| at.as_object_mut().map(|map| map.remove(key));
    if annotations {
        drop(&mut pod["metadata"], "annotations");
    }
    for list in ["containers", "initContainers"] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            for (key, is_dropped) in [("resources", resources), ("env", variables)] {
                if is_dropped {
                    drop(container, key);
                }
            }
        }
    }
    pod
}

proptest! {
    #![proptest_config(cases(4096))]

    /// Every text by which a pod may reach for GPUs, and what is nearly one.
    #[test]
    fn no_reach_is_missed(Reaching(pod) in reaching::pod(&ENFORCED), policy in policies::policy()) {
        let fleet = fleet::Fleet { nodes: Vec::new() };
        nothing_is_missed(&scene::world(&policy, &fleet), &pod)?;
    }
}

proptest! {
    #![proptest_config(cases(64))]

    /// Every ask, and what is left where some of its ways to ask are taken away.
    #[test]
    fn no_ask_is_missed(scene in scene(4), ways in any::<[bool; 3]>()) {
        let pod = without(scene.pod.0.clone(), ways);
        prop_assume!(!touches(&pod));
        nothing_is_missed(&scene.world(), &pod)?;
    }
}

#[test]
fn what_only_looks_like_it_does_not_touch() {
    for (is_privileged, has_more) in [(false, false), (true, false), (false, true), (true, true)] {
        assert!(!touches(&reaching::plain(
            "team-a",
            is_privileged,
            has_more
        )));
    }
    for pod in [
        json!({}),
        json!({"spec": {}}),
        json!({"metadata": {}, "spec": {"containers": null}}),
    ] {
        assert!(!touches(&pod), "{pod}");
    }
}

#[test]
fn a_pod_too_large_to_be_looked_through_touches() {
    let variable = json!({"name": "A"});
    let with = |count: usize| {
        let mut pod = reaching::plain("team-a", false, false);
        pod["spec"]["containers"][1]["env"] = vec![variable.clone(); count].into();
        touches(&pod)
    };
    assert_eq!((with(1000), with(1001)), (false, true));
    let many = |count: usize| json!({"spec": {"containers": vec![json!({}); count]}});
    assert_eq!((touches(&many(100)), touches(&many(101))), (false, true));
    let long = |count: usize| {
        let variable = json!({"name": "é".repeat(count)});
        touches(&json!({"spec": {"containers": [{"env": [variable]}]}}))
    };
    assert_eq!((long(256), long(257)), (false, true));
}

#[test]
fn namespaces_nobody_described_are_judged_alike() {
    let policy = json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy", "metadata": {"name": "p"}});
    let fleet = fleet::Fleet { nodes: Vec::new() };
    let mut world = scene::world(&policy, &fleet);
    world.namespaces = Namespaces::assumed([].into()).into();
    let pod = reaching::plain("anywhere", true, true);
    assert!(said(&world, &pod, Workload::Pod).is_empty());
}
