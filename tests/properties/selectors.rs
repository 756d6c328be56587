//! Anti-affinity by slicegate's labels is refused in every namespace, wherever and however it is written, unless it is
//! what slicegate itself gives the pod.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use slicegate::engine::Outcome;
use slicegate::facts;

use crate::guard_twin::guarded;

use super::scene::{Scene, cases, judge, scene};

const RULE: &str = "reserved-selector";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const KEYS: [&str; 5] = [
    "slicegate.dev/trust-boundary",
    "slicegate.dev/mps-user",
    "slicegate.dev/strategy",
    "slicegate.dev/not-known",
    "gpu-compute.slicegate.dev/main",
];

/// A term with a key of slicegate's somewhere.
fn forged() -> BoxedStrategy<Value> {
    let selector = |key: &'static str, way: usize, value: &'static str| match way {
        0 => json!({"labelSelector": {"matchLabels": {key: value}}}),
        1 => json!({"labelSelector": {"matchLabels": {"app": "a", key: value}}}),
        2 => json!({"labelSelector": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}),
        3 => json!({"labelSelector": {"matchExpressions": [
            {"key": "app", "operator": "DoesNotExist"}, {"key": key, "operator": "NotIn", "values": [value]}]}}),
        4 => json!({"labelSelector": {"matchExpressions": [
            {"key": key, "operator": "Exists"}, {"key": key, "operator": "NotIn", "values": [value, "x"]}]}}),
        5 => {
            json!({"labelSelector": {"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]}})
        }
        6 => json!({"labelSelector": {}, "matchLabelKeys": ["app", key]}),
        _ => json!({"labelSelector": {"matchLabels": null}, "mismatchLabelKeys": [key]}),
    };
    let place = select(vec![
        json!({"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}}),
        json!({"topologyKey": "kubernetes.io/os", "namespaces": ["team-a"]}),
        json!({"topologyKey": "slicegate.dev/trust-boundary"}),
    ]);
    let value = select(vec!["team-a", "lab", "1000", "image", ""]);
    (select(&KEYS[..]), 0..8_usize, value, place)
        .prop_map(move |(key, way, value, place)| {
            let mut term = selector(key, way, value);
            json_patch::merge(&mut term, &place);
            term
        })
        .boxed()
}

/// The same pod with one term more, anywhere among those it has.
fn with(mut pod: Value, term: Value, at: Index) -> Value {
    let terms = terms(&mut pod);
    terms.insert(at.index(terms.len() + 1), term);
    pod
}

fn terms(pod: &mut Value) -> &mut Vec<Value> {
    let terms = &mut pod["spec"]["affinity"]["podAntiAffinity"][REQUIRED];
    if !terms.is_array() {
        *terms = json!([]);
    }
    terms.as_array_mut().expect("just made")
}

/// One thing of a term is changed, so that it selects others or elsewhere.
fn bend(term: &mut Value, way: usize) {
    let expressions = &mut term["labelSelector"]["matchExpressions"];
    match way {
        0 => term["topologyKey"] = "kubernetes.io/os".into(),
        1 => term["namespaces"] = json!(["team-a"]),
        2 => term["namespaceSelector"] = json!({"matchLabels": {"a": "b"}}),
        3 => expressions.as_array_mut().expect("a list").truncate(1),
        4 => drop(expressions.as_array_mut().expect("a list").remove(0)),
        5 => expressions[1]["values"] = json!(["somebody-else"]),
        6 => {
            let values = expressions[1]["values"].as_array_mut();
            values.expect("a list").push("somebody-else".into());
        }
        7 => expressions[0]["key"] = "slicegate.dev/strategy".into(),
        8 => term["labelSelector"]["matchLabels"] = json!({"app": "a"}),
        _ => term["mismatchLabelKeys"] = json!(["app"]),
    }
}

/// Refused by both, for this.
fn is_refused(scene: &Scene, pod: &Value) -> Result<(), TestCaseError> {
    let world = scene.world();
    let verdict = judge(&world, pod)?;
    prop_assert!(
        verdict.is_denied() && verdict.has(RULE),
        "{:?} of {pod}",
        verdict.messages
    );
    let text = pod.to_string();
    let read: facts::Pod<'_> = serde_json::from_str(&text).expect("a pod");
    let refusals = guarded(&world.input(scene.namespace(), &read));
    prop_assert!(
        format!("{refusals:?}").contains(RULE),
        "the guard lets it pass: {pod}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(cases(512))]

    /// Beside whatever slicegate wrote, and in namespaces where it writes nothing.
    #[test]
    fn a_forged_term_is_refused_anywhere(
        scene in scene(4),
        namespace in select(vec!["team-a", "lab-2", "dev", "quiet", "trial", "unknown"]),
        takes_gpu in any::<bool>(),
        term in forged(),
        at in any::<Index>(),
    ) {
        let mut scene = scene;
        scene.pod.0["metadata"]["namespace"] = namespace.into();
        if !takes_gpu {
            scene.pod.0["spec"]["containers"] = json!([{"name": "main", "image": "x"}]);
        }
        let first = judge(&scene.world(), &scene.pod.0)?;
        if !first.is_denied() {
            is_refused(&scene, &with(first.after, term, at))?;
        }
    }

    /// A term of slicegate's that is changed in any way is none of its own.
    #[test]
    fn a_term_of_its_own_that_is_bent_is_refused(scene in scene(6), way in 0..10_usize, at in any::<Index>()) {
        let first = judge(&scene.world(), &scene.pod.0)?;
        if first.outcome != Outcome::Rewritten {
            return Ok(());
        }
        let mut pod = first.after;
        let own = terms(&mut pod);
        let mut own: Vec<&mut Value> =
            own.iter_mut().filter(|t| t.to_string().contains("slicegate.dev/")).collect();
        if own.is_empty() {
            return Ok(());
        }
        let count = own.len();
        bend(own[at.index(count)], way);
        is_refused(&scene, &pod)?;
    }

    /// A pod that gets no term may not bring those of its own boundary either.
    #[test]
    fn a_pod_that_shares_nothing_keeps_nobody_away(scene in scene(6)) {
        let first = judge(&scene.world(), &scene.pod.0)?;
        let keeps_none = matches!(first.strategy, Some("exclusive" | "mig"));
        if first.is_denied() || !keeps_none {
            return Ok(());
        }
        let own = first.after["metadata"]["labels"]["slicegate.dev/trust-boundary"].clone();
        let key = "slicegate.dev/trust-boundary";
        let term = json!({"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}, "labelSelector":
            {"matchExpressions": [{"key": key, "operator": "Exists"}, {"key": key, "operator": "NotIn", "values": [own]}]}});
        let mut pod = first.after;
        terms(&mut pod).push(term);
        is_refused(&scene, &pod)?;
    }
}
