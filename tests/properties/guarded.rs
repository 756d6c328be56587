//! The guard lets everything pass that slicegate finished, and nothing that a rule on bypasses refuses.

use crate::guard_twin::{Refusal, guarded};
use proptest::prelude::*;
use serde_json::Value;
use slicegate::engine::{ClusterState, Outcome};
use slicegate::facts;

use crate::policies::ENFORCED;
use crate::reaching::{self, Reaching};
use crate::scene::{cases, judge, scene, world};
use crate::{fleet, policies};

/// By id, what the guard says of a pod.
fn refusals(world: &ClusterState, pod: &Value) -> Vec<&'static str> {
    let text = pod.to_string();
    let read: facts::Pod<'_> = serde_json::from_str(&text).unwrap();
    let refusals = guarded(&world.input(
        pod["metadata"]["namespace"].as_str().unwrap_or_default(),
        &read,
    ));
    let name = |refusal: &Refusal| match refusal {
        Refusal::Stamp => "stamp",
        Refusal::Rule(rule) => rule.id,
    };
    refusals.iter().map(name).collect()
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn what_slicegate_finished_passes(scene in scene(4)) {
        let world = scene.world();
        let verdict = judge(&world, &scene.pod.0)?;
        prop_assume!(verdict.outcome == Outcome::Rewritten);
        let refusals = refusals(&world, &verdict.after);
        prop_assert!(refusals.is_empty(), "{:?} of {}", refusals, verdict.after);
    }

}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn what_a_rule_on_bypasses_refuses_does_not_pass(
        Reaching(pod) in reaching::pod(&ENFORCED),
        fleet in fleet::fleet(2),
        policy in policies::policy(),
    ) {
        let world = world(&policy, &fleet);
        let verdict = judge(&world, &pod)?;
        let bypasses = ["visible-devices", "runtime-class", "limit-env", "host-device"];
        let said = verdict.findings.iter().zip(&verdict.messages);
        // A folder above a road is refused beside a GPU, and an annotation that asks for one has none yet.
        let mut said = said.filter(|(_, message)| !message.contains(" contains /"));
        let refused = said.any(|((id, denies), _)| *denies && bypasses.contains(id));
        prop_assert!(!refused || !refusals(&world, &pod).is_empty(), "{:?} of {}", verdict.messages, pod);
    }
}
