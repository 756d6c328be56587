//! What is a breach, what may be one, and what is none.

use super::{look, state};
use crate::engine::ClusterState;

#[test]
fn a_breach_is_two_boundaries_on_one_node_where_one_of_them_was_promised_none() {
    let state = state();
    let a = "team-a mps gpu.shared label=team-a terms";
    for (lines, expected) in [
        (&[a, "team-b mps gpu.shared label=team-b terms"][..], true),
        (&[a, "team-b nameless gpu.shared label=team-b terms"], false),
        (&[a, a], false),
        (&[a, "play mps gpu.shared label=ANY"], true),
        (
            &[
                "play mps gpu.shared label=ANY",
                "play mps gpu.shared label=ANY",
            ],
            false,
        ),
        // Without a label, beside one.
        (&[a, "off mps gpu.shared"], true),
        (&[a, "team-b mps gpu.shared"], true),
        (&[a, "team-a mps gpu.shared"], false),
        // Who forges a label is of his own boundary all the same.
        (&[a, "team-b mps gpu.shared label=team-a"], true),
        // Nobody opted in; then somebody did.
        (&["off mps gpu.shared", "nowhere mps gpu.shared"], false),
        (&["off mps gpu.shared", "team-a mps gpu.shared"], true),
        // The markers count, not what its author requests now, nor what another author could.
        (
            &[
                a,
                "team-a mps gpu.shared label=team-a receipt=team-a part=x",
            ],
            false,
        ),
        (&[a, "team-a mps gpu.shared label=team-a part=x"], false),
        (
            &[a, "team-a mps gpu.shared label=team-a tier=development"],
            false,
        ),
        (
            &[a, "team-a mps gpu.shared label=team-a.x receipt=team-a.x"],
            true,
        ),
        (
            &[a, "play mps gpu.shared label=ANY receipt=ANY tier=batch"],
            true,
        ),
        (
            &[
                "play mps gpu.shared label=ANY receipt=ANY tier=batch",
                "play mps gpu.shared label=ANY",
            ],
            false,
        ),
        (
            &[
                a,
                "team-a mps gpu.shared label=team-a receipt=team-b part=x",
            ],
            true,
        ),
        // Only a pod whose namespace may use the boundary now is in it, whatever its markers say.
        (
            &[
                "team-b mps gpu.shared label=team-b",
                "guest mps gpu.shared label=team-b receipt=team-b",
            ],
            false,
        ),
        (
            &[a, "claims mps gpu.shared label=team-a receipt=team-a"],
            true,
        ),
        (
            &[a, "guest mps gpu.shared label=team-a receipt=team-a"],
            true,
        ),
        // Whole devices and slices have no neighbours.
        (
            &[
                "team-a whole gpu label=team-a",
                "team-b whole gpu label=team-b",
            ],
            false,
        ),
        (
            &[
                "team-a sliced mig-1g.10gb label=team-a",
                "off sliced mig-1g.10gb",
            ],
            false,
        ),
        // The node was changed under a whole device, which others may be handed now.
        (&[a, "team-b mps gpu label=team-b"], true),
    ] {
        assert_eq!(breach(&state, lines), expected.then_some(true), "{lines:?}");
    }
}

#[test]
fn two_boundaries_of_which_nobody_can_say_whether_they_share_are_a_possible_breach() {
    let state = state();
    let a = "team-a silent gpu label=team-a";
    for (lines, expected) in [
        (&[a, "team-b silent gpu label=team-b"][..], true),
        (&[a, "off silent gpu"], true),
        (&["team-a lost gpu label=team-a", "off lost gpu"], true),
        (&[a, a], false),
        (&[a, "team-b lost gpu label=team-b"], false),
        (&["off silent gpu", "nowhere silent gpu"], false),
        // The node advertised shares when they came, and advertises whole devices now.
        (
            &[
                "team-a whole gpu.shared label=team-a",
                "team-b whole gpu.shared label=team-b",
            ],
            true,
        ),
        (
            &[
                "team-a whole gpu label=team-a strategy=time-slicing",
                "team-b whole gpu label=team-b strategy=time-slicing",
            ],
            true,
        ),
        (
            &[
                "team-a whole gpu label=team-a strategy=time-slicing",
                "team-b whole gpu label=team-b strategy=exclusive",
            ],
            false,
        ),
        // One that certainly shares, beside one that is unknown.
        (
            &["team-a mps gpu.shared label=team-a", "off whole gpu"],
            false,
        ),
    ] {
        assert_eq!(
            breach(&state, lines),
            expected.then_some(false),
            "{lines:?}"
        );
    }
}

/// Whether the breach of the pods' node is certain, if there is one.
fn breach(state: &ClusterState, lines: &[&str]) -> Option<bool> {
    look(state, lines, |audit| {
        let mut nodes = audit.nodes.iter();
        nodes.find_map(|n| Some(n.breach.as_ref()?.is_certain))
    })
}

#[test]
fn a_pod_whose_words_are_others_than_its_stamp_has_drifted_and_is_covered() {
    let state = state();
    for (line, now) in [
        ("team-a mps gpu.shared label=team-a receipt=team-a", None),
        (
            "team-a mps gpu.shared label=team-a receipt=team-a part=x",
            Some("team-a.x"),
        ),
        (
            "team-a mps gpu.shared label=team-a part=x",
            Some("team-a.x"),
        ),
        (
            "team-a mps gpu.shared label=team-a.x receipt=team-a.x",
            Some("team-a"),
        ),
        (
            "team-a mps gpu.shared label=team-a receipt=team-a tier=development",
            Some("ANY"),
        ),
        // Its namespace went over to another boundary, and may go back.
        (
            "guest mps gpu.shared label=guest receipt=guest",
            Some("team-b"),
        ),
        // That is no part of the boundary any more: it is not covered, and not merely another word.
        ("claims mps gpu.shared label=team-a receipt=team-a", None),
        ("team-a mps gpu.shared part=x", None),
    ] {
        look(&state, &[line], |audit| {
            let pod = &audit.pods[0];
            let drifted = pod.has_drifted().then_some(pod.due.as_deref()).flatten();
            assert_eq!(drifted, now, "{line}");
            assert!(now.is_none() || pod.gaps.is_empty(), "{line}");
        });
    }
}
