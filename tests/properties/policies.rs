//! Random policies and the namespaces they rule: nine tiers, and every switch of placement and supply.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use slicegate::engine::{NamespaceView, Namespaces};

use super::fleet::Fleet;

/// The built-in tiers, and what they leave out.
pub fn tiers() -> Value {
    json!([
        {"name": "regulated", "isolation": "hardware", "strategies": ["mig", "exclusive"], "share": {"memory": "18Gi"}},
        {"name": "production", "isolation": "limited", "strategies": ["mig", "mps", "exclusive"], "share": {"memory": "18Gi"}},
        {"name": "trusted-inference", "isolation": "limited", "strategies": ["mps", "mig"], "share": {"memory": "9Gi"}},
        {"name": "batch", "isolation": "none", "strategies": ["mps", "time-slicing", "mig", "exclusive"], "share": {"fraction": "0.25"}},
        {"name": "development", "isolation": "none", "strategies": ["time-slicing", "mig"], "coTenancy": "any", "share": {"fraction": "0.25"}},
        {"name": "whole", "isolation": "dedicated", "strategies": ["exclusive"]},
        {"name": "anyhow", "isolation": "none", "strategies": ["exclusive", "mig", "mps", "time-slicing"]},
        {"name": "one-user", "isolation": "limited", "strategies": ["mps"], "runAsUser": 1000, "share": {"memory": "2Gi", "fraction": "0.1"}},
        {"name": "slices", "isolation": "hardware", "strategies": ["mig"], "share": {"fraction": "0.14"}},
        {"name": "turns", "isolation": "none", "strategies": ["time-slicing"]},
        {"name": "crowd", "isolation": "none", "strategies": ["time-slicing", "exclusive"], "coTenancy": "any"},
    ])
}

pub const TIERS: [&str; 11] = [
    "batch",
    "production",
    "anyhow",
    "trusted-inference",
    "regulated",
    "development",
    "turns",
    "slices",
    "one-user",
    "whole",
    "crowd",
];

/// A SharingPolicy as JSON, without pools.
pub fn policy() -> BoxedStrategy<Value> {
    let switches = (
        proptest::bool::weighted(0.15),
        any::<bool>(),
        any::<bool>(),
        proptest::bool::weighted(0.15),
    );
    let default_tier = prop_oneof![4 => Just(Value::Null), 1 => Just(json!("batch"))];
    let tolerations = prop_oneof![
        5 => Just(json!([])),
        1 => Just(json!([{"key": "dedicated", "operator": "Exists"}])),
        1 => Just(json!([{"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}])),
    ];
    let rules = prop_oneof![12 => Just(json!({})), 1 => Just(json!({"no-such-offer": "warn"}))];
    let outsiders = select(vec!["none", "label"]);
    let lab = json!([{"name": "lab", "namespaces": ["lab-1", "lab-2"]}]);
    let names = select(vec![("listed", lab), ("open", json!([]))]);
    let outsiders = (outsiders, names);
    (switches, default_tier, tolerations, rules, outsiders)
        .prop_map(
            |(
                (by_label, packs, hides, vouches),
                default_tier,
                tolerations,
                rules,
                (outsiders, names),
            )| {
                json!({
                    "apiVersion": "slicegate.dev/v1alpha1",
                    "kind": "SharingPolicy",
                    "metadata": {"name": "random"},
                    "spec": {
                        "defaultTier": default_tier,
                        "podOptOut": by_label,
                        "outsiders": outsiders,
                        "boundaryNames": names.0,
                        "boundaries": names.1,
                        "tiers": tiers(),
                        "placement": {
                            "boundary": if by_label { "node-label" } else { "pod-anti-affinity" },
                            "packing": if packs { "boundary" } else { "none" },
                            "hideGpus": if hides { "managed" } else { "off" },
                            "tolerations": tolerations,
                        },
                        "supply": {"unlabelled": if vouches { "exclusive" } else { "unknown" }},
                        "rules": rules,
                    },
                })
            },
        )
        .boxed()
}

/// The policy with the fleet's pools, and the fleet as this policy makes it.
pub fn joined(mut policy: Value, mut fleet: Fleet) -> (Value, Fleet) {
    let pools = fleet.nodes.iter().filter(|n| n.is_pool);
    let pools: Vec<Value> = pools.map(super::fleet::Node::as_pool).collect();
    policy["spec"]["supply"]["pools"] = pools.into();
    if policy["spec"]["supply"]["unlabelled"] == "exclusive" {
        fleet = fleet.vouched();
    }
    (policy, fleet)
}

/// Name, mode, tier, boundary.
const NAMESPACES: [(&str, &str, Option<&str>, Option<&str>); 8] = [
    ("team-a", "enforce", None, None),
    ("team-b", "enforce", None, None),
    ("lab-1", "enforce", None, Some("lab")),
    ("lab-2", "enforce", Some("batch"), Some("lab")),
    ("dev", "enforce", Some("development"), None),
    ("guest", "enforce", None, Some("team-b")),
    ("quiet", "off", None, None),
    ("trial", "dry-run", None, None),
];

/// Namespaces in which slicegate acts.
pub const ENFORCED: [&str; 6] = ["team-a", "team-b", "lab-1", "lab-2", "dev", "guest"];

/// Whom a namespace lets into its boundary.
const MEMBERS: [(&str, &str); 1] = [("team-b", "guest")];

pub fn namespaces() -> Namespaces {
    let view = |(name, mode, tier, boundary): (&str, &str, Option<&str>, Option<&str>)| {
        let view = NamespaceView {
            mode: Some(mode.to_owned()),
            tier: tier.map(str::to_owned),
            trust_boundary: boundary.map(str::to_owned),
            boundary_members: MEMBERS
                .into_iter()
                .filter(|(host, _)| *host == name)
                .map(|(_, member)| member.to_owned())
                .collect(),
            ..NamespaceView::default()
        };
        (name.to_owned(), view)
    };
    Namespaces::known(NAMESPACES.into_iter().map(view).collect::<HashMap<_, _>>())
}

/// The tier a namespace's pods are in when they say nothing, before the policy's own.
pub fn tier_of(namespace: &str) -> Option<&'static str> {
    NAMESPACES.iter().find(|n| n.0 == namespace)?.2
}

/// Whose a namespace's pods are.
pub fn boundary_of(namespace: &str) -> &str {
    let entry = NAMESPACES.iter().find(|n| n.0 == namespace);
    entry.and_then(|n| n.3).unwrap_or(namespace)
}

/// The boundary label a pod of an enforced namespace has to carry.
pub fn expected_label(policy: &Value, pod: &Value) -> String {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let note = |key: &str| {
        pod["metadata"]["annotations"]
            .get(key)
            .and_then(Value::as_str)
    };
    let spec = &policy["spec"];
    let tier = note("slicegate.dev/tier")
        .or_else(|| tier_of(namespace))
        .or(spec["defaultTier"].as_str());
    let tiers = spec["tiers"].as_array().into_iter().flatten();
    if tiers
        .into_iter()
        .any(|t| t["name"].as_str() == tier && t["coTenancy"] == "any")
    {
        return "ANY".to_owned();
    }
    let own = boundary_of(namespace);
    match note("slicegate.dev/trust-boundary") {
        Some(part) if part != own => format!("{own}.{part}"),
        _ => own.to_owned(),
    }
}
