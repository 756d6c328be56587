//! The generators reach what they are for: a property that never meets a case says nothing.

use std::collections::BTreeMap;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::scene::{judge, scene};
use super::scheduler::landing;

#[test]
fn every_outcome_is_met() {
    let mut runner = TestRunner::deterministic();
    let strategy = scene(15);
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..1500 {
        let scene = proptest::strategy::Strategy::new_tree(&strategy, &mut runner)
            .unwrap()
            .current();
        let verdict = judge(&scene.world(), &scene.pod.0).unwrap();
        let mut count = |what: String| *met.entry(what).or_default() += 1;
        count(verdict.outcome.word().to_owned());
        count(format!("{:?}", verdict.reason));
        for (rule, denies) in &verdict.findings {
            count(format!(
                "{rule} {}",
                if *denies { "denies" } else { "warns" }
            ));
        }
        if let Some(strategy) = verdict.strategy {
            count(strategy.to_owned());
            let lands = landing(&verdict.after, &scene.fleet).len();
            count(format!(
                "{strategy} lands on {}",
                match lands {
                    0 => "none",
                    1 => "one",
                    _ => "several",
                }
            ));
        }
    }
    println!("{met:#?}");
}
