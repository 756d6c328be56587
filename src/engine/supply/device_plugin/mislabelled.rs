//! Nodes whose labels promise an offer while their resources say otherwise.

use std::collections::BTreeMap;

use super::vgpu;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::node::NodeView;
use crate::engine::supply::offer::{GfdIdentity, Identity, Offer};
use crate::engine::supply::why::{UnknownReason, UnknownResource};

/// A node that sells something else than its labels promise.
pub struct MislabelledNodes {
    name: String,
    labels: BTreeMap<String, String>,
    /// The resources of which they promise it.
    resources: Vec<String>,
    /// The offers that it really sells.
    advertises: Vec<usize>,
}

impl MislabelledNodes {
    /// A node with resources that nothing can be said about, or with a vGPU that but for one label looks like a card.
    pub fn of(
        node: &NodeView,
        advertised: &[Advertised],
        unknown: &[UnknownResource],
        offers: &[Offer],
    ) -> Option<Self> {
        // What is handed out by nobody takes no pod, and what may be handed out later is not known.
        let unknown = unknown
            .iter()
            .filter(|u| u.why != UnknownReason::HandsOutNone);
        let looks_like_a_card = |gfd: &GfdIdentity| gfd.by_vgpu_label;
        let resources = unknown.map(|u| u.resource.clone());
        let resources = resources.chain(those(advertised, offers, looks_like_a_card));
        Self::new(node, advertised, resources.collect())
    }

    /// A node with a memory label that cannot be right.
    pub fn of_memory(node: &NodeView, advertised: &[Advertised], offers: &[Offer]) -> Option<Self> {
        let implausible_memory = |gfd: &GfdIdentity| {
            let label = format!("{}.memory", gfd.prefix);
            gfd.memory_label.is_none() && node.labels.contains_key(&label)
        };
        Self::new(
            node,
            advertised,
            those(advertised, offers, implausible_memory).collect(),
        )
    }

    fn new(node: &NodeView, advertised: &[Advertised], resources: Vec<String>) -> Option<Self> {
        (!resources.is_empty()).then(|| Self {
            name: node.name.clone(),
            labels: node.labels.clone(),
            resources,
            advertises: advertised
                .iter()
                .map(|advertised| advertised.offer)
                .collect(),
        })
    }
}

/// The resources of those of the offers of which this holds.
fn those(
    advertised: &[Advertised],
    offers: &[Offer],
    holds: impl Fn(&GfdIdentity) -> bool,
) -> impl Iterator<Item = String> {
    let advertised = advertised
        .iter()
        .filter_map(|advertised| offers.get(advertised.offer));
    advertised.filter_map(move |offer| match &offer.identity {
        Identity::Gfd(gfd) if holds(gfd) => Some(offer.resource.clone()),
        _ => None,
    })
}

/// Nodes that an offer's own labels would let a pod land on although their resource is something else.
pub fn mislabelled(at: usize, offer: &Offer, nodes: &[MislabelledNodes]) -> Vec<String> {
    nodes
        .iter()
        .filter(|node| {
            node.resources.contains(&offer.resource)
                && !node.advertises.contains(&at)
                && promises(&node.labels, &offer.identity)
        })
        .map(|node| node.name.clone())
        .collect()
}

fn promises(labels: &BTreeMap<String, String>, identity: &Identity) -> bool {
    let is = |key: &str, value: &str| labels.get(key).is_some_and(|v| v == value);
    match identity {
        Identity::Listed(keys) => keys.iter().all(|(key, value)| match value {
            Some(value) => is(key, value),
            None => !labels.contains_key(*key),
        }),
        // Memory is a lower bound in the terms, so it is not part of what must be equal here.
        Identity::Gfd(gfd) => {
            is(&gfd.product_key, &gfd.product_value)
                && is(&format!("{}.sharing-strategy", gfd.prefix), gfd.sharing)
                && is(
                    &format!("{}.replicas", gfd.prefix),
                    &gfd.replicas.to_string(),
                )
                && (!gfd.by_vgpu_label || is(vgpu::PRESENT, "true"))
        }
    }
}
