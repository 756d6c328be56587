//! A policy, a fleet and a pod, and what the product makes of them: its answer, and the pod as it is stored then.

use std::fmt;

use proptest::prelude::{BoxedStrategy, ProptestConfig, Strategy as _, TestCaseError, any};
use proptest::test_runner::RngSeed;
use serde_json::Value;
use slicegate::admission::patch;
use slicegate::engine::line::{Decision, Outcome, Reason};
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::{ClusterState, DecisionInput, Mode, Severity, Strategy, decide, unmanaged};
use slicegate::facts;

use super::api;
use super::fleet::{self, Fleet};
use super::pods::{self, Pod};
use super::policies;

/// Everything a decision looks at.
#[derive(Clone)]
pub struct Scene {
    pub policy: Value,
    pub fleet: Fleet,
    pub pod: Pod,
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.policy, &self.fleet)?;
        writeln!(f, "pod {:?}", self.pod)
    }
}

/// A policy without its tiers, which are always the same, and a fleet.
pub fn show(f: &mut fmt::Formatter<'_>, policy: &Value, fleet: &Fleet) -> fmt::Result {
    let mut spec = policy["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("tiers");
    }
    write!(f, "\npolicy {spec}\nfleet\n{fleet:?}")
}

/// Scenes with up to so many kinds of nodes. Half of the pods come as files have them, half as the API server sends them.
pub fn scene(most: usize) -> BoxedStrategy<Scene> {
    scene_on(fleet::fleet(most))
}

/// Scenes with such a fleet.
pub fn scene_on(fleet: BoxedStrategy<Fleet>) -> BoxedStrategy<Scene> {
    (policies::policy(), fleet, pods::pod(), any::<bool>())
        .prop_map(|(policy, fleet, mut pod, is_served)| {
            if is_served {
                pod.0 = api::defaulted(&pod.0);
            }
            let (policy, fleet) = policies::joined(policy, fleet);
            Scene { policy, fleet, pod }
        })
        .boxed()
}

/// What requests are judged against.
pub fn world(policy: &Value, fleet: &Fleet) -> ClusterState {
    let read = slicegate::config::policy::read("random", &policy.to_string());
    let policy = read.unwrap_or_else(|e| panic!("{e}\n{policy}"));
    let mut builder = FleetBuilder::new(policy.supply.declared);
    for node in fleet.nodes.iter().filter(|n| !n.is_pool) {
        let text = node.json.to_string();
        let node: facts::Node<'_> = serde_json::from_str(&text).unwrap();
        builder.add(NodeView::of_node(&node));
    }
    for pool in &policy.supply.pools {
        builder.add(NodeView::of_pool(pool));
    }
    ClusterState::new(policy, builder.build(), policies::namespaces())
}

/// What came out, free of everything it was read from.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub outcome: Outcome,
    pub reason: Reason,
    pub strategy: Option<&'static str>,
    /// Rules, and whether each denies.
    pub findings: Vec<(&'static str, bool)>,
    pub messages: Vec<String>,
    /// RFC 6902; empty without changes.
    pub patch: Vec<Value>,
    /// The pod with the patch on it, as the API server then stores it.
    pub after: Value,
}

impl Verdict {
    pub fn is_denied(&self) -> bool {
        self.outcome == Outcome::Denied
    }

    /// Whether only this rule denies.
    pub fn is_denied_only_by(&self, rule: &str) -> bool {
        let mut denials = self
            .findings
            .iter()
            .filter(|(_, denies)| *denies)
            .peekable();
        denials.peek().is_some() && denials.all(|(id, _)| *id == rule)
    }

    pub fn has(&self, rule: &str) -> bool {
        self.findings.iter().any(|(id, _)| *id == rule)
    }
}

/// Decides about a pod and carries it out.
pub fn judge(world: &ClusterState, pod: &Value) -> Result<Verdict, TestCaseError> {
    carry_out(world, pod, decide)
}

/// What really happens to a pod of a namespace that is off or in dry-run.
pub fn judge_outsider(world: &ClusterState, pod: &Value) -> Result<Verdict, TestCaseError> {
    carry_out(world, pod, |question| unmanaged(question, Mode::Off))
}

fn carry_out(
    world: &ClusterState,
    pod: &Value,
    decide: impl for<'a> Fn(&DecisionInput<'a>) -> Decision<'a>,
) -> Result<Verdict, TestCaseError> {
    let fail = |what: &str, e: &dyn fmt::Display, text: &str| {
        TestCaseError::fail(format!("{what}: {e}\n{text}"))
    };
    let sent = pod.to_string();
    let read: facts::Pod<'_> =
        serde_json::from_str(&sent).map_err(|e| fail("the pod is not read", &e, &sent))?;
    let question = world.input(
        pod["metadata"]["namespace"].as_str().unwrap_or("default"),
        &read,
    );
    let decision = decide(&question);
    let text = patch::write(&read, &decision.edits).map_err(|e| fail("no patch", &e, &sent))?;
    let patch: json_patch::Patch =
        serde_json::from_str(&text).map_err(|e| fail("no patch", &e, &text))?;
    let mut after = pod.clone();
    json_patch::patch(&mut after, &patch)
        .map_err(|e| fail("the patch does not apply", &e, &text))?;
    let findings = decision.findings.iter();
    Ok(Verdict {
        outcome: decision.outcome,
        reason: decision.reason,
        strategy: decision.strategy.map(Strategy::word),
        findings: findings
            .clone()
            .map(|f| (f.rule.id, f.severity == Severity::Deny))
            .collect(),
        messages: findings
            .map(|f| format!("{}: {}", f.rule.id, f.message))
            .collect(),
        patch: serde_json::from_str(&text).unwrap(),
        after: api::defaulted(&after),
    })
}

impl Scene {
    pub fn world(&self) -> ClusterState {
        world(&self.policy, &self.fleet)
    }

    pub fn namespace(&self) -> &str {
        self.pod.0["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default()
    }
}

/// Where the cases of every run begin.
const SEED: u64 = 20_261_122;

/// The settings of a property: so many cases, the same in every run, so that a change that fails is at fault itself.
///
/// What a property is not about does not count, and a property that is hardly ever about anything fails: where a
/// hundred cases or so have to be drawn for one that counts, proptest gives up.
///
/// `SLICEGATE_CASES` looks at so many instead, the same in every run as well; `PROPTEST_CASES` at so many new ones.
pub fn cases(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 30_000,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        let more = std::env::var("SLICEGATE_CASES").ok();
        let more = more.map(|n| n.parse().expect("SLICEGATE_CASES is a number"));
        config.cases = more.unwrap_or(cases);
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config.max_global_rejects = config.cases.saturating_mul(100);
    config
}
