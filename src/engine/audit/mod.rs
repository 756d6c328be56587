//! Whether the boundary holds among running pods: which boundaries each node runs, and which pods the guarantee does
//! not cover.
//!
//! It reads what a node really advertises, and a pod's markers if its namespace may have that boundary. What is
//! unknown never counts as safe.

mod adopt;
mod closing;
mod cover;
mod gap;
mod markers;
mod model;
mod neighbours;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::engine::cluster_state::ClusterState;
use crate::engine::line::{taken, takes_gpu};
use crate::engine::placement::usage;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::supply::{Group, Supply};
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::Pod;

pub use adopt::{Adoption, adoption};
pub use closing::closes_nodes;
pub use gap::{CoverageGap, GapReason};
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
        let node = nodes.entry(name).or_insert_with(|| missing(name));
        node.take(&usage::held(pod.placed.pod));
        let count = node.boundaries.entry(pod.label).or_default();
        count.pods += 1;
        if pod.holds.is_shared() {
            count.sharing += 1;
        }
        if pod.holds.may_be_shared() {
            count.may_share += 1;
            sharing.entry(name).or_default().push(pod);
        }
    }
    for (name, together) in sharing {
        if let Some(node) = nodes.get_mut(name) {
            node.breach = neighbours::breach(&together);
        }
    }
    Audit {
        nodes: nodes.into_values().collect(),
        pods,
    }
}

/// Whether a pod has a valid boundary label, and its namespace would give a new pod another one.
pub fn has_drifted<'a>(state: &'a ClusterState, namespace: &'a str, pod: &'a Pod<'a>) -> bool {
    markers::valid_label(state, namespace, pod)
        .is_some_and(|label| own_boundary(&state.input(namespace, pod)).as_deref() != Some(label))
}

fn pod<'a>(state: &'a ClusterState, placed: PlacedPod<'a>) -> PodAudit<'a> {
    let (mode, _) = state.namespaces.mode(placed.namespace, &state.policy);
    let valid_label = markers::valid_label(state, placed.namespace, placed.pod);
    let due = own_boundary(&state.input(placed.namespace, placed.pod));
    let mut pod = PodAudit {
        placed,
        mode,
        label: placed.pod.label(names::TRUST_BOUNDARY),
        boundary: valid_label.map(Cow::Borrowed).or_else(|| due.clone()),
        due,
        has_valid_label: valid_label.is_some(),
        holds: holds(&state.supply, &placed),
        gaps: Vec::new(),
    };
    pod.gaps = cover::gaps(state, &pod);
    pod
}

fn holds<'a>(supply: &'a Supply, placed: &PlacedPod<'_>) -> Holding<'a> {
    let Some(group) = supply.group_of(placed.node) else {
        return Holding::Unknown(None);
    };
    let taken = taken(placed.pod).map(|resource| held(supply, group, resource));
    let holds = taken.max_by_key(|h| h.rank()).unwrap_or(Holding::Whole);
    // Shares and whole devices may have the same resource name.
    let given = placed.pod.label(names::STRATEGY);
    let given = given.and_then(Strategy::from_word);
    match holds {
        Holding::Whole | Holding::Slice if given.is_some_and(Strategy::is_shared) => {
            Holding::Gone {
                shares_now: shares_now(supply, group),
            }
        }
        holds => holds,
    }
}

fn shares_now(supply: &Supply, group: &Group) -> bool {
    let mut offers = group
        .advertised
        .iter()
        .filter_map(|s| supply.offers.get(s.offer));
    offers.any(|offer| offer.strategy.is_shared())
}

fn held<'a>(supply: &'a Supply, group: &'a Group, resource: &str) -> Holding<'a> {
    let mut unknown = group.unknown.iter();
    if let Some(unknown) = unknown.find(|unknown| unknown.resource == resource) {
        return Holding::Unknown(Some(unknown));
    }
    let mut offers = group
        .advertised
        .iter()
        .filter_map(|s| supply.offers.get(s.offer));
    match offers.find(|o| o.resource == resource).map(|o| o.strategy) {
        Some(Strategy::Exclusive) => Holding::Whole,
        Some(Strategy::Mig) => Holding::Slice,
        Some(shared) => Holding::Share(shared),
        None => Holding::Gone {
            shares_now: shares_now(supply, group),
        },
    }
}

fn nodes(supply: &Supply) -> BTreeMap<&str, NodeAudit<'_>> {
    let mut nodes = BTreeMap::new();
    for group in &supply.groups {
        let advertised = group.advertised.iter();
        let advertises: Vec<AdvertisedResource<'_>> = advertised
            .filter_map(|s| {
                Some(AdvertisedResource {
                    offer: supply.offers.get(s.offer)?,
                    count: s.count,
                    free: s.count,
                })
            })
            .collect();
        // Pools are future nodes; their names have a slash, which no node's name has.
        for name in supply.node_names(group).filter(|n| !n.contains('/')) {
            let node = NodeAudit {
                name,
                advertises: advertises.clone(),
                unknown: &group.unknown,
                implausible_memory: &group.implausible_memory,
                takes_new_pods: group.available,
                has_hostname: group.has_hostname,
                boundaries: BTreeMap::new(),
                breach: None,
            };
            nodes.insert(name, node);
        }
    }
    nodes
}

/// A node with pods that advertises no GPU or is unknown.
fn missing(name: &str) -> NodeAudit<'_> {
    NodeAudit {
        name,
        advertises: Vec::new(),
        unknown: &[],
        implausible_memory: &[],
        takes_new_pods: false,
        has_hostname: false,
        boundaries: BTreeMap::new(),
        breach: None,
    }
}
