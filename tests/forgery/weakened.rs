//! A policy that turns a refusal into a warning, or off: a pod with a GPU is stamped all the same.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;
use slicegate::config::{documents, fleet, policy};
use slicegate::engine::line::Edit;
use slicegate::engine::rules::ALL;
use slicegate::engine::rules::document::Document;
use slicegate::engine::vocabulary::{Rule, names};
use slicegate::engine::{
    ClusterState, Decision, DecisionInput, NamespaceView, Namespaces, Outcome, Workload, decide,
};
use slicegate::facts::Pod;

use super::scene::report;

/// Judges the bad example of a rule under a policy that weakens it.
fn judged(rule: &Rule, severity: &str, check: impl FnOnce(&Pod<'_>, &Decision<'_>)) {
    let id = rule.id;
    let text = format!(
        "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: {{rules: {{{id}: \"{severity}\"}}}}\n"
    );
    let policy = policy::read("policy", &text).expect("a policy");
    let nodes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/_world/nodes.yaml");
    let (supply, classes) = fleet::from_file(&nodes.display().to_string(), &policy).expect("nodes");
    let view = || NamespaceView {
        mode: Some("enforce".to_owned()),
        ..NamespaceView::default()
    };
    let known = ["default", "team-a", "team-b"].map(|name| (name.to_owned(), view()));
    let namespaces = Namespaces::known(HashMap::from(known));
    let object = documents::parse(id, Document::of(rule).bad)
        .documents
        .swap_remove(0)
        .value;
    let namespace = object["metadata"]["namespace"].as_str();
    let (workload, pod) = match object["kind"].as_str() {
        Some("Pod") => (Workload::Pod, Some(&object)),
        Some("DaemonSet") => (Workload::DaemonSet, object.pointer("/spec/template")),
        _ => (Workload::Template, object.pointer("/spec/template")),
    };
    let Some(pod) = pod.map(Value::to_string) else {
        return;
    };
    let pod: Pod<'_> = serde_json::from_str(&pod).expect("a pod");
    let state = ClusterState::new(policy, supply, namespaces).with_runtime_classes(classes);
    let decision = decide(&DecisionInput {
        workload,
        ..state.input(namespace.unwrap_or("default"), &pod)
    });
    check(&pod, &decision);
}

fn takes_gpu(pod: &Pod<'_>) -> bool {
    let resources = pod.containers().filter_map(|(_, c)| c.resources.as_ref());
    let mut lists = resources.flat_map(|r| [&r.limits, &r.requests]).flatten();
    lists.any(|list| list.iter().any(|(name, _)| names::is_gpu_resource(name)))
}

#[test]
fn no_weakened_rule_lets_a_gpu_pod_pass_without_its_boundarys_label() {
    let (mut faults, mut taking) = (Vec::new(), 0);
    for rule in ALL.into_iter().filter(|rule| !rule.always_denies) {
        for severity in ["warn", "off"] {
            judged(rule, severity, |pod, decision| {
                let labels = |e: &Edit<'_>| matches!(e, Edit::Label { key, .. } if *key == names::TRUST_BOUNDARY);
                let is_stamped =
                    decision.outcome == Outcome::Rewritten && decision.edits.iter().any(labels);
                let is_refused = decision.outcome == Outcome::Denied;
                taking += usize::from(takes_gpu(pod));
                if takes_gpu(pod) && !is_stamped && !is_refused {
                    faults.push(format!("{} {severity}: {:?}", rule.id, decision.outcome));
                }
            });
        }
    }
    report(&faults);
    assert!(taking > 20, "only {taking} examples take a GPU");
}
