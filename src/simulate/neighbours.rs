//! InterPodAffinity: for each term, how many pods it concerns in each domain of its topology.

use std::collections::HashMap;

use super::node::Node;
use super::pod::{Identity, Pod, PodTerm};
use crate::facts::Text;

/// The terms of all pods so far, and the bound pods that they concern.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours<'a> {
    pods: Vec<(Identity<'a>, usize)>,
    terms: Vec<KnownTerm<'a>>,
    positions: HashMap<PodTerm<'a>, usize>,
    topologies: Vec<Topology<'a>>,
}

#[derive(Clone, Debug)]
struct KnownTerm<'a> {
    term: PodTerm<'a>,
    /// The position of its topology.
    topology: usize,
    /// By domain, how many pods it selects.
    selected: HashMap<usize, i64>,
    /// By domain, what the pods mean that have it.
    held: HashMap<usize, Effect>,
}

/// The domains of a topology key: one for each value that nodes have.
#[derive(Clone, Debug)]
struct Topology<'a> {
    key: Text<'a>,
    size: usize,
    /// By node.
    domains: Vec<Option<usize>>,
}

/// The positions of the terms that concern a pod.
pub(super) struct Terms {
    affinity: Vec<usize>,
    anti_affinity: Vec<usize>,
    preferred: Vec<(i64, usize)>,
    /// Terms of any pod that select this one.
    selecting: Vec<usize>,
}

/// What the bound pods mean for one that is to be placed.
pub(super) struct Effects<'n> {
    topologies: &'n [Topology<'n>],
    /// By topology and domain.
    effects: Vec<Vec<Effect>>,
    affinity: Vec<&'n KnownTerm<'n>>,
    /// The pod selects itself and no other is there, so that it may be the first.
    is_first: bool,
}

/// What pods mean for a pod that is beside them.
#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    is_repelled: bool,
    /// The sum of the weights.
    score: i64,
}

/// The default weight for pods that require to be beside the one that is placed.
const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

