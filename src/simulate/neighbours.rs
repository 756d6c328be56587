//! InterPodAffinity: for each term, how many pods it concerns in each domain of its topology.

use std::collections::HashMap;

use super::node::Node;
use super::pod::{Effect, Identity, Pod, PodTerm};

/// The terms of all pods so far, and the bound pods that they concern.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours<'a> {
    /// With their nodes.
    pods: Vec<(Identity<'a>, usize)>,
    terms: Vec<KnownTerm<'a>>,
}

/// A domain is a value that nodes have for the topology key of the term.
#[derive(Clone, Debug)]
struct KnownTerm<'a> {
    term: PodTerm<'a>,
    /// By domain, how many pods it selects.
    selected: HashMap<&'a str, i64>,
    /// By domain, what the pods mean that have it.
    held: HashMap<&'a str, Effect>,
}

/// The positions of the terms that concern a pod.
pub(super) struct Terms {
    affinity: Vec<usize>,
    others: Vec<(Effect, usize)>,
    /// Terms of any pod that select this one.
    selecting: Vec<usize>,
}

/// What the bound pods mean for one that is to be placed.
pub(super) struct Effects<'n> {
    /// By topology key and domain.
    effects: HashMap<&'n str, HashMap<&'n str, Effect>>,
    affinity: Vec<&'n KnownTerm<'n>>,
    /// The pod selects itself and no other is there, so that it may be the first.
    is_first: bool,
}

/// The default weight for pods that require to be beside the one that is placed.
const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

impl<'a> Neighbours<'a> {
    /// The terms that concern a pod. From now on pods are counted for its own.
    pub(super) fn terms_of(&mut self, pod: &Pod<'a>, nodes: &[Node<'a>]) -> Terms {
        let mut position = |term: &PodTerm<'a>| self.position(term, nodes);
        let affinity = pod.affinity.iter().map(&mut position).collect();
        let others = pod.others.iter();
        let others = others.map(|(effect, term)| (*effect, position(term)));
        Terms {
            affinity,
            others: others.collect(),
            selecting: (0..self.terms.len())
                .filter(|id| self.terms[*id].term.selects(&pod.identity))
                .collect(),
        }
    }

    pub(super) fn bind(&mut self, pod: &Pod<'a>, terms: &Terms, node: usize, nodes: &[Node<'a>]) {
        let Some(labels) = nodes.get(node).map(|node| &node.labels) else {
            return;
        };
        for id in &terms.selecting {
            self.terms[*id].select(labels);
        }
        let required = Effect {
            is_repelled: false,
            score: HARD_POD_AFFINITY_WEIGHT,
        };
        let affinity = terms.affinity.iter().map(|id| (required, *id));
        for (effect, id) in terms.others.iter().copied().chain(affinity) {
            let known = &mut self.terms[id];
            if let Some(domain) = labels.get(&*known.term.topology_key) {
                known.held.entry(domain).or_default().add(effect);
            }
        }
        self.pods.push((pod.identity, node));
    }

    pub(super) fn effects(&self, terms: &Terms) -> Effects<'_> {
        let mut effects: HashMap<&str, HashMap<&str, Effect>> = HashMap::new();
        for known in terms.selecting.iter().map(|id| &self.terms[*id]) {
            let effects = effects.entry(&known.term.topology_key).or_default();
            for (domain, effect) in &known.held {
                effects.entry(domain).or_default().add(*effect);
            }
        }
        for (effect, id) in &terms.others {
            let known = &self.terms[*id];
            let effects = effects.entry(&known.term.topology_key).or_default();
            for (domain, count) in &known.selected {
                let score = effect.score * count;
                effects
                    .entry(domain)
                    .or_default()
                    .add(Effect { score, ..*effect });
            }
        }
        let affinity = terms.affinity.iter().map(|id| &self.terms[*id]);
        let affinity: Vec<&KnownTerm<'_>> = affinity.collect();
        let selects_itself = terms.affinity.iter().all(|id| terms.selecting.contains(id));
        Effects {
            effects,
            is_first: selects_itself && affinity.iter().all(|known| known.selected.is_empty()),
            affinity,
        }
    }

    fn position(&mut self, term: &PodTerm<'a>, nodes: &[Node<'a>]) -> usize {
        let known = self.terms.iter().position(|known| known.term == *term);
        known.unwrap_or_else(|| {
            let mut known = KnownTerm {
                term: term.clone(),
                selected: HashMap::new(),
                held: HashMap::new(),
            };
            let selected = self.pods.iter().filter(|(pod, _)| term.selects(pod));
            for node in selected.filter_map(|(_, node)| nodes.get(*node)) {
                known.select(&node.labels);
            }
            self.terms.push(known);
            self.terms.len() - 1
        })
    }
}

impl<'a> KnownTerm<'a> {
    /// Counts a pod that the term selects, on a node with these labels.
    fn select(&mut self, labels: &HashMap<&'a str, &'a str>) {
        if let Some(domain) = labels.get(&*self.term.topology_key) {
            *self.selected.entry(domain).or_default() += 1;
        }
    }
}

impl Effects<'_> {
    /// The score of a node; none if the filter keeps the pod off.
    pub(super) fn at(&self, node: &Node<'_>) -> Option<i64> {
        for known in &self.affinity {
            let domain = node.labels.get(&*known.term.topology_key)?;
            if !self.is_first && !known.selected.contains_key(domain) {
                return None;
            }
        }
        let mut sum = Effect::default();
        for (key, effects) in &self.effects {
            let domain = node.labels.get(key);
            sum.add(
                domain
                    .and_then(|domain| effects.get(domain))
                    .copied()
                    .unwrap_or_default(),
            );
        }
        (!sum.is_repelled).then_some(sum.score)
    }
}
