//! Exact allocation counts of the hot path: a figure that never has noise, held where it is.

#[path = "bench/bodies.rs"]
mod bodies;
#[path = "bench/worlds.rs"]
mod worlds;

use slicegate::admission::respond;
use slicegate::engine::{Mode, decide};
use slicegate::facts::Pod;

/// What one answer may allocate, the body aside.
const MOST: u64 = 100;

/// Whether something was decided that has to be written.
fn is_patched(answer: &[u8]) -> bool {
    let answer: serde_json::Value = serde_json::from_slice(answer).expect("JSON");
    answer["response"]["patch"].is_string()
}

#[test]
fn an_answer_needs_at_most_a_hundred_allocations() {
    let world = worlds::of(&bodies::world(), 8);
    for body in bodies::all() {
        // The tables of closed lists are read once, on first use.
        let mut answer = respond(&world, &body.bytes).expect("an answer");
        let counted = allocation_counter::measure(|| {
            answer = respond(&world, &body.bytes).expect("an answer");
        });
        assert_eq!(is_patched(&answer), body.name != "other", "{}", body.name);
        println!(
            "{}: {} allocations, {} bytes",
            body.name, counted.count_total, counted.bytes_total
        );
        assert!(
            counted.count_total <= MOST,
            "{} needs {} allocations",
            body.name,
            counted.count_total
        );
    }
}

#[test]
fn a_decision_allocates_the_same_with_five_nodes_and_five_thousand() {
    let count = |nodes| {
        let world = worlds::of(&bodies::world(), nodes);
        let body = bodies::all().swap_remove(1);
        // The tables of closed lists are read once, on first use.
        let mut answer = respond(&world, &body.bytes).expect("an answer");
        let counted = allocation_counter::measure(|| {
            answer = respond(&world, &body.bytes).expect("an answer");
        });
        assert!(is_patched(&answer), "nothing was chosen");
        counted.count_total
    };
    assert_eq!(count(8), count(5_000));
}

#[test]
fn a_pod_that_does_not_touch_gpus_is_decided_about_without_any_allocation() {
    let world = worlds::of(&bodies::world(), 8);
    let text = r#"{"metadata": {"labels": {"app": "web"}, "annotations": {"prometheus.io/scrape": "true"}},
        "spec": {"volumes": [{"hostPath": {"path": "/var/log"}}], "hostNetwork": true, "containers": [
            {"name": "main", "env": [{"name": "A", "value": "b"}], "envFrom": [{"prefix": "APP_"}],
             "resources": {"limits": {"cpu": "1"}}, "volumeMounts": [{"mountPath": "/var/log"}]}]}}"#;
    let pod: Pod<'_> = serde_json::from_str(text).expect("a pod");
    let question = world.input("inference-prod", &pod);
    // The tables of closed lists are read once, on first use.
    decide(&question);
    let counted = allocation_counter::measure(|| {
        let decision = decide(&question);
        assert_eq!(decision.mode, Mode::Enforce);
        assert!(decision.findings.is_empty());
    });
    assert_eq!(counted.count_total, 0);
}
