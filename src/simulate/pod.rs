//! A pod as the scheduler sees it: what it needs, and its terms about other pods.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

use super::node::{NodeRules, holds, milli};
use crate::facts::affinity::{LabelSelector, PodAffinityTerm, Weighted};
use crate::facts::pod::{ContainerKind, NodeSelectorTerm, Resources};
use crate::facts::{self, Pairs, Text};
use crate::json::Raw;

/// A pod that is to be placed.
#[derive(Debug)]
pub struct Pod<'a> {
    pub(super) identity: Identity<'a>,
    pub(super) node_name: Option<&'a str>,
    pub(super) needs: BTreeMap<&'a str, u64>,
    pub(super) nodes: NodeRules<'a>,
    /// Required affinity.
    pub(super) affinity: Vec<PodTerm<'a>>,
    /// Required anti-affinity and preferences, and what they mean for a node with a pod that they select.
    pub(super) others: Vec<(Effect, PodTerm<'a>)>,
}

/// What the terms of other pods look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    namespace: &'a str,
    labels: Option<&'a Pairs<'a>>,
}

/// A term about other pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodTerm<'a> {
    pub(super) topology_key: Text<'a>,
    /// The namespace of the pod that has the term.
    namespace: &'a str,
    /// All have to match: InterPodAffinity counts for required affinity only pods that match all terms of the pod.
    terms: Vec<PodAffinityTerm<'a>>,
}

/// What pods mean for a pod that is beside them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    pub(super) is_repelled: bool,
    /// The sum of the weights. Those of anti-affinity are negative.
    pub(super) score: i64,
}

impl Effect {
    pub(super) fn add(&mut self, other: Self) {
        self.is_repelled |= other.is_repelled;
        self.score += other.score;
    }
}

impl<'a> Pod<'a> {
    /// Reads a pod of a namespace.
    ///
    /// # Errors
    /// When its spec or its affinity is none that an API server takes.
    pub fn of(namespace: &'a str, pod: &'a facts::Pod<'a>) -> Result<Self, Error> {
        let term = |topology_key: Option<Text<'a>>, terms| PodTerm {
            topology_key: topology_key.unwrap_or_default(),
            namespace,
            terms,
        };
        let one = |own: PodAffinityTerm<'a>| term(own.topology_key.clone(), vec![own]);
        let spec = pod.spec.as_ref();
        let spec = spec.ok_or_else(|| Error::custom("the pod has no spec"))?;
        let affinity = spec.affinity.as_ref();
        let beside = affinity.and_then(|a| a.pod_affinity.as_ref());
        let apart = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
        let required: Vec<PodAffinityTerm<'a>> = read(beside.and_then(|a| a.required.as_ref()))?;
        let mut others = Vec::new();
        for own in read(apart.and_then(|a| a.required.as_ref()))? {
            let (is_repelled, score) = (true, 0);
            others.push((Effect { is_repelled, score }, one(own)));
        }
        for (sign, affinity) in [(1, beside), (-1, apart)] {
            let terms = read(affinity.and_then(|a| a.preferred.as_ref()))?;
            for Weighted { weight, term } in terms {
                let (is_repelled, score) = (false, sign * weight);
                others.push((Effect { is_repelled, score }, one(term)));
            }
        }
        let nodes = affinity.and_then(|a| a.node_affinity.as_ref()?.preferred);
        let nodes: Vec<Weighted<NodeSelectorTerm<'a>>> =
            nodes.map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))?;
        let required_nodes = spec.required_node_terms();
        Ok(Self {
            identity: Identity {
                namespace,
                labels: pod.labels(),
            },
            node_name: pod.node_name(),
            needs: needs(pod),
            nodes: NodeRules {
                selector: spec.node_selector.as_ref(),
                required: required_nodes.map(|terms| terms.iter().map(|t| &t.read).collect()),
                preferred: nodes.into_iter().map(|w| (w.weight, w.term)).collect(),
                tolerations: spec.tolerations.as_deref().unwrap_or_default(),
            },
            affinity: required
                .iter()
                .map(|own| term(own.topology_key.clone(), required.clone()))
                .collect(),
            others,
        })
    }
}

