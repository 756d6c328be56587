//! The generators reach what they are for: a property that never meets a case says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use slicegate::engine::line::{MarkersReason, Outcome, Reason};
use slicegate::engine::rules;

use super::policies::{self, ENFORCED};
use super::scene::{Verdict, judge, judge_outsider, scene, world};
use super::scheduler::landing;
use super::{fleet, reaching};

/// How many scenes are looked at, and how many pods that reach for GPUs past their request.
const SCENES: usize = 2000;
const REACHING: usize = 4000;

/// Rules that no generator meets, why, and the file of a test that meets each. A new rule is met, or stands here.
const RULES_ELSEWHERE: [(&str, &str, &str); 6] = [
    (
        "narrowed",
        "the fleets of the generators are of one architecture, and their pods mount no claims",
        "tests/cases/another-architectures-slices-come-first-and-narrowed-says-what-is-left-out/expected.yaml",
    ),
    (
        "quota-escape",
        "the namespaces of the generators have no quotas",
        "tests/cases/a-rewrite-to-a-name-no-quota-counts-is-quota-escape/expected.yaml",
    ),
    (
        "mode-unknown",
        "the namespaces of the generators have modes that are known",
        "tests/cases/a-mode-nobody-knows-counts-as-enforce-and-warns/expected.yaml",
    ),
    (
        "template-refused",
        "a review says it of workloads, and the generators make pods",
        "tests/cases/a-fraction-in-a-workload-is-template-refused/expected.yaml",
    ),
    (
        "ephemeral-gpu",
        "it comes with an update, and the generators create",
        "tests/forgery/host_paths.rs",
    ),
    (
        "too-large",
        "the generators make pods as people write them",
        "tests/forgery/large.rs",
    ),
];

/// What was met, and how often.
#[derive(Default)]
struct Met(BTreeMap<String, u32>);

impl Met {
    fn count(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.count(verdict.outcome.word());
        self.count(format!("{:?}", verdict.reason));
        for (rule, denies) in &verdict.findings {
            self.count(format!("rule {rule}"));
            self.count(if *denies { "a refusal" } else { "a warning" });
        }
    }

    /// Fails with everything of a kind that was met less often than that.
    #[track_caller]
    fn expect(&self, kind: &str, least: u32, all: impl IntoIterator<Item = String>) {
        let often = |what: &String| self.0.get(what).copied().unwrap_or_default();
        let rare: Vec<String> = all.into_iter().filter(|what| often(what) < least).collect();
        let met = &self.0;
        assert!(
            rare.is_empty(),
            "{kind} met less than {least} times: {rare:?}\n{met:#?}"
        );
    }
}

fn sample<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).expect("a value").current()
}

/// What becomes of random pods the first time, the second time, and where slicegate is off.
fn met() -> Met {
    let mut runner = TestRunner::deterministic();
    let mut met = Met::default();
    let scenes = scene(15);
    for _ in 0..SCENES {
        let scene = sample(&scenes, &mut runner);
        let world = scene.world();
        let verdict = judge(&world, &scene.pod.0).expect("a verdict");
        met.verdict(&verdict);
        if let Some(strategy) = verdict.strategy {
            let lands = landing(&verdict.after, &scene.fleet).len();
            let lands = ["none", "one", "several"][lands.min(2)];
            met.count(format!("{strategy} on {lands}"));
            let again = judge(&world, &verdict.after).expect("a verdict");
            met.count(format!("{:?}", again.reason));
        }
        let mut unmanaged = scene.pod.0;
        unmanaged["metadata"]["namespace"] = "quiet".into();
        met.verdict(&judge_outsider(&world, &unmanaged).expect("a verdict"));
    }
    let worlds = (policies::policy(), fleet::fleet(2));
    let pods = reaching::pod(&ENFORCED);
    for _ in 0..REACHING {
        let (policy, fleet) = sample(&worlds, &mut runner);
        let pod = sample(&pods, &mut runner);
        met.verdict(&judge(&world(&policy, &fleet), &pod.0).expect("a verdict"));
    }
    met
}

/// Whether the generators are to meet a reason; without a wildcard, so that a new one is put somewhere.
const fn is_met(reason: Reason) -> bool {
    match reason {
        Reason::NamespaceOff
        | Reason::TakesNoGpu
        | Reason::GpusHidden
        | Reason::Placed
        | Reason::Reused
        | Reason::Findings => true,
        Reason::MarkersOnly(why) => match why {
            MarkersReason::DaemonSet
            | MarkersReason::OptOut
            | MarkersReason::NothingKnownFits
            | MarkersReason::Unmanaged => true,
            // No generated policy leaves another sharing system alone.
            MarkersReason::ForeignSystem => false,
        },
        // A mirror pod: nobody here is a kubelet.
        Reason::NotOurs => false,
    }
}

const REASONS: [Reason; 12] = [
    Reason::NotOurs,
    Reason::NamespaceOff,
    Reason::TakesNoGpu,
    Reason::GpusHidden,
    Reason::Placed,
    Reason::Reused,
    Reason::MarkersOnly(MarkersReason::DaemonSet),
    Reason::MarkersOnly(MarkersReason::OptOut),
    Reason::MarkersOnly(MarkersReason::NothingKnownFits),
    Reason::MarkersOnly(MarkersReason::ForeignSystem),
    Reason::MarkersOnly(MarkersReason::Unmanaged),
    Reason::Findings,
];

#[test]
fn every_outcome_is_met() {
    let met = met();
    let outcomes = [Outcome::Untouched, Outcome::Rewritten, Outcome::Denied];
    let outcomes = outcomes.map(|o| o.word().to_owned());
    met.expect("outcomes", 100, outcomes);
    let findings = ["a refusal", "a warning"].map(str::to_owned);
    met.expect("findings", 100, findings);
    let reasons = REASONS.into_iter().filter(|r| is_met(*r));
    met.expect("reasons", 2, reasons.map(|r| format!("{r:?}")));
    for (lands, least) in [("none", 1), ("one", 10), ("several", 10)] {
        let strategies = ["exclusive", "mig", "mps", "time-slicing"];
        let places = strategies.map(|strategy| format!("{strategy} on {lands}"));
        met.expect("places", least, places);
    }
    let elsewhere: BTreeSet<&str> = RULES_ELSEWHERE.iter().map(|(id, ..)| *id).collect();
    let here = rules::ALL.iter().filter(|r| !elsewhere.contains(r.id));
    met.expect("rules", 1, here.map(|r| format!("rule {}", r.id)));
    let also: Vec<&&str> = elsewhere
        .iter()
        .filter(|id| met.0.contains_key(&format!("rule {id}")))
        .collect();
    assert!(
        also.is_empty(),
        "met here, take them off the list: {also:?}"
    );
}

/// What ships is built with `overflow-checks`, and so is what is tested: elsewhere a number that wraps would pass.
#[test]
fn numbers_that_overflow_do_not_pass_unseen() {
    let most = std::hint::black_box(u32::MAX);
    let wrapped = std::panic::catch_unwind(|| most + std::hint::black_box(1));
    assert!(
        wrapped.is_err(),
        "set overflow-checks = true in the profile"
    );
}

#[test]
fn what_no_generator_meets_another_test_does() {
    for (id, why, file) in RULES_ELSEWHERE {
        assert!(rules::find(id).is_some() && !why.is_empty(), "{id}");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        let text = text.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains(id), "{file} does not meet {id}");
    }
}
