//! The hash is over what a policy says, and over all of it.

use std::collections::HashSet;

use super::{HEADER, accepted, with_spec};

#[test]
fn the_hash_ignores_comments_and_the_order_of_keys() {
    let a = with_spec(
        "\n  mode: dry-run # a comment\n  supply:\n    remember: 1h\n    pools:\n    \
         - {name: p, labels: {a: b, c: d}, allocatable: {cpu: 1, nvidia.com/gpu: 8}}\n  rules: {mps-user: off}",
    );
    let b = with_spec(
        "{rules: {mps-user: false, shm-conflict: deny}, supply: {pools: [{allocatable: {\"nvidia.com/gpu\": \"8\", \
         cpu: 1}, labels: {c: d, a: b}, name: p}], remember: 60m}, mode: \"dry-run\"}",
    );
    let hash = accepted(&a).hash;
    assert_eq!(hash, accepted(&b).hash);
    assert_eq!(hash.len(), 16);
    assert!(hash.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn the_hash_changes_with_every_value() {
    let tier = |fields: &str| format!("tiers: [{{name: a, isolation: none, {fields}}}]");
    let pool = |fields: &str| format!("supply: {{pools: [{{name: p, {fields}}}]}}");
    let specs = [
        String::new(),
        "mode: dry-run".into(),
        "namespaceDefault: dry-run".into(),
        "defaultTier: batch".into(),
        "podOptOut: true".into(),
        "outsiders: label".into(),
        "boundaries: [{name: a, namespaces: [b]}]".into(),
        "boundaries: [{name: a, namespaces: [b, c]}]".into(),
        "boundaries: [{name: a, namespaces: [b]}, {name: c, namespaces: [d]}]".into(),
        "foreignSharing: [kai]".into(),
        "tiers: []".into(),
        tier("strategies: [mps]"),
        tier("strategies: [mig]"),
        tier("strategies: [mig, mps]"),
        tier("strategies: [mps, mig]"),
        tier("strategies: [mig], coTenancy: any"),
        tier("strategies: [mps], share: {memory: 1}"),
        tier("strategies: [mps], share: {memory: 2}"),
        tier("strategies: [mps], share: {fraction: 1}"),
        tier("strategies: [mps], runAsUser: 0"),
        "tiers: [{name: a, isolation: limited, strategies: [mps]}]".into(),
        "tiers: [{name: b, isolation: none, strategies: [mps]}]".into(),
        "placement: {boundary: node-label}".into(),
        "placement: {packing: none}".into(),
        "placement: {schedulers: [x]}".into(),
        "placement: {hideGpus: off}".into(),
        "placement: {tolerations: [{key: a}]}".into(),
        "placement: {tolerations: [{key: a, operator: Equal}]}".into(),
        "placement: {tolerations: [{key: a, value: b}]}".into(),
        "placement: {tolerations: [{key: a, effect: NoExecute}]}".into(),
        "placement: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 1}]}".into(),
        "supply: {unlabelled: exclusive}".into(),
        "supply: {remember: 1s}".into(),
        pool("allocatable: {a: 1}"),
        pool("allocatable: {a: 2}"),
        pool("allocatable: {a: 1}, labels: {a: b}"),
        pool("allocatable: {a: 1}, taints: [{key: a, effect: NoSchedule}]"),
        pool("allocatable: {a: 1}, taints: [{key: a, value: b, effect: NoSchedule}]"),
        "rules: {mps-user: deny}".into(),
        "rules: {mps-user: off}".into(),
    ];
    let mut seen = HashSet::new();
    for spec in &specs {
        let hash = accepted(&with_spec(&format!("{{{spec}}}"))).hash;
        assert!(seen.insert(hash), "{spec}");
    }
    assert!(seen.insert(accepted(&format!("{HEADER}metadata: {{name: other}}\n")).hash));
}
