//! Exact allocation counts of the hot path: a figure that never has noise, held where it is.

#[path = "bench/bodies.rs"]
mod bodies;
#[path = "bench/worlds.rs"]
mod worlds;

use slicegate::admission::respond;

/// What one answer may allocate, the body aside.
const MOST: u64 = 100;

#[test]
fn an_answer_needs_at_most_a_hundred_allocations() {
    let world = worlds::of(&bodies::world(), 8);
    for body in bodies::all() {
        let counted = allocation_counter::measure(|| {
            let answer = respond(&world, &body.bytes).expect("an answer");
            assert!(!answer.is_empty());
        });
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
        let counted = allocation_counter::measure(|| {
            let _ = respond(&world, &body.bytes);
        });
        counted.count_total
    };
    assert_eq!(count(8), count(5_000));
}
