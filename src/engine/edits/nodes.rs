//! Node affinity and tolerations of the pod.

use crate::engine::line::{Edit, NewToleration, Placement, PlacementQuery};
use crate::engine::node_terms;
use crate::engine::node_terms::{Is, Need, Term};
use crate::engine::supply::Supply;
use crate::engine::supply::filter::tolerates;
use crate::engine::vocabulary::{PolicyToleration, Strategy};
use crate::facts::pod::{NodeAffinity, Toleration};
use crate::facts::{Pod, Text};

pub(super) fn nodes<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    extras: &[Need<'a>],
    edits: &mut Vec<Edit<'a>>,
) {
    let asks_memory = query.requests.iter().any(|w| w.size.memory.is_some());
    let with_memory = asks_memory || placement.strategy == Strategy::Mps;
    let mut ours = node_terms::of_offers(query.supply, &placement.nodes, with_memory);
    if ours.is_empty() && !extras.is_empty() {
        ours.push(Term::default());
    }
    for term in &mut ours {
        term.labels.extend_from_slice(extras);
    }
    narrow(query.pod, &ours, edits);
}

/// The weight of the preference for the smallest devices. It is lower than the weight of packing a boundary.
pub const SMALLEST_WEIGHT: u32 = 25;

/// Prefers the nodes with the smallest suitable shares, if shares differ. Larger ones stay free for pods that need them.
pub(super) fn prefer_smallest<'a>(
    pod: &Pod<'_>,
    supply: &'a Supply,
    placement: &Placement<'a>,
    edits: &mut Vec<Edit<'a>>,
) {
    /// The most products and terms for which a preference is written.
    const MOST: usize = 64;
    let size = |offers: &[usize]| {
        let offers = offers.iter().filter_map(|index| supply.offers.get(*index));
        offers.map(|offer| offer.memory_mib).sum::<Option<u64>>()
    };
    let mut sizes = placement.nodes.iter().filter_map(|offers| size(offers));
    let Some(first) = sizes.next() else { return };
    let least = sizes.clone().fold(first, u64::min);
    if sizes.all(|mib| mib == first) {
        return;
    }
    let is_least = |offers: &&Vec<usize>| size(offers) == Some(least);
    let smallest: Vec<Vec<usize>> = placement.nodes.iter().filter(is_least).cloned().collect();
    // A term has only a lower bound for memory, so it cannot separate larger from smaller shares of one product.
    let mut terms = node_terms::of_offers(supply, &smallest, false);
    let values = |term: &Term<'_>| -> usize {
        let labels = term.labels.iter();
        labels
            .map(|need| match &need.is {
                Is::OneOf(values) => values.len(),
                Is::There | Is::Absent | Is::Above(_) => 1,
            })
            .sum()
    };
    if terms.iter().map(values).sum::<usize>() <= MOST
        && terms != node_terms::of_offers(supply, &placement.nodes, false)
    {
        // An earlier pass may have written the terms, and another webhook may have added more.
        let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
        let affinity = affinity.and_then(|a| a.node_affinity.as_ref());
        let written = affinity.map_or_else(Vec::new, NodeAffinity::preferences);
        terms.retain(|ours| !written.iter().any(|w| node_terms::is_same(w, ours)));
        if !terms.is_empty() {
            edits.push(Edit::Prefer(terms));
        }
    }
}

pub(super) fn narrow<'a>(pod: &Pod<'_>, ours: &[Term<'a>], edits: &mut Vec<Edit<'a>>) {
    if ours.is_empty() {
        return;
    }
    let spec = pod.spec.as_ref();
    let user = spec.and_then(|s| s.required_node_terms());
    let selector = spec.and_then(|s| s.node_selector.as_ref());
    let narrowed = node_terms::narrow(user, selector, ours);
    let untouched = narrowed.iter().all(|n| n.add == Term::default());
    // Terms that contradict ours may stay only if all other terms are inside ours already.
    let filled = node_terms::filled(user.unwrap_or_default()).count();
    if user.is_some() && untouched && narrowed.len() == filled {
        return;
    }
    if user.is_none() && narrowed.iter().any(|n| n.add == Term::default()) {
        // The node selector alone is sufficient.
        return;
    }
    edits.push(Edit::Nodes(narrowed));
}

pub(super) fn tolerations<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    edits: &mut Vec<Edit<'a>>,
) {
    for taint in &placement.taints {
        let tolerated = query.filter.tolerations.iter().any(|t| tolerates(t, taint));
        let alike = |e: &Edit<'_>| matches!(e, Edit::Toleration(NewToleration::Taint { key, effect }) if *key == taint.key && *effect == taint.effect);
        if !tolerated && !edits.iter().any(alike) {
            edits.push(Edit::Toleration(NewToleration::Taint {
                key: &taint.key,
                effect: &taint.effect,
            }));
        }
    }
    for toleration in &query.policy.placement.tolerations {
        let written = query
            .filter
            .tolerations
            .iter()
            .any(|t| is_same(t, toleration));
        if !written {
            edits.push(Edit::Toleration(NewToleration::Policy(toleration)));
        }
    }
}

fn is_same(theirs: &Toleration<'_>, ours: &PolicyToleration) -> bool {
    let same = |a: &Option<Text<'_>>, b: &Option<String>| {
        a.as_deref().unwrap_or_default() == b.as_deref().unwrap_or_default()
    };
    let operator = |o: Option<&str>| match o {
        None | Some("") => "Equal".to_owned(),
        Some(word) => word.to_owned(),
    };
    same(&theirs.key, &ours.key)
        && same(&theirs.value, &ours.value)
        && same(&theirs.effect, &ours.effect)
        && operator(theirs.operator.as_deref()) == operator(ours.operator.as_deref())
}
