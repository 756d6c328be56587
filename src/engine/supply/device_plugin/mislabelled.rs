//! Nodes whose labels promise an offer while their resources say otherwise.

use std::collections::BTreeMap;

use super::vgpu;
use crate::engine::supply::fleet::Sold;
use crate::engine::supply::node::NodeView;
use crate::engine::supply::offer::{GfdIdentity, Identity, Offer};
use crate::engine::supply::why::{Unknown, Why};

/// A node that sells something else than its labels promise.
pub struct Liar {
    name: String,
    labels: BTreeMap<String, String>,
    /// The resources of which they promise it.
    resources: Vec<String>,
    /// The offers that it really sells.
    sells: Vec<usize>,
}

impl Liar {
    /// A node with resources that nothing can be said about, or with a vGPU that but for one label looks like a card.
    pub fn of(
        node: &NodeView,
        sold: &[Sold],
        unknown: &[Unknown],
        offers: &[Offer],
    ) -> Option<Self> {
        // What is handed out by nobody takes no pod, and what may be handed out later is not known.
        let unknown = unknown.iter().filter(|u| u.why != Why::HandsOutNone);
        let looks_like_a_card = |gfd: &GfdIdentity| gfd.by_vgpu_label;
        let resources = unknown.map(|u| u.resource.clone());
        let resources = resources.chain(those(sold, offers, looks_like_a_card));
        Self::new(node, sold, resources.collect())
    }

    /// A node with a memory label that cannot be right.
    pub fn of_memory(node: &NodeView, sold: &[Sold], offers: &[Offer]) -> Option<Self> {
        let doubted = |gfd: &GfdIdentity| {
            let label = format!("{}.memory", gfd.prefix);
            gfd.memory_label.is_none() && node.labels.contains_key(&label)
        };
        Self::new(node, sold, those(sold, offers, doubted).collect())
    }

    fn new(node: &NodeView, sold: &[Sold], resources: Vec<String>) -> Option<Self> {
        (!resources.is_empty()).then(|| Self {
            name: node.name.clone(),
            labels: node.labels.clone(),
            resources,
            sells: sold.iter().map(|sold| sold.offer).collect(),
        })
    }
}

/// The resources of those of the offers of which this holds.
fn those(
    sold: &[Sold],
    offers: &[Offer],
    holds: impl Fn(&GfdIdentity) -> bool,
) -> impl Iterator<Item = String> {
    let sold = sold.iter().filter_map(|sold| offers.get(sold.offer));
    sold.filter_map(move |offer| match &offer.identity {
        Identity::Gfd(gfd) if holds(gfd) => Some(offer.resource.clone()),
        _ => None,
    })
}

/// Nodes that an offer's own labels would let a pod land on although their resource is something else.
pub fn impostors(at: usize, offer: &Offer, liars: &[Liar]) -> Vec<String> {
    liars
        .iter()
        .filter(|liar| {
            liar.resources.contains(&offer.resource)
                && !liar.sells.contains(&at)
                && promises(&liar.labels, &offer.identity)
        })
        .map(|liar| liar.name.clone())
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
