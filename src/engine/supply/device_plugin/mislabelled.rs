//! Nodes whose labels describe an offer while their resources are something else.

use std::collections::BTreeMap;

use super::vgpu;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::node::NodeView;
use crate::engine::supply::offer::{GfdIdentity, Identity, Offer};
use crate::engine::supply::why::{UnknownReason, UnknownResource};

/// A node that advertises something else than its labels describe.
pub struct MislabelledNode {
    name: String,
    labels: BTreeMap<String, String>,
    /// The resources that the labels describe wrongly.
    resources: Vec<String>,
    /// The offers that it really has.
    advertises: Vec<usize>,
}

impl MislabelledNode {
    /// A node with unknown resources, or with a vGPU that only one label tells from a GPU.
    pub fn of_resources(
        node: &NodeView,
        advertised: &[Advertised],
        unknown: &[UnknownResource],
        offers: &[Offer],
    ) -> Option<Self> {
        // A resource that is not advertised takes no pod, and its later form is not known.
        let unknown = unknown
            .iter()
            .filter(|u| u.why != UnknownReason::NoneAdvertised);
        let unknown = unknown.map(|u| u.resource.clone());
        Self::new(node, advertised, offers, unknown, |gfd| gfd.by_vgpu_label)
    }

    /// A node with an impossible memory label.
    pub fn of_memory(node: &NodeView, advertised: &[Advertised], offers: &[Offer]) -> Option<Self> {
        Self::new(node, advertised, offers, [].into_iter(), |gfd| {
            let label = format!("{}.memory", gfd.prefix);
            gfd.memory_label.is_none() && node.labels.contains_key(&label)
        })
    }

    fn new(
        node: &NodeView,
        advertised: &[Advertised],
        offers: &[Offer],
        unknown: impl Iterator<Item = String>,
        is_wrong: impl Fn(&GfdIdentity) -> bool,
    ) -> Option<Self> {
        let advertises: Vec<usize> = advertised
            .iter()
            .map(|advertised| advertised.offer)
            .collect();
        let offers = advertises.iter().filter_map(|offer| offers.get(*offer));
        let wrong = offers.filter(|offer| match &offer.identity {
            Identity::Gfd(gfd) => is_wrong(gfd),
            Identity::Listed(_) => false,
        });
        let resources: Vec<String> = unknown.chain(wrong.map(|o| o.resource.clone())).collect();
        (!resources.is_empty()).then(|| Self {
            name: node.name.clone(),
            labels: node.labels.clone(),
            resources,
            advertises,
        })
    }
}

/// The names of the nodes that match an offer's labels although their resource is something else.
pub fn names_by_offer(at: usize, offer: &Offer, nodes: &[MislabelledNode]) -> Vec<String> {
    let matching = nodes.iter().filter(|node| {
        node.resources.contains(&offer.resource)
            && !node.advertises.contains(&at)
            && matches(&node.labels, &offer.identity)
    });
    matching.map(|node| node.name.clone()).collect()
}

/// Whether a node's labels are those of an offer.
fn matches(labels: &BTreeMap<String, String>, identity: &Identity) -> bool {
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
