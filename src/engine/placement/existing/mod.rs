//! Recognises a placement that is already written in the pod and is still valid, so that a second pass changes nothing.
//!
//! Labels and receipt are not trusted. The node selector terms of the pod define on which nodes it can land, so they are
//! read like the labels of a node. The nodes that they describe have to satisfy the tier and the request.

mod term_labels;

use crate::engine::line::{AllocatedShare, Placement, PlacementQuery};
use crate::engine::node_terms;
use crate::engine::placement::existing::term_labels::{Budget, TermLabels};
use crate::engine::rules;
use crate::engine::supply::filter::is_gpu_taint;
use crate::engine::supply::{Allocation, Group, Taint, UnknownReason};
use crate::engine::vocabulary::unique::UniqueList;
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::NodeSelectorTerm;

/// Whether a pod carries the labels and the receipt of a finished rewrite.
pub fn has_markers(pod: &Pod<'_>) -> bool {
    pod.annotation(names::DECISION).is_some() && is_labelled(pod)
}

/// Whether a pod carries the labels of a finished rewrite. The receipt does not count: the guard removes it from pods that
/// users send.
pub fn is_labelled(pod: &Pod<'_>) -> bool {
    pod.label(names::TRUST_BOUNDARY).is_some() && pod.label(names::STRATEGY).is_some()
}

/// The written placement, if it satisfies the query.
pub fn reuse<'a>(query: &PlacementQuery<'_, 'a>) -> Option<Placement<'a>> {
    if query.filter.node_name.is_some() {
        // The pod runs on this node as the node is now; its terms do not count.
        return None;
    }
    let strategy = Strategy::from_word(query.pod.label(names::STRATEGY)?)?;
    if !query.strategies.contains(strategy) || rules::removal(query, strategy).is_some() {
        return None;
    }
    let mut shares = written_shares(query)?;
    let is_forbidden = |share: &AllocatedShare<'_>| {
        let quota = query.forbidding(strategy, share.allocation.name());
        quota.is_some()
    };
    if shares.iter().any(is_forbidden) {
        return None;
    }
    let mut budget = Budget::default();
    // The node selector alone may describe the nodes; then there are no terms.
    let nothing = NodeSelectorTerm::default();
    let selected = query.filter.terms.is_none().then_some(&nothing);
    let terms = node_terms::filled(query.filter.terms.unwrap_or_default());
    for term in selected.into_iter().chain(terms.map(|(_, term)| term)) {
        let labels = TermLabels::new(term, query);
        serves(&labels, query, strategy, &mut shares, &mut budget)?;
    }
    let nodes = query.reachable_as_is();
    if budget.is_unused()
        || !nodes
            .iter()
            .all(|group| keeps(query, group, strategy, &shares))
    {
        return None;
    }
    Some(Placement {
        strategy,
        taints: closing_taints(query, &nodes, strategy, &shares),
        shares,
        nodes: Vec::new(),
    })
}

/// The resources that the containers request now. None if a container requests by annotation alone.
fn written_shares<'a>(query: &PlacementQuery<'_, 'a>) -> Option<Vec<AllocatedShare<'a>>> {
    let shares = query.requests.iter().map(|request| {
        let resource = request.resource();
        let resource = resource.filter(|_| !request.size.fraction_in_quantity)?;
        Some(AllocatedShare::unknown(Allocation::Resource(resource)))
    });
    shares.collect()
}

/// Whether every node that a term describes serves every request. Updates the smallest size of each share.
fn serves(
    labels: &TermLabels<'_>,
    query: &PlacementQuery<'_, '_>,
    strategy: Strategy,
    shares: &mut [AllocatedShare<'_>],
    budget: &mut Budget,
) -> Option<()> {
    for at in 0..shares.len() {
        let allocation = shares.get(at)?.allocation;
        let first = shares.iter().position(|s| s.allocation == allocation);
        if first != Some(at) {
            continue;
        }
        labels.each_offer(allocation.name(), budget, &mut |offer| {
            let requests = query.requests.iter().zip(shares.iter_mut());
            let mut requests = requests.filter(|(_, share)| share.allocation == allocation);
            requests.all(|(request, share)| {
                share.narrow(offer);
                offer.strategy == strategy && query.suits(request, offer)
            })
        })?;
    }
    Some(())
}

/// Whether a known node that the terms select really advertises what its labels say.
fn keeps(
    query: &PlacementQuery<'_, '_>,
    group: &Group,
    strategy: Strategy,
    shares: &[AllocatedShare<'_>],
) -> bool {
    let mut requests = query.requests.iter().zip(shares);
    requests.all(|(request, share)| {
        let mut unknown = group.unknown.iter();
        let mut offers = query.supply.advertised(group);
        // A resource that no plugin advertises takes no pod.
        !unknown.any(|u| {
            u.resource == share.allocation.name() && u.why != UnknownReason::NoneAdvertised
        }) && offers
            .find(|(offer, _)| offer.allocation() == share.allocation)
            .is_none_or(|(offer, advertised)| {
                offer.strategy == strategy
                    && query.is_requested(advertised.offer)
                    && request.size.is_met_by(offer)
            })
    })
}

/// The GPU taints that keep the pod off every suitable node. This happens if its tolerations were removed again.
fn closing_taints<'a>(
    query: &PlacementQuery<'_, 'a>,
    nodes: &[&'a Group],
    strategy: Strategy,
    shares: &[AllocatedShare<'_>],
) -> Vec<&'a Taint> {
    let mut taints = UniqueList::new();
    for group in nodes {
        let is_suitable = shares.iter().all(|share| {
            let mut offers = query.offers(strategy, group);
            offers.any(|(offer, _)| offer.allocation() == share.allocation)
        });
        if !is_suitable {
            continue;
        }
        let closing = group.taints.iter().filter(|taint| !query.tolerates(taint));
        if closing.clone().next().is_none() {
            return Vec::new();
        }
        if closing.clone().all(is_gpu_taint) {
            closing.for_each(|taint| taints.add(taint));
        }
    }
    taints.into_list()
}
