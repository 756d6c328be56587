//! Nodes whose labels describe an offer while their resources are something else.

use std::collections::BTreeMap;

use super::vgpu;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::node::NodeView;
use crate::engine::supply::offer::{GfdIdentity, Identity, Offer};
use crate::engine::supply::why::{UnknownReason, UnknownResource};

/// A node that advertises something else than its labels describe.
pub struct MislabelledNodes {
    name: String,
    labels: BTreeMap<String, String>,
    /// The resources that the labels describe wrongly.
    resources: Vec<String>,
    /// The offers that it really has.
    advertises: Vec<usize>,
}

impl MislabelledNodes {
    /// A node with unknown resources, or with a vGPU that only one label tells from a GPU.
    pub fn of(
        node: &NodeView,
        advertised: &[Advertised],
        unknown: &[UnknownResource],
        offers: &[Offer],
    ) -> Option<Self> {
        // A resource that is not advertised takes no pod, and its later form is not known.
        let unknown = unknown
            .iter()
            .filter(|u| u.why != UnknownReason::HandsOutNone);
        let looks_like_a_card = |gfd: &GfdIdentity| gfd.by_vgpu_label;
        let resources = unknown.map(|u| u.resource.clone());
        let resources = resources.chain(those(advertised, offers, looks_like_a_card));
        Self::new(node, advertised, resources.collect())
    }

    /// A node with an impossible memory label.
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

/// The resources of the advertised offers whose identity holds.
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

/// Nodes that match an offer's labels although their resource is something else.
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
        // Terms require memory as a lower bound, so it is not compared here.
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
