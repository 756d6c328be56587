//! Who is covered by the guarantee, why not, and what is adopted.

use super::{look, state, state_with, told};
use crate::engine::audit::{Adoption, Holding, NodeAudit, adoption};
use crate::engine::{ClusterState, Strategy};
use crate::facts::Pod;

/// The reasons why the one pod of a line is not covered.
fn gaps(state: &ClusterState, line: &str) -> Vec<&'static str> {
    look(state, &[line], |audit| {
        let pods = audit.pods.iter();
        pods.flat_map(|p| p.gaps.iter().map(|g| g.why.word()))
            .collect()
    })
}

#[test]
fn every_way_out_of_the_guarantee_has_its_reason() {
    let state = state();
    for (line, expected) in [
        ("team-a mps gpu.shared label=team-a terms", &[][..]),
        // Whoever comes later has the terms, and keeps away from the label.
        ("team-a mps gpu.shared label=team-a", &[]),
        ("team-a whole gpu label=team-a", &[]),
        (
            "team-a sliced mig-1g.10gb label=team-a scheduler=other named",
            &[],
        ),
        ("play mps gpu.shared label=ANY terms", &[]),
        ("off mps gpu.shared", &["namespace-off"]),
        ("nowhere mps gpu.shared", &["namespace-off"]),
        ("off whole gpu", &["namespace-off"]),
        ("trial mps gpu.shared", &["namespace-dry-run"]),
        ("team-a mps gpu.shared", &["before-opt-in"]),
        (
            "team-b mps gpu.shared label=team-a terms",
            &["label-differs"],
        ),
        ("off mps gpu.shared label=team-a", &["label-differs"]),
        ("off mps gpu.shared label=off.part", &[]),
        // Every tier is allowed there, those for anybody too.
        ("team-a mps gpu.shared label=ANY", &[]),
        ("guest mps gpu.shared label=ANY", &["label-differs"]),
        ("guest mps gpu.shared label=ANY receipt=ANY", &[]),
        (
            "team-a mps gpu.shared label=team-a receipt=team-b",
            &["label-differs"],
        ),
        (
            "team-a mps gpu.shared label=team-a receipt=",
            &["label-differs"],
        ),
        // Whom the bearer of the name lists.
        ("guest mps gpu.shared label=team-b receipt=team-b", &[]),
        // The bearer of the name did not agree.
        ("claims mps gpu.shared label=team-a", &["label-differs"]),
        ("team-a mps gpu.shared static", &["static-pod"]),
        (
            "team-a mps gpu.shared label=team-a terms named",
            &["node-name"],
        ),
        (
            "team-a mps gpu.shared label=team-a terms scheduler=volcano",
            &["other-scheduler"],
        ),
        (
            "team-a nameless gpu.shared label=team-a terms",
            &["no-hostname"],
        ),
        ("team-a silent gpu label=team-a terms", &["node-unknown"]),
        ("team-a lost gpu label=team-a terms", &["node-unknown"]),
        ("team-a mps gpu label=team-a", &["resource-gone"]),
        // The name stayed and what is behind it did not.
        (
            "team-a whole gpu label=team-a strategy=time-slicing",
            &["resource-gone"],
        ),
        (
            "off silent gpu named scheduler=volcano",
            &[
                "namespace-off",
                "node-name",
                "other-scheduler",
                "node-unknown",
            ],
        ),
    ] {
        assert_eq!(gaps(&state, line), expected, "{line}");
    }
}

#[test]
fn a_label_alone_is_not_enough_where_others_get_no_more_than_that() {
    for change in [
        ("outsiders: none", "outsiders: label"),
        ("foreignSharing: []", "foreignSharing: [hami]"),
    ] {
        let state = state_with(change);
        let of = |line| gaps(&state, line);
        assert_eq!(
            of("team-a mps gpu.shared label=team-a"),
            ["no-terms"],
            "{change:?}"
        );
        assert_eq!(of("team-a mps gpu.shared label=team-a terms"), [""; 0]);
        assert_eq!(of("team-a whole gpu label=team-a"), [""; 0]);
    }
}

