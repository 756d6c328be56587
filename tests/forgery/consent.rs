//! Boundaries that are claimed with and without consent: what the webhook says, the guard alone, and both.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::guard_twin::{Refusal, guarded};
use serde_json::{Value, json};
use slicegate::config::{documents, fleet, policy};
use slicegate::engine::{ClusterState, NamespaceView, Namespaces};
use slicegate::facts::Pod;

use super::scene::{confirm_in, create_in, gpu_pod, report, with};

/// Who claims.
const GUEST: &str = "guest";

/// One claim of `guest`: the policy's `spec`, the boundary it names, the other namespaces, each with annotations, and
/// whether it is let in.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    bool,
);

#[rustfmt::skip]
const ROWS: [Row; 22] = [
    // The bearer's own word.
    ("{}", "host", &[("host", "boundary-members: guest")], true),
    ("{}", "host", &[("host", "boundary-members: \" other ,, guest,guest,\"")], true),
    ("{}", "host", &[("host", "boundary-members: \"*\"")], true),
    ("{}", "host", &[("host", "boundary-members: \"other,*\"")], true),
    ("{}", "host", &[("host", "boundary-members: guest, slicegate.dev/mode: \"off\"")], true),
    ("{}", "host", &[("host", "boundary-members: guest, slicegate.dev/trust-boundary: other"), ("other", "mode: enforce")], true),
    ("{}", "host", &[("host", "mode: enforce")], false),
    ("{}", "host", &[("host", "trust-boundary: host")], false),
    ("{}", "host", &[("host", "boundary-members: \"\"")], false),
    ("{}", "host", &[("host", "boundary-members: \"Guest,guest-2,gues*,host\"")], false),
    // Another's word is not the bearer's.
    ("{}", "host", &[("host", "mode: enforce"), ("other", "boundary-members: guest, slicegate.dev/trust-boundary: host")], false),
    // A name that nobody bears.
    ("{}", "lab", &[], false),
    ("{}", "host", &[("host-2", "boundary-members: guest")], false),
    ("{boundaryNames: open}", "lab", &[], true),
    ("{boundaryNames: open}", "lab", &[("other", "trust-boundary: lab")], true),
    // Somebody made a namespace of that name.
    ("{boundaryNames: open}", "lab", &[("lab", "mode: \"off\"")], false),
    ("{boundaryNames: open}", "host", &[("host", "trust-boundary: host")], false),
    // The policy's list comes first, for and against.
    ("{boundaries: [{name: lab, namespaces: [guest, other]}]}", "lab", &[], true),
    ("{boundaries: [{name: lab, namespaces: [guest]}]}", "lab", &[("lab", "mode: \"off\"")], true),
    ("{boundaries: [{name: host, namespaces: [other]}]}", "host", &[("host", "boundary-members: \"*\"")], false),
    ("{boundaryNames: open, boundaries: [{name: lab, namespaces: [other]}]}", "lab", &[], false),
    ("{boundaries: [{name: guest, namespaces: [other]}]}", "guest", &[], false),
];

fn world(spec: &str, claimed: &str, others: &[(&str, &str)]) -> ClusterState {
    let text = format!("apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: {spec}\n");
    let policy = policy::read("policy", &text).expect("a policy");
    let nodes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/_world/nodes.yaml");
    let (supply, classes) = fleet::from_file(&nodes.display().to_string(), &policy).expect("nodes");
    let guest = format!(
        "mode: enforce, slicegate.dev/tier: batch, slicegate.dev/trust-boundary: {claimed}"
    );
    let described = others.iter().copied().chain([(GUEST, guest.as_str())]);
    let described: Vec<String> = described
        .map(|(name, said)| {
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, annotations: {{slicegate.dev/{said}}}}}\n"
            )
        })
        .collect();
    let input = documents::parse("namespaces", &described.join("---\n"));
    let views = fleet::namespace_views("namespaces", &input).expect("namespaces");
    ClusterState::new(policy, supply, Namespaces::known(views)).with_runtime_classes(classes)
}

/// What the guard alone refuses a pod of the guest for.
fn guard(world: &ClusterState, pod: &Value) -> Vec<&'static str> {
    let text = pod.to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).expect("a pod");
    let refusals = guarded(&world.input(GUEST, &pod));
    let word = |refusal: &Refusal| match refusal {
        Refusal::Stamp => "stamp",
        Refusal::Rule(rule) => rule.id,
    };
    refusals.iter().map(word).collect()
}

#[test]
fn a_boundary_is_shared_by_the_consent_of_its_bearer_or_of_the_policy_alone() {
    const RULE: &str = "boundary-not-yours";
    let mut faults = Vec::new();
    for (spec, claimed, others, is_let_in) in ROWS {
        let world = world(spec, claimed, others);
        let mut fault = |what: String| faults.push(format!("{claimed} {spec} {others:?}: {what}"));
        // The first webhook.
        let answer = create_in(&world, GUEST, &gpu_pod());
        match (&answer.pod, is_let_in) {
            (Some(pod), true) => {
                let label = &pod["metadata"]["labels"]["slicegate.dev/trust-boundary"];
                if label != claimed {
                    fault(format!("label {label}"));
                }
                // Both together: what it made passes the guard, which sees no consent, and the second webhook.
                let refusals = guard(&world, pod);
                if !refusals.is_empty() || !confirm_in(&world, GUEST, pod).allowed {
                    fault(format!("refused in the end: {refusals:?}"));
                }
            }
            (None, false) if answer.is_refused_by(RULE) => {}
            _ => fault(format!("{answer:?}")),
        }
        // The guard alone: nobody stamps, so nobody is let in.
        if guard(&world, &gpu_pod()).is_empty() {
            fault("the guard lets a pod pass that nobody judged".to_owned());
        }
        // The second webhook alone: a whole stamp for that boundary, written by somebody else.
        let listed = format!("{{boundaries: [{{name: {claimed}, namespaces: [{GUEST}]}}]}}");
        let forged = create_in(&self::world(&listed, claimed, &[]), GUEST, &gpu_pod());
        let forged = forged.pod.expect("a stamped pod");
        let answer = confirm_in(&world, GUEST, &forged);
        if !is_let_in && !answer.is_refused_by(RULE) {
            fault(format!("forged: {answer:?}"));
        }
    }
    report(&faults);
}

