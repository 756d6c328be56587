//! Whether the boundary holds among running pods: which boundaries each node runs, and which pods the guarantee does
//! not cover.
//!
//! It reads what a node really advertises, and a pod's markers if its namespace may have that boundary. What is
//! unknown never counts as safe.

mod adopt;
mod breach;
mod cover;
mod gap;
mod markers;
mod model;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::engine::cluster_state::ClusterState;
use crate::engine::line::{taken, takes_gpu};
use crate::engine::placement::usage;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::supply::{Group, Supply};
use crate::engine::vocabulary::{Strategy, names};

pub use adopt::{Adoption, adoption, has_drifted};
pub use gap::{CoverageGap, GapReason};
pub use markers::closes_nodes;
pub use model::{
    AdvertisedResource, Audit, Breach, Holding, Neighbour, NodeAudit, PlacedPod, PodAudit, PodCount,
};

/// Audits pods on nodes. Pods that take no stock resource are left out.
pub fn boundaries<'a>(state: &'a ClusterState, placed: &[PlacedPod<'a>]) -> Audit<'a> {
    let takes = placed.iter().filter(|p| takes_gpu(p.pod));
    let pods: Vec<PodAudit<'a>> = takes.map(|p| self::pod(state, *p)).collect();
    let mut nodes = nodes(&state.supply);
    let mut sharing: BTreeMap<&str, Vec<&PodAudit<'a>>> = BTreeMap::new();
    for pod in &pods {
        let name = pod.placed.node;
        // A node with pods that advertises no GPU or is unknown.
        let node = nodes
            .entry(name)
            .or_insert_with(|| node(&state.supply, name, None));
        let held = usage::held(pod.placed.pod);
        for advertised in &mut node.advertises {
            let taken = held.get(advertised.offer.resource.as_str());
            advertised.free = advertised.free.saturating_sub(taken.copied().unwrap_or(0));
        }
        let count = node.boundaries.entry(pod.label).or_default();
        count.pods += 1;
        if pod.holding.is_shared() {
            count.sharing += 1;
        }
        if pod.holding.may_be_shared() {
            count.may_share += 1;
            sharing.entry(name).or_default().push(pod);
        }
    }
    for (name, together) in sharing {
        if let Some(node) = nodes.get_mut(name) {
            node.breach = breach::among(&together);
        }
    }
    Audit {
        nodes: nodes.into_values().collect(),
        pods,
    }
}

fn pod<'a>(state: &'a ClusterState, placed: PlacedPod<'a>) -> PodAudit<'a> {
    let (mode, _) = state.namespaces.mode(placed.namespace, &state.policy);
    let mut pod = PodAudit {
        placed,
        mode,
        label: placed.pod.label(names::TRUST_BOUNDARY),
        due: own_boundary(&state.input(placed.namespace, placed.pod)),
        has_valid_label: markers::valid_label(state, placed.namespace, placed.pod).is_some(),
        holding: holding(&state.supply, &placed),
        gaps: Vec::new(),
    };
    pod.gaps = cover::gaps(state, &pod);
    pod
}

fn holding<'a>(supply: &'a Supply, placed: &PlacedPod<'_>) -> Holding<'a> {
    let Some(group) = supply.group_of(placed.node) else {
        return Holding::Unknown(None);
    };
    let mut offers = supply.advertised(group).map(|(offer, _)| offer);
    let shares_now = offers.any(|offer| offer.strategy.is_shared());
    let of = |resource: &str| {
        let mut unknown = group.unknown.iter();
        if let Some(unknown) = unknown.find(|unknown| unknown.resource == resource) {
            return Holding::Unknown(Some(unknown));
        }
        let mut offers = supply.advertised(group).map(|(offer, _)| offer);
        let Some(offer) = offers.find(|offer| offer.resource == resource) else {
            return Holding::Gone { shares_now };
        };
        match offer.strategy {
            Strategy::Exclusive => Holding::Whole,
            Strategy::Mig => Holding::Slice,
            shared => Holding::Share(shared),
        }
    };
    let most_shared = taken(placed.pod).map(of).max_by_key(Holding::rank);
    // Shares and whole devices may have the same resource name.
    let word = placed.pod.label(names::STRATEGY);
    let was_shared = word
        .and_then(Strategy::from_word)
        .is_some_and(Strategy::is_shared);
    match most_shared.unwrap_or(Holding::Whole) {
        Holding::Whole | Holding::Slice if was_shared => Holding::Gone { shares_now },
        holding => holding,
    }
}

fn nodes(supply: &Supply) -> BTreeMap<&str, NodeAudit<'_>> {
    let groups = supply.groups.iter();
    let nodes = groups.flat_map(|group| {
        // Pools are future nodes; their names have a slash, which no node's name has.
        let names = supply.node_names(group).filter(|name| !name.contains('/'));
        names.map(move |name| (name, node(supply, name, Some(group))))
    });
    nodes.collect()
}

fn node<'a>(supply: &'a Supply, name: &'a str, group: Option<&'a Group>) -> NodeAudit<'a> {
    let advertised = group.into_iter().flat_map(|group| supply.advertised(group));
    let advertises = advertised.map(|(offer, advertised)| AdvertisedResource {
        offer,
        count: advertised.count,
        free: advertised.count,
    });
    NodeAudit {
        name,
        group,
        advertises: advertises.collect(),
        boundaries: BTreeMap::new(),
        breach: None,
    }
}
