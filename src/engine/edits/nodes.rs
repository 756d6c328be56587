//! Node affinity and tolerations of the pod.

use crate::engine::line::{Edit, NewToleration, Placement, PlacementQuery};
use crate::engine::node_terms;
use crate::engine::node_terms::{LabelCondition, LabelRequirement, Term};
use crate::engine::supply::filter::tolerates;
use crate::engine::vocabulary::{PolicyToleration, Strategy};
use crate::facts::pod::{NodeAffinity, Toleration};
use crate::facts::{Pod, Text};

pub(super) fn require<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    extras: &[LabelRequirement<'a>],
) -> Option<Edit<'a>> {
    let requests_memory = query.requests.iter().any(|r| r.size.memory.is_some());
    let with_memory = requests_memory || placement.strategy == Strategy::Mps;
    let mut ours = node_terms::of_offers(query.supply, &placement.nodes, with_memory);
    if ours.is_empty() && !extras.is_empty() {
        ours.push(Term::default());
    }
    for term in &mut ours {
        term.labels.extend_from_slice(extras);
    }
    narrow(query.pod, &ours)
}

/// The weight of the preference for the smallest devices. It is lower than the weight of packing a boundary.
pub const SMALLEST_WEIGHT: u32 = 25;

/// Prefers the nodes with the smallest suitable shares, if shares differ. Larger ones stay free for pods that need them.
pub(super) fn prefer_smallest<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
) -> Option<Edit<'a>> {
    /// The most products and terms for which a preference is written.
    const MOST: usize = 64;
    let supply = query.supply;
    let size = |offers: &Vec<usize>| {
        let offers = offers.iter().filter_map(|index| supply.offers.get(*index));
        offers.map(|offer| offer.memory_mib).sum::<Option<u64>>()
    };
    let sizes = placement.nodes.iter().filter_map(size);
    let smallest = sizes.clone().min();
    if sizes.max() == smallest {
        return None;
    }
    let nodes = placement.nodes.iter();
    let nodes: Vec<Vec<usize>> = nodes.filter(|n| size(n) == smallest).cloned().collect();
    // A term has only a lower bound for memory, so it cannot separate larger from smaller shares of one product.
    let mut terms = node_terms::of_offers(supply, &nodes, false);
    let needs = terms.iter().flat_map(|term| &term.labels);
    let values = needs.map(|need| match &need.condition {
        LabelCondition::OneOf(values) => values.len(),
        LabelCondition::There | LabelCondition::Absent | LabelCondition::Above(_) => 1,
    });
    let all = &placement.nodes;
    if values.sum::<usize>() > MOST || terms == node_terms::of_offers(supply, all, false) {
        return None;
    }
    // An earlier pass may have written the terms, and another webhook may have added more.
    let affinity = query.pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let affinity = affinity.and_then(|a| a.node_affinity.as_ref());
    let written = affinity.map_or_else(Vec::new, NodeAffinity::preferences);
    terms.retain(|ours| !written.iter().any(|w| node_terms::is_same(w, ours)));
    (!terms.is_empty()).then_some(Edit::Prefer(terms))
}

/// Narrows the required node affinity to our terms.
pub(super) fn narrow<'a>(pod: &Pod<'_>, ours: &[Term<'a>]) -> Option<Edit<'a>> {
    if ours.is_empty() {
        return None;
    }
    let spec = pod.spec.as_ref();
    let user = spec.and_then(|s| s.required_node_terms());
    let selector = spec.and_then(|s| s.node_selector.as_ref());
    let narrowed = node_terms::narrow(user, selector, ours);
    let mut additions = narrowed.iter().map(|n| &n.add);
    let is_done = match user {
        // Terms that contradict ours may stay only if all other terms are inside ours already.
        Some(user) => {
            additions.all(|add| *add == Term::default())
                && narrowed.len() == node_terms::filled(user).count()
        }
        // The node selector alone may be sufficient.
        None => additions.any(|add| *add == Term::default()),
    };
    (!is_done).then_some(Edit::Nodes(narrowed))
}

pub(super) fn tolerations<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    edits: &mut Vec<Edit<'a>>,
) {
    let own = query.filter.tolerations;
    for taint in &placement.taints {
        let edit = Edit::Toleration(NewToleration::Taint {
            key: &taint.key,
            effect: &taint.effect,
        });
        if !own.iter().any(|t| tolerates(t, taint)) && !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    let of_policy = query.policy.placement.tolerations.iter();
    let missing = of_policy.filter(|ours| !own.iter().any(|own| is_same(own, ours)));
    edits.extend(missing.map(|ours| Edit::Toleration(NewToleration::Policy(ours))));
}

fn is_same(theirs: &Toleration<'_>, ours: &PolicyToleration) -> bool {
    let same = |a: &Option<Text<'_>>, b: &Option<String>, default: &str| {
        let both = [a.as_deref(), b.as_deref()];
        let [a, b] = both.map(|text| text.filter(|t| !t.is_empty()).unwrap_or(default));
        a == b
    };
    same(&theirs.key, &ours.key, "")
        && same(&theirs.value, &ours.value, "")
        && same(&theirs.effect, &ours.effect, "")
        && same(&theirs.operator, &ours.operator, "Equal")
}