#[test]
fn with_node_labels_it_is_the_nodes_own_that_counts() {
    let state = state_with(("boundary: pod-anti-affinity", "boundary: node-label"));
    let of = |line| gaps(&state, line);
    assert_eq!(of("team-a mps gpu.shared label=team-a"), [""; 0]);
    assert_eq!(of("team-b mps gpu.shared label=team-b"), ["node-label"]);
    assert_eq!(
        of("team-a nameless gpu.shared label=team-a"),
        ["no-hostname", "node-label"]
    );
}

#[test]
fn what_a_pod_holds_is_what_its_node_sells() {
    let state = state();
    for (line, expected) in [
        ("off mps gpu.shared", Holding::Share(Strategy::Mps)),
        ("off whole gpu", Holding::Whole),
        ("off sliced mig-1g.10gb", Holding::Slice),
        ("off mps gpu", Holding::Gone { shares_now: true }),
        ("off whole gpu.shared", Holding::Gone { shares_now: false }),
        ("team-a whole gpu strategy=exclusive", Holding::Whole),
        (
            "team-a whole gpu strategy=time-slicing",
            Holding::Gone { shares_now: false },
        ),
    ] {
        let found = look(&state, &[line], |audit| audit.pods[0].holding == expected);
        assert!(found, "{line}: not {expected:?}");
    }
}

#[test]
fn every_node_with_gpus_is_there_with_the_boundaries_on_it() {
    let state = state_with((
        "pools: []",
        r#"pools: [{name: later, allocatable: {nvidia.com/gpu: "1"}}]"#,
    ));
    let lines = [
        "team-a mps gpu.shared label=team-a",
        "off mps gpu.shared",
        "off lost gpu",
    ];
    let shown = look(&state, &lines, |audit| {
        let node = |n: &NodeAudit<'_>| {
            let labels: Vec<&str> = n.boundaries.keys().map(|l| l.unwrap_or("-")).collect();
            format!("{} {}", n.name, labels.join(" "))
                .trim_end()
                .to_owned()
        };
        audit.nodes.iter().map(node).collect::<Vec<String>>()
    });
    assert_eq!(
        shown,
        [
            "lost -",
            "mps - team-a",
            "nameless",
            "silent",
            "sliced",
            "whole"
        ]
    );
}

#[test]
fn a_pod_is_adopted_into_the_boundary_it_would_be_given_and_no_label_is_changed() {
    let state = state();
    for (line, expected) in [
        ("team-a mps gpu.shared", Adoption::Label("team-a".into())),
        ("team-a whole gpu", Adoption::Label("team-a".into())),
        ("off mps gpu.shared", Adoption::Label("off".into())),
        ("play mps gpu.shared", Adoption::Label("ANY".into())),
        // It may not have what it claims, so it stays within its own name.
        ("claims mps gpu.shared", Adoption::Label("claims".into())),
        ("team-a mps gpu.shared label=team-a", Adoption::Labelled),
        // Its ask changed after it was labelled.
        (
            "team-a mps gpu.shared label=team-a part=x",
            Adoption::Labelled,
        ),
        (
            "team-a mps gpu.shared label=team-b",
            Adoption::Differs {
                label: "team-b",
                due: Some("team-a".into()),
            },
        ),
        ("team-a mps other", Adoption::NoGpu),
    ] {
        let told = told(line);
        let pod: Pod<'_> = serde_json::from_str(&told.json).unwrap();
        let found = adoption(&state, told.namespace, &pod);
        assert_eq!(found, expected, "{line}");
    }
    let reserved = state_with((
        "boundaries: []",
        "boundaries: [{name: off, namespaces: [team-a]}]",
    ));
    let told = told("off mps gpu.shared");
    let pod: Pod<'_> = serde_json::from_str(&told.json).unwrap();
    let found = adoption(&reserved, told.namespace, &pod);
    assert_eq!(found, Adoption::NoBoundary);
}