impl<'a> Neighbours<'a> {
    /// The terms that concern a pod. From now on pods are counted for its own.
    pub(super) fn terms_of(&mut self, pod: &Pod<'a>, nodes: &[Node<'a>]) -> Terms {
        let mut all = |terms: &[PodTerm<'a>]| {
            let ids = terms.iter().map(|term| self.position(term, nodes));
            ids.collect::<Vec<usize>>()
        };
        let (affinity, anti_affinity) = (all(&pod.affinity), all(&pod.anti_affinity));
        let preferred = pod.preferred.iter();
        let preferred = preferred.map(|(weight, term)| (*weight, self.position(term, nodes)));
        let preferred = preferred.collect();
        let known = self.terms.iter().enumerate();
        let selecting = known.filter(|(_, known)| known.term.selects(&pod.identity));
        Terms {
            affinity,
            anti_affinity,
            preferred,
            selecting: selecting.map(|(id, _)| id).collect(),
        }
    }

    pub(super) fn bind(&mut self, pod: &Pod<'a>, terms: &Terms, node: usize) {
        for id in &terms.selecting {
            self.select(*id, node);
        }
        let repels = |id: &usize| (*id, true, 0);
        let prefers = |(weight, id): &(i64, usize)| (*id, false, *weight);
        let requires = |id: &usize| (*id, false, HARD_POD_AFFINITY_WEIGHT);
        let held = terms.anti_affinity.iter().map(repels);
        let held = held.chain(terms.preferred.iter().map(prefers));
        for (id, is_repelled, score) in held.chain(terms.affinity.iter().map(requires)) {
            let Some(known) = self.terms.get_mut(id) else {
                continue;
            };
            if let Some(domain) = domain(&self.topologies, known.topology, node) {
                let held = known.held.entry(domain).or_default();
                held.add(is_repelled, score);
            }
        }
        self.pods.push((pod.identity, node));
    }

    pub(super) fn effects(&self, terms: &Terms) -> Effects<'_> {
        let known = |id: &usize| self.terms.get(*id);
        let affinity: Vec<&KnownTerm<'_>> = terms.affinity.iter().filter_map(known).collect();
        let selects_itself = terms.affinity.iter().all(|id| terms.selecting.contains(id));
        let none = |topology: &'_ Topology<'_>| vec![Effect::default(); topology.size];
        let mut effects: Vec<Vec<Effect>> = self.topologies.iter().map(none).collect();
        let mut add = |known: &KnownTerm<'_>, domain: &usize, is_repelled, score| {
            let effects = effects.get_mut(known.topology);
            if let Some(effect) = effects.and_then(|effects| effects.get_mut(*domain)) {
                effect.add(is_repelled, score);
            }
        };
        for known in terms.anti_affinity.iter().filter_map(known) {
            for domain in known.selected.keys() {
                add(known, domain, true, 0);
            }
        }
        for known in terms.selecting.iter().filter_map(known) {
            for (domain, held) in &known.held {
                add(known, domain, held.is_repelled, held.score);
            }
        }
        for (weight, id) in &terms.preferred {
            let Some(known) = known(id) else { continue };
            for (domain, count) in &known.selected {
                add(known, domain, false, weight * count);
            }
        }
        Effects {
            topologies: &self.topologies,
            effects,
            is_first: selects_itself && affinity.iter().all(|known| known.selected.is_empty()),
            affinity,
        }
    }

    fn position(&mut self, term: &PodTerm<'a>, nodes: &[Node<'a>]) -> usize {
        if let Some(known) = self.positions.get(term) {
            return *known;
        }
        let known = self
            .topologies
            .iter()
            .position(|t| t.key == term.topology_key);
        let topology = known.unwrap_or_else(|| {
            self.topologies
                .push(Topology::of(&term.topology_key, nodes));
            self.topologies.len() - 1
        });
        let id = self.terms.len();
        self.terms.push(KnownTerm {
            term: term.clone(),
            topology,
            selected: HashMap::new(),
            held: HashMap::new(),
        });
        self.positions.insert(term.clone(), id);
        for index in 0..self.pods.len() {
            if let Some((_, node)) = self.pods.get(index).filter(|(pod, _)| term.selects(pod)) {
                self.select(id, *node);
            }
        }
        id
    }

    /// Counts a pod that a term selects.
    fn select(&mut self, term: usize, node: usize) {
        let Some(known) = self.terms.get_mut(term) else {
            return;
        };
        if let Some(domain) = domain(&self.topologies, known.topology, node) {
            *known.selected.entry(domain).or_default() += 1;
        }
    }
}

fn domain(topologies: &[Topology<'_>], topology: usize, node: usize) -> Option<usize> {
    topologies
        .get(topology)?
        .domains
        .get(node)
        .copied()
        .flatten()
}

impl Effect {
    fn add(&mut self, is_repelled: bool, score: i64) {
        self.is_repelled |= is_repelled;
        self.score += score;
    }
}

impl<'a> Topology<'a> {
    fn of(key: &Text<'a>, nodes: &[Node<'_>]) -> Self {
        let mut values: HashMap<&str, usize> = HashMap::new();
        let domains = nodes.iter().map(|node| {
            let (value, next) = (node.labels.get(&**key)?, values.len());
            Some(*values.entry(value).or_insert(next))
        });
        Self {
            domains: domains.collect(),
            size: values.len(),
            key: key.clone(),
        }
    }
}

impl Effects<'_> {
    /// The score of a node; none if the filter keeps the pod off.
    pub(super) fn at(&self, node: usize) -> Option<i64> {
        for known in &self.affinity {
            let domain = domain(self.topologies, known.topology, node)?;
            if !self.is_first && !known.selected.contains_key(&domain) {
                return None;
            }
        }
        let mut sum = Effect::default();
        for (topology, effects) in self.effects.iter().enumerate() {
            let domain = domain(self.topologies, topology, node);
            if let Some(effect) = domain.and_then(|domain| effects.get(domain)) {
                sum.add(effect.is_repelled, effect.score);
            }
        }
        (!sum.is_repelled).then_some(sum.score)
    }
}
