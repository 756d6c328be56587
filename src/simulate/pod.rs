//! A pod as the scheduler sees it: what it needs, and its terms about other pods.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

use super::node::{NodeRules, holds, milli};
use crate::facts::pod::{ContainerKind, NodeSelectorTerm, PodAffinity, Requirement, Resources};
use crate::facts::{self, Pairs, Text};

/// A pod that is to be placed.
#[derive(Debug)]
pub struct Pod<'a> {
    pub(super) identity: Identity<'a>,
    pub(super) node_name: Option<&'a str>,
    pub(super) needs: BTreeMap<&'a str, u64>,
    pub(super) nodes: NodeRules<'a>,
    pub(super) affinity: Vec<PodTerm<'a>>,
    pub(super) anti_affinity: Vec<PodTerm<'a>>,
    /// Anti-affinity has negative weights.
    pub(super) preferred: Vec<(i64, PodTerm<'a>)>,
}

/// What the terms of other pods look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    namespace: &'a str,
    labels: Option<&'a Pairs<'a>>,
}

/// A term about other pods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PodTerm<'a> {
    pub(super) topology_key: Text<'a>,
    /// The namespace of the pod that has the term.
    namespace: &'a str,
    /// All have to match: InterPodAffinity counts for required affinity only pods that match all terms of the pod.
    terms: Vec<Term<'a>>,
}

impl<'a> Pod<'a> {
    /// Reads a pod of a namespace.
    ///
    /// # Errors
    /// When its spec or its affinity is none that an API server takes.
    pub fn of(namespace: &'a str, pod: &'a facts::Pod<'a>) -> Result<Self, Error> {
        let term = |terms: Vec<Term<'a>>, topology_key| PodTerm {
            topology_key,
            namespace,
            terms,
        };
        let spec = pod
            .spec
            .as_ref()
            .ok_or_else(|| Error::custom("the pod has no spec"))?;
        let affinity = spec.affinity.as_ref();
        let beside = affinity.and_then(|a| a.pod_affinity.as_ref());
        let apart = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
        let mut preferred = Vec::new();
        for (sign, affinity) in [(1, beside), (-1, apart)] {
            let terms = affinity.and_then(|a| a.preferred.as_ref());
            for raw in terms.into_iter().flatten() {
                let Weighted::<Term<'a>> { weight, term: own } = serde_json::from_str(raw.get())?;
                let topology_key = own.topology_key.clone();
                preferred.push((sign * weight, term(vec![own], topology_key)));
            }
        }
        let preferred_nodes = affinity.and_then(|a| a.node_affinity.as_ref()?.preferred);
        let preferred_nodes: Vec<Weighted<NodeSelectorTerm<'a>>> =
            preferred_nodes.map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))?;
        let all = required(beside)?;
        let beside = all
            .iter()
            .map(|own| term(all.clone(), own.topology_key.clone()));
        let apart = required(apart)?.into_iter();
        Ok(Self {
            identity: Identity {
                namespace,
                labels: pod.labels(),
            },
            node_name: pod.node_name(),
            needs: needs(pod),
            nodes: NodeRules {
                selector: spec.node_selector.as_ref(),
                required: spec
                    .required_node_terms()
                    .map(|terms| terms.iter().map(|t| &t.read).collect()),
                preferred: preferred_nodes
                    .into_iter()
                    .map(|w| (w.weight, w.term))
                    .collect(),
                tolerations: spec.tolerations.as_deref().unwrap_or_default(),
            },
            affinity: beside.collect(),
            anti_affinity: apart
                .map(|own| term(vec![own.clone()], own.topology_key))
                .collect(),
            preferred,
        })
    }
}

fn required<'a>(affinity: Option<&PodAffinity<'a>>) -> Result<Vec<Term<'a>>, Error> {
    let terms = affinity
        .and_then(|a| a.required.as_ref())
        .into_iter()
        .flatten();
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
        let limits = limits
            .iter()
            .flat_map(Pairs::iter)
            .filter(|(name, _)| !is_requested(name));
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
        self.0
            .into_iter()
            .map(|(name, needs)| (name, most(needs)))
            .collect()
    }
}

/// A term as the API has it. An API server has put `matchLabelKeys` into the selector of a stored pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term<'a> {
    #[serde(borrow)]
    label_selector: Option<Selector<'a>>,
    #[serde(borrow)]
    namespaces: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    namespace_selector: Option<Selector<'a>>,
    #[serde(borrow)]
    topology_key: Text<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selector<'a> {
    #[serde(borrow)]
    match_labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    match_expressions: Option<Vec<Requirement<'a>>>,
}

#[derive(Deserialize)]
struct Weighted<T> {
    weight: i64,
    #[serde(alias = "podAffinityTerm", alias = "preference")]
    term: T,
}

impl PodTerm<'_> {
    pub(super) fn selects(&self, pod: &Identity<'_>) -> bool {
        self.terms
            .iter()
            .all(|term| term.selects(pod, self.namespace))
    }
}

impl Term<'_> {
    fn selects(&self, pod: &Identity<'_>, own_namespace: &str) -> bool {
        let named = self.namespaces.as_deref().unwrap_or_default();
        // Of the labels of namespaces only the one is known that Kubernetes gives to each.
        let label = |key: &str| (key == "kubernetes.io/metadata.name").then_some(pod.namespace);
        let is_inside = match &self.namespace_selector {
            None if named.is_empty() => pod.namespace == own_namespace,
            selector => {
                named.iter().any(|name| &**name == pod.namespace)
                    || selector.as_ref().is_some_and(|s| s.matches(label))
            }
        };
        let label = |key: &str| pod.labels?.get(key);
        is_inside
            && self
                .label_selector
                .as_ref()
                .is_some_and(|s| s.matches(label))
    }
}

impl Selector<'_> {
    fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let mut labels = self.match_labels.iter().flat_map(Pairs::iter);
        let mut expressions = self.match_expressions.iter().flatten();
        labels.all(|(key, value)| label(key) == Some(value))
            && expressions.all(|requirement| holds(requirement, label(&requirement.key)))
    }
}
