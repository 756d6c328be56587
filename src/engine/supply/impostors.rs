//! Nodes whose labels promise an offer while their resources say otherwise.

use std::collections::BTreeMap;

use super::offer::{Identity, Offer};

/// A node with GPU resources that nothing can be said about.
pub(super) struct Liar {
    /// Its name.
    pub(super) name: String,
    /// Its labels.
    pub(super) labels: BTreeMap<String, String>,
    /// Those resources.
    pub(super) resources: Vec<String>,
}

/// Nodes that an offer's own labels would let a pod land on although nothing can be said about their resource.
pub(super) fn impostors(offer: &Offer, liars: &[Liar]) -> Vec<String> {
    liars
        .iter()
        .filter(|liar| {
            liar.resources.contains(&offer.resource) && promises(&liar.labels, &offer.identity)
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
        }
    }
}