#[test]
fn a_warning_in_place_of_a_refusal_leaves_a_pod_in_its_namespaces_own_boundary() {
    let mut faults = Vec::new();
    for (spec, claimed, others, is_let_in) in ROWS {
        let spec = spec.replacen('{', "{rules: {boundary-not-yours: warn}, ", 1);
        let world = world(&spec, claimed, others);
        let answer = create_in(&world, GUEST, &gpu_pod());
        let label = answer.pod.as_ref().map(|pod| &pod["metadata"]["labels"]);
        let label = label.and_then(|l| l["slicegate.dev/trust-boundary"].as_str());
        let expected = match (is_let_in, claimed) {
            (true, _) => Some(claimed),
            // Not even its own name is its own there.
            (false, GUEST) => None,
            (false, _) => Some(GUEST),
        };
        if label != expected {
            faults.push(format!("{claimed} {spec} {others:?}: {label:?}"));
        }
    }
    report(&faults);
}

/// A part that pods of `guest` name, the policy's `spec`, the other namespaces, and whether it is theirs to name.
#[rustfmt::skip]
const PARTS: [Row; 13] = [
    ("{}", "research", &[], true),
    // Boundaries that somebody uses, or rehearses to use.
    ("{}", "other", &[("other", "mode: enforce")], false),
    ("{}", "other", &[("other", "mode: dry-run")], false),
    ("{outsiders: label}", "other", &[("other", "mode: \"off\"")], false),
    ("{boundaryNames: open}", "research", &[("other", "mode: enforce, slicegate.dev/trust-boundary: research")], false),
    ("{boundaries: [{name: research, namespaces: [other]}]}", "research", &[], false),
    // What a stranger writes closes nothing.
    ("{}", "other", &[("other", "mode: \"off\"")], true),
    ("{namespaceDefault: \"off\"}", "other", &[("other", "boundary-members: \"*\"")], true),
    ("{}", "research", &[("other", "mode: enforce, slicegate.dev/trust-boundary: research")], true),
    ("{boundaryNames: open}", "research", &[("other", "mode: \"off\", slicegate.dev/trust-boundary: research")], true),
    // Its namespace is of another boundary, and its own name nobody's.
    ("{}", "other", &[("other", "mode: enforce, slicegate.dev/trust-boundary: host"), ("host", "boundary-members: other")], true),
    ("{}", "other", &[("other", "mode: enforce, slicegate.dev/trust-boundary: host, slicegate.dev/boundary-members: third"), ("host", "boundary-members: other"), ("third", "mode: enforce, slicegate.dev/trust-boundary: other")], false),
    ("{outsiders: label}", "other", &[("other", "mode: \"off\", slicegate.dev/trust-boundary: nowhere")], false),
];

#[test]
fn a_part_is_refused_only_where_it_is_a_boundary_that_somebody_uses() {
    let mut faults = Vec::new();
    for (spec, part, others, is_theirs) in PARTS {
        let world = world(spec, GUEST, others);
        let asks = json!({"metadata": {"annotations": {"slicegate.dev/trust-boundary": part}}});
        let answer = create_in(&world, GUEST, &with(gpu_pod(), &asks));
        let label = answer.pod.as_ref().map(|pod| &pod["metadata"]["labels"]);
        let label = label.and_then(|l| l["slicegate.dev/trust-boundary"].as_str());
        let is_right = match is_theirs {
            true => label == Some(&format!("{GUEST}.{part}")),
            false => answer.is_refused_by("boundary-not-yours"),
        };
        let passes = answer
            .pod
            .as_ref()
            .is_none_or(|pod| guard(&world, pod).is_empty());
        if !is_right || !passes {
            faults.push(format!("{part} {spec} {others:?}: {answer:?}"));
        }
    }
    report(&faults);
}

#[test]
fn the_guard_lets_excluded_namespaces_alone() {
    let policy = Arc::new(policy::built_in().expect("what is there"));
    let supply = Arc::new(fleet::assumed(&policy).expect("what is there"));
    let text = gpu_pod().to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).expect("a pod");
    let refusals = |list: &str, namespace| {
        let never = list.parse().expect("what is there");
        let view = NamespaceView {
            mode: Some("enforce".to_owned()),
            ..NamespaceView::default()
        };
        let views = HashMap::from([(String::from(namespace), view)]);
        let namespaces = Namespaces::known(views).with_excluded_namespaces(never);
        let state = ClusterState::new(Arc::clone(&policy), Arc::clone(&supply), namespaces);
        guarded(&state.input(namespace, &pod)).len()
    };
    assert_eq!(refusals("gpus", "gpus"), 0);
    assert_ne!(refusals("gpus", "gpu-operator"), 0);
    assert_ne!(refusals("kube-system", "gpus"), 0);
}
