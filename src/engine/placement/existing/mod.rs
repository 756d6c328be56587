//! Recognises a choice that is already written and still holds, so that a second pass changes nothing.
//!
//! Nothing is believed: the node selector terms of the pod say themselves what kind of node it can land on, and
//! that is read exactly like the labels of a node. What they describe has to satisfy the tier and the ask.

mod described;

use crate::engine::placement::existing::described::{Budget, Described};

use crate::engine::line::placement::{Case, Choice, Grant, policy_tolerates};
use crate::engine::line::request::{Named, Want};
use crate::engine::node_terms;
use crate::engine::rules;
use crate::engine::supply::filter::{is_gpu_taint, tolerates};
use crate::engine::supply::{Allocation, Group, Taint};
use crate::engine::supply::{Offer, Why};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::strategy::Strategy;
use crate::engine::vocabulary::unique::Once;
use crate::facts::Pod;
use crate::facts::pod::NodeSelectorTerm;

/// Whether a pod carries the labels and the receipt of a finished rewrite.
pub fn is_stamped(pod: &Pod<'_>) -> bool {
    pod.annotation(names::DECISION).is_some() && is_labelled(pod)
}

/// Whether a pod carries the labels of a finished rewrite. Its receipt is no sign: the guard takes away what users send.
pub fn is_labelled(pod: &Pod<'_>) -> bool {
    pod.label(names::TRUST_BOUNDARY).is_some() && pod.label(names::STRATEGY).is_some()
}

/// The written choice, if it satisfies the case by itself.
pub fn keep<'a>(case: &Case<'_, 'a>) -> Option<Choice<'a>> {
    if case.filter.node_name.is_some() {
        // It runs on that node, as the node is now, whatever its terms say.
        return None;
    }
    let strategy = Strategy::from_word(case.pod.label(names::STRATEGY)?)?;
    case.strategies.iter().find(|s| *s == strategy)?;
    if rules::removal(case, strategy).is_some() {
        return None;
    }
    let mut grants = written_grants(case.wants)?;
    let is_forbidden =
        |grant: &Grant<'_>| case.forbidding(strategy, grant.allocation.name()).is_some();
    if grants.iter().any(is_forbidden) {
        return None;
    }
    let mut budget = Budget::default();
    // A node selector may say all of it, and then there are no terms.
    let nothing = NodeSelectorTerm::default();
    let selected = case.filter.terms.is_none().then_some(&nothing);
    let terms = node_terms::filled(case.filter.terms.unwrap_or_default());
    for term in selected.into_iter().chain(terms.map(|(_, term)| term)) {
        let described = Described::new(term, case);
        serves(&described, case, strategy, &mut grants, &mut budget)?;
    }
    let nodes = case.reachable_as_is();
    if budget.is_unused() || !holds_on_known_nodes(case, &nodes, strategy, &grants) {
        return None;
    }
    let taints = closing_taints(case, &nodes, strategy, &grants);
    Some(Choice {
        strategy,
        grants,
        nodes: Vec::new(),
        taints,
    })
}

/// GPU taints by which every node that would serve the pod keeps it off: somebody took its tolerations away again.
fn closing_taints<'a>(
    case: &Case<'_, 'a>,
    nodes: &[&'a Group],
    strategy: Strategy,
    grants: &[Grant<'_>],
) -> Vec<&'a Taint> {
    let sells = |group: &Group, allocation: Allocation<'_>| {
        let mut offers = group
            .sold
            .iter()
            .filter_map(|s| case.supply.offers.get(s.offer));
        offers.any(|o| o.strategy == strategy && o.allocation() == allocation)
    };
    let is_tolerated = |taint: &Taint| {
        let mut own = case.filter.tolerations.iter();
        own.any(|t| tolerates(t, taint)) || policy_tolerates(case.policy, taint)
    };
    let mut taints = Once::new();
    for group in nodes {
        if !grants.iter().all(|grant| sells(group, grant.allocation)) {
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

/// Whether every node that a term describes serves every want; what its shares have at least is noted in the grants.
fn serves(
    described: &Described<'_>,
    case: &Case<'_, '_>,
    strategy: Strategy,
    grants: &mut [Grant<'_>],
    budget: &mut Budget,
) -> Option<()> {
    for at in 0..grants.len() {
        let (before, rest) = grants.split_at_mut(at);
        let Some(allocation) = rest.first().map(|g| g.allocation) else {
            break;
        };
        if before.iter().any(|g| g.allocation == allocation) {
            continue;
        }
        let wants = case.wants.get(at..).unwrap_or_default();
        described.each_offer(allocation.name(), budget, &mut |offer| {
            let asking = wants.iter().zip(rest.iter_mut());
            asking
                .filter(|(_, grant)| grant.allocation == allocation)
                .all(|(want, grant)| {
                    let mib = offer.memory_mib.unwrap_or(0);
                    grant.smallest_mib = grant.smallest_mib.min(mib);
                    grant.smallest_percent = grant.smallest_percent.min(offer.compute_percent());
                    offer.strategy == strategy && case.suits(want, offer)
                })
        })?;
    }
    Some(())
}

/// Whether every known node that the terms lead to really gives what its labels promise.
fn holds_on_known_nodes(
    case: &Case<'_, '_>,
    nodes: &[&Group],
    strategy: Strategy,
    grants: &[Grant<'_>],
) -> bool {
    nodes.iter().all(|group| {
        // What is handed out by nobody takes no pod.
        let lies = |resource: &str| {
            let mut unknown = group.unknown.iter();
            unknown.any(|u| u.resource == resource && u.why != Why::HandsOutNone)
        };
        case.wants.iter().zip(grants).all(|(want, grant)| {
            let sold = group.sold.iter();
            let mut offers = sold.filter_map(|s| Some((s.offer, case.supply.offers.get(s.offer)?)));
            let fits = |(index, offer): (usize, &Offer)| {
                offer.strategy == strategy
                    && case.is_wanted(index)
                    && want.ask.met_by(offer).is_ok()
            };
            !lies(grant.allocation.name())
                && offers
                    .find(|(_, offer)| offer.allocation() == grant.allocation)
                    .is_none_or(fits)
        })
    })
}

/// The resources the containers ask for now; none where one asks by annotation alone.
fn written_grants<'a>(wants: &[Want<'a>]) -> Option<Vec<Grant<'a>>> {
    let resource = |want: &Want<'a>| match want.named {
        Named::Nothing => None,
        _ if want.ask.fraction_in_quantity => None,
        _ => Some(want.fixed_resource().unwrap_or(names::GPU)),
    };
    let grant = |resource| Grant::unknown(Allocation::Resource(resource));
    wants.iter().map(|w| resource(w).map(grant)).collect()
}
