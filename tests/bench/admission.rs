//! The whole line, bytes of an AdmissionReview in, bytes out, beside a borrowed parse of the same bytes.
//!
//! `cargo bench --bench admission` prints the times; the ratios `respond / parse` are what matters.

mod bodies;
mod nodes;
mod worlds;
mod yardstick;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use slicegate::admission::respond;
use slicegate::engine::supply::NodeView;
use slicegate::facts::Node;

fn admission(criterion: &mut Criterion) {
    let world = worlds::of(&bodies::world(), 8);
    for body in bodies::all() {
        let mut group = criterion.benchmark_group(body.name);
        group.bench_function("parse", |b| {
            b.iter(|| yardstick::parse(black_box(&body.bytes)))
        });
        group.bench_function("respond", |b| {
            b.iter(|| respond(black_box(&world), black_box(&body.bytes)));
        });
        group.finish();
    }
    fleets(criterion);
    watched(criterion);
}

/// A decision has to cost the same with 5 nodes or 5,000.
fn fleets(criterion: &mut Criterion) {
    let share = bodies::all().swap_remove(1);
    let mut group = criterion.benchmark_group("share, by nodes");
    for nodes in [8, 5_000] {
        let world = worlds::of(&bodies::world(), nodes);
        group.bench_function(nodes.to_string(), |b| {
            b.iter(|| respond(black_box(&world), black_box(&share.bytes)));
        });
    }
    group.finish();
}

/// What each event of a watch costs before it is compared with what was known.
fn watched(criterion: &mut Criterion) {
    let node = nodes::node();
    let mut group = criterion.benchmark_group(format!("a node of {} bytes", node.len()));
    group.bench_function("read", |b| {
        b.iter(|| {
            let node: Node<'_> = serde_json::from_str(black_box(&node)).expect("a node");
            NodeView::of_node(&node)
        });
    });
    group.finish();
}

criterion_group!(benches, admission);
criterion_main!(benches);
