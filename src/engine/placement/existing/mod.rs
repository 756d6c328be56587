//! Recognises a placement that is already written in the pod and is still valid, so that a second pass changes nothing.
//!
//! Labels and receipt are not trusted. The node selector terms of the pod define on which nodes it can land, so they are
//! read like the labels of a node. The nodes that they describe have to satisfy the tier and the request.

mod term_labels;

use crate::engine::line::{AllocatedShare, Placement, PlacementQuery};
use crate::engine::node_terms;
use crate::engine::placement::existing::term_labels::{MOST_KINDS, TermLabels};
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
    let mut written = Written::read(query, strategy)?;
    let mut kinds_left = MOST_KINDS;
    // The node selector alone may describe the nodes; then there are no terms.
    let nothing = NodeSelectorTerm::default();
    let selected = query.filter.terms.is_none().then_some(&nothing);
    let terms = node_terms::filled(query.filter.terms.unwrap_or_default());
    for term in selected.into_iter().chain(terms.map(|(_, term)| term)) {
        written.check(&TermLabels::new(term, query), &mut kinds_left)?;
    }
    let nodes = query.reachable_as_is();
    if kinds_left == MOST_KINDS || !nodes.iter().all(|group| written.is_true_of(group)) {
        return None;
    }
    Some(Placement {
        strategy,
        taints: written.closing_taints(&nodes),
        shares: written.shares,
        nodes: Vec::new(),
    })
}

/// The placement that the pod states.
struct Written<'q, 'a> {
    query: &'q PlacementQuery<'q, 'a>,
    strategy: Strategy,
    shares: Vec<AllocatedShare<'a>>,
}

impl<'q, 'a> Written<'q, 'a> {
    /// The resources that the containers request now. None if a container requests by annotation alone, or a quota forbids
    /// one of them.
    fn read(query: &'q PlacementQuery<'_, 'a>, strategy: Strategy) -> Option<Self> {
        let shares = query.requests.iter().map(|request| {
            let resource = request.resource()?;
            let is_forbidden = query.forbidding(strategy, resource).is_some();
            let share = AllocatedShare::unknown(Allocation::Resource(resource));
            (!is_forbidden && !request.size.fraction_in_quantity).then_some(share)
        });
        Some(Self {
            query,
            strategy,
            shares: shares.collect::<Option<_>>()?,
        })
    }

    /// Checks that every node with these labels serves every request, and updates the smallest size of each share.
    fn check(&mut self, labels: &TermLabels<'_, '_>, kinds_left: &mut usize) -> Option<()> {
        let (query, strategy, shares) = (self.query, self.strategy, &mut self.shares);
        for at in 0..shares.len() {
            let allocation = shares.get(at)?.allocation;
            let first = shares.iter().position(|s| s.allocation == allocation);
            if first != Some(at) {
                continue;
            }
            labels.each_offer(allocation.name(), kinds_left, &mut |offer| {
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

    /// Whether a known node really advertises what its labels say.
    fn is_true_of(&self, group: &Group) -> bool {
        let mut requests = self.query.requests.iter().zip(&self.shares);
        requests.all(|(request, share)| {
            let resource = share.allocation.name();
            let mut unknown = group.unknown.iter().filter(|u| u.resource == resource);
            let mut offers = self.query.supply.advertised(group);
            let offer = offers.find(|(offer, _)| offer.allocation() == share.allocation);
            // A resource that no plugin advertises takes no pod.
            unknown.all(|u| u.why == UnknownReason::NoneAdvertised)
                && offer.is_none_or(|(offer, advertised)| {
                    offer.strategy == self.strategy
                        && self.query.is_requested(advertised.offer)
                        && request.size.is_met_by(offer)
                })
        })
    }

    /// The GPU taints that keep the pod off every suitable node. This happens if its tolerations were removed again.
    fn closing_taints(&self, nodes: &[&'a Group]) -> Vec<&'a Taint> {
        let mut taints = UniqueList::new();
        for group in nodes {
            let is_suitable = self.shares.iter().all(|share| {
                let mut offers = self.query.offers(self.strategy, group);
                offers.any(|(offer, _)| offer.allocation() == share.allocation)
            });
            if !is_suitable {
                continue;
            }
            let closing = group.taints.iter().filter(|t| !self.query.tolerates(t));
            if closing.clone().next().is_none() {
                return Vec::new();
            }
            if closing.clone().all(is_gpu_taint) {
                closing.for_each(|taint| taints.add(taint));
            }
        }
        taints.into_list()
    }
}
