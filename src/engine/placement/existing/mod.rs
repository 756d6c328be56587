//! Recognises a placement that is already written in the pod and is still valid, so that a second pass changes nothing.
//!
//! Labels and receipt are not trusted. The node selector terms of the pod define on which nodes it can land, so they are
//! read like the labels of a node. The nodes that they describe have to satisfy the tier and the request.

mod described;

use crate::engine::placement::existing::described::{Budget, Described};

use crate::engine::line::{
    AllocatedShare, DeviceRequest, Placement, PlacementQuery, RequestedResource, policy_tolerates,
};
use crate::engine::node_terms;
use crate::engine::rules;
use crate::engine::supply::filter::{is_gpu_taint, tolerates};
use crate::engine::supply::{Allocation, Group, Taint};
use crate::engine::supply::{Offer, UnknownReason};
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
    query.strategies.iter().find(|s| *s == strategy)?;
    if rules::removal(query, strategy).is_some() {
        return None;
    }
    let mut shares = written_shares(query.requests)?;
    let is_forbidden = |share: &AllocatedShare<'_>| {
        query
            .forbidding(strategy, share.allocation.name())
            .is_some()
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
        let described = Described::new(term, query);
        serves(&described, query, strategy, &mut shares, &mut budget)?;
    }
    let nodes = query.reachable_as_is();
    if budget.is_unused() || !holds_on_known_nodes(query, &nodes, strategy, &shares) {
        return None;
    }
    let taints = closing_taints(query, &nodes, strategy, &shares);
    Some(Placement {
        strategy,
        shares,
        nodes: Vec::new(),
        taints,
    })
}

/// The GPU taints that keep the pod off every suitable node. This happens if its tolerations were removed again.
fn closing_taints<'a>(
    query: &PlacementQuery<'_, 'a>,
    nodes: &[&'a Group],
    strategy: Strategy,
    shares: &[AllocatedShare<'_>],
) -> Vec<&'a Taint> {
    let advertises = |group: &Group, allocation: Allocation<'_>| {
        let mut offers = group
            .advertised
            .iter()
            .filter_map(|s| query.supply.offers.get(s.offer));
        offers.any(|o| o.strategy == strategy && o.allocation() == allocation)
    };
    let is_tolerated = |taint: &Taint| {
        let mut own = query.filter.tolerations.iter();
        own.any(|t| tolerates(t, taint)) || policy_tolerates(query.policy, taint)
    };
    let mut taints = UniqueList::new();
    for group in nodes {
        if !shares
            .iter()
            .all(|share| advertises(group, share.allocation))
        {
            continue;
        }
        let kept_off: Vec<&Taint> = group.taints.iter().filter(|t| !is_tolerated(t)).collect();
        if kept_off.is_empty() {
            return Vec::new();
        }
        if kept_off.iter().all(|taint| is_gpu_taint(taint)) {
            kept_off.into_iter().for_each(|taint| taints.add(taint));
        }
    }
    taints.into_list()
}

/// Whether every node that a term describes serves every request. Updates the smallest size of each share.
fn serves(
    described: &Described<'_>,
    query: &PlacementQuery<'_, '_>,
    strategy: Strategy,
    shares: &mut [AllocatedShare<'_>],
    budget: &mut Budget,
) -> Option<()> {
    for at in 0..shares.len() {
        let (before, rest) = shares.split_at_mut(at);
        let Some(allocation) = rest.first().map(|g| g.allocation) else {
            break;
        };
        if before.iter().any(|g| g.allocation == allocation) {
            continue;
        }
        let requests = query.requests.get(at..).unwrap_or_default();
        described.each_offer(allocation.name(), budget, &mut |offer| {
            let requesting = requests.iter().zip(rest.iter_mut());
            requesting
                .filter(|(_, share)| share.allocation == allocation)
                .all(|(request, share)| {
                    let mib = offer.memory_mib.unwrap_or(0);
                    share.smallest_mib = share.smallest_mib.min(mib);
                    share.smallest_percent = share.smallest_percent.min(offer.compute_percent());
                    offer.strategy == strategy && query.suits(request, offer)
                })
        })?;
    }
    Some(())
}

/// Whether every known node that the terms select really advertises what its labels say.
fn holds_on_known_nodes(
    query: &PlacementQuery<'_, '_>,
    nodes: &[&Group],
    strategy: Strategy,
    shares: &[AllocatedShare<'_>],
) -> bool {
    nodes.iter().all(|group| {
        // A resource that no plugin advertises takes no pod.
        let lies = |resource: &str| {
            let mut unknown = group.unknown.iter();
            unknown.any(|u| u.resource == resource && u.why != UnknownReason::NoneAdvertised)
        };
        query.requests.iter().zip(shares).all(|(request, share)| {
            let advertised = group.advertised.iter();
            let mut offers =
                advertised.filter_map(|s| Some((s.offer, query.supply.offers.get(s.offer)?)));
            let fits = |(index, offer): (usize, &Offer)| {
                offer.strategy == strategy
                    && query.is_requested(index)
                    && request.size.met_by(offer).is_ok()
            };
            !lies(share.allocation.name())
                && offers
                    .find(|(_, offer)| offer.allocation() == share.allocation)
                    .is_none_or(fits)
        })
    })
}

/// The resources that the containers request now. None if a container requests by annotation alone.
fn written_shares<'a>(requests: &[DeviceRequest<'a>]) -> Option<Vec<AllocatedShare<'a>>> {
    let resource = |request: &DeviceRequest<'a>| match request.named {
        RequestedResource::Nothing => None,
        _ if request.size.fraction_in_quantity => None,
        _ => Some(request.fixed_resource().unwrap_or(names::GPU)),
    };
    let share = |resource| AllocatedShare::unknown(Allocation::Resource(resource));
    requests.iter().map(|w| resource(w).map(share)).collect()
}