fn read<'a, T: Deserialize<'a>>(terms: Option<&Vec<Raw<'a>>>) -> Result<Vec<T>, Error> {
    let terms = terms.into_iter().flatten();
    terms.map(|term| serde_json::from_str(term.get())).collect()
}

/// What the containers of a pod need of each resource, in thousandths.
fn needs<'a>(pod: &'a facts::Pod<'a>) -> BTreeMap<&'a str, u64> {
    let mut needs = Needs::default();
    for (place, container) in pod.containers() {
        let role = match place.kind {
            _ if container.is_sidecar(place) => Role::Sidecar,
            ContainerKind::Init => Role::Init,
            ContainerKind::Main | ContainerKind::Ephemeral => Role::Main,
        };
        let Some(Resources { limits, requests }) = &container.resources else {
            continue;
        };
        // The API server makes a limit without a request the request, too.
        let is_requested = |name: &str| requests.as_ref().is_some_and(|r| r.contains(name));
        let limits = limits.iter().flat_map(Pairs::iter);
        let limits = limits.filter(|(name, _)| !is_requested(name));
        for (name, amount) in limits.chain(requests.iter().flat_map(Pairs::iter)) {
            needs.add(role, name, milli(amount).unwrap_or(u64::MAX));
        }
    }
    needs.total()
}

/// When a container of a pod runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Before the main containers, alone but for sidecars.
    Init,
    /// From its turn among the init containers on.
    Sidecar,
    /// Together with all main containers.
    Main,
}

/// What a pod needs at the same time, as `PodRequests` of `k8s.io/component-helpers/resource` sums it up.
#[derive(Debug, Default)]
pub struct Needs<'a>(BTreeMap<&'a str, [u64; 3]>);

impl<'a> Needs<'a> {
    /// Adds what a container needs. Init containers come first, in their order.
    pub fn add(&mut self, role: Role, resource: &'a str, amount: u64) {
        let [running, peak, sidecars] = self.0.entry(resource).or_default();
        match role {
            Role::Main => *running = running.saturating_add(amount),
            Role::Sidecar => *sidecars = sidecars.saturating_add(amount),
            Role::Init => *peak = (*peak).max(sidecars.saturating_add(amount)),
        }
    }

    /// By resource, the most that is needed at any time.
    pub fn total(self) -> BTreeMap<&'a str, u64> {
        let most = |[running, peak, sidecars]: [u64; 3]| peak.max(running.saturating_add(sidecars));
        let needs = self.0.into_iter();
        needs.map(|(name, needs)| (name, most(needs))).collect()
    }
}

impl PodTerm<'_> {
    pub(super) fn selects(&self, pod: &Identity<'_>) -> bool {
        self.terms.iter().all(|term| {
            let is_inside = self.is_inside(term, pod.namespace);
            let selector = term.label_selector.as_ref().filter(|_| is_inside);
            selector.is_some_and(|s| matches(s, |key| pod.labels?.get(key)))
        })
    }

    /// Whether a term of the pod is about pods of a namespace.
    fn is_inside(&self, term: &PodAffinityTerm<'_>, namespace: &str) -> bool {
        let named = term.namespaces.as_deref().unwrap_or_default();
        let selector = term.namespace_selector.as_ref();
        if named.is_empty() && selector.is_none() {
            return namespace == self.namespace;
        }
        // Of the labels of namespaces only the one is known that Kubernetes gives to each.
        let label = |key: &str| (key == "kubernetes.io/metadata.name").then_some(namespace);
        named.iter().any(|name| **name == *namespace) || selector.is_some_and(|s| matches(s, label))
    }
}

fn matches<'l>(selector: &LabelSelector<'_>, label: impl Fn(&str) -> Option<&'l str>) -> bool {
    let mut labels = selector.match_labels.iter().flat_map(Pairs::iter);
    let mut expressions = selector.match_expressions.iter().flatten();
    labels.all(|(key, value)| label(key) == Some(value))
        && expressions.all(|requirement| holds(requirement, label(&requirement.key)))
}
