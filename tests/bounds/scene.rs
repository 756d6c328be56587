//! Who is asked, and what it costs.

use std::fs;
use std::time::Instant;

use slicegate::admission::{
    NoDecision, Webhook, missing_namespace, respond_observed, respond_without_decision,
};
use slicegate::config::policy;
use slicegate::engine::vocabulary::{BoundaryPlacement, Outsiders};
use slicegate::engine::{ClusterState, NamespaceView, Namespaces, Policy};

use super::fleet;

/// One request.
pub struct Body {
    pub name: String,
    pub webhook: Webhook,
    pub text: String,
    /// What has to stand in the answer.
    pub says: Option<&'static str>,
}

/// What came of one request.
pub struct Asked {
    pub microseconds: u64,
    /// The most bytes that were allocated at once.
    pub held: u64,
    pub answered: usize,
    /// The beginning of the answer's message, or whether it allows.
    pub said: String,
}

/// Everything that requests are judged against.
pub struct Scene {
    pub name: &'static str,
    world: ClusterState,
}

impl Scene {
    /// Few nodes and many, boundaries kept apart by either means.
    pub fn all() -> Vec<Self> {
        let scene = |name, nodes, change| Self {
            name,
            world: world(nodes, change),
        };
        vec![
            scene("8 nodes", 8, |policy| policy.outsiders = Outsiders::Label),
            scene("5,000 nodes", 5_000, |_| {}),
            scene("5,000 nodes by label", 5_000, |policy| {
                policy.placement.boundary = BoundaryPlacement::NodeLabel;
            }),
        ]
    }

    /// Asks once.
    pub fn ask(&self, body: &Body) -> Asked {
        let (before, started) = (ran(), Instant::now());
        let mut answer = Vec::new();
        let memory = allocation_counter::measure(|| {
            answer = self.answer(body.webhook, body.text.as_bytes());
        });
        // The machine counts what others took while this thread waited for memory; what has passed bounds it.
        let passed = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let microseconds = (ran() - before).min(passed) / 1_000;
        let text = String::from_utf8_lossy(&answer);
        let said = text.split("\"allowed\":").nth(1).unwrap_or("no answer");
        let said: String = said.chars().take(2_000).collect();
        Asked {
            microseconds,
            held: memory.bytes_max,
            answered: answer.len(),
            said,
        }
    }

    /// As the server answers.
    fn answer(&self, webhook: Webhook, body: &[u8]) -> Vec<u8> {
        match respond_observed(&self.world, webhook, body, &mut |_| {}) {
            Ok(answer) => answer,
            Err(problem) => {
                let missing = missing_namespace(&self.world, body);
                assert!(missing.is_none(), "every namespace is known");
                let answer =
                    respond_without_decision(&self.world, body, &NoDecision::Unreadable(&problem));
                answer.unwrap_or_else(|| problem.to_string().into_bytes())
            }
        }
    }
}

/// The processor time of this thread, in nanoseconds.
pub fn ran() -> u64 {
    // What ran until now is added up when the scheduler is asked.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells times");
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().expect("nanoseconds")
}

fn world(nodes: usize, change: fn(&mut Policy)) -> ClusterState {
    let mut policy = policy::built_in().expect("the built-in policy");
    change(&mut policy);
    let supply = fleet::of(nodes, &policy);
    let view = |mode: &str, tier: &str| NamespaceView {
        mode: Some(mode.to_owned()),
        tier: Some(tier.to_owned()).filter(|tier| !tier.is_empty()),
        ..NamespaceView::default()
    };
    let namespaces = [
        ("shared", view("enforce", "trusted-inference")),
        ("batch", view("enforce", "batch")),
        ("production", view("enforce", "production")),
        ("whole", view("enforce", "")),
        ("trial", view("dry-run", "batch")),
        ("off", view("off", "")),
    ];
    let namespaces = namespaces.map(|(name, view)| (name.to_owned(), view));
    ClusterState::new(policy, supply, Namespaces::known(namespaces.into()))
}
