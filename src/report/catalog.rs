//! The catalogue: MIG profiles, the fleet that is assumed, and the words of other sharing systems.

use serde::Serialize;

use super::API_VERSION;
use crate::engine::Supply;
use crate::engine::relevance::sharing_systems;
use crate::engine::supply::Offer;
use crate::engine::supply::catalog::{PRODUCTS, Product, Profile};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// Models that can be partitioned.
    pub mig: Vec<Mig>,
    /// What `review` judges against where no nodes are given.
    pub assumed_fleet: Vec<Assumed>,
    /// Words by which pods ask other sharing systems.
    pub foreign_vocabularies: Vec<Foreign>,
}

impl Catalog {
    /// What slicegate knows without being told, with the fleet that it assumes.
    pub fn of(assumed: &Supply) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Catalog",
            mig: PRODUCTS.iter().map(Mig::of).collect(),
            assumed_fleet: self::assumed(assumed),
            foreign_vocabularies: sharing_systems::SYSTEM_NAMES
                .iter()
                .map(Foreign::of)
                .collect(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mig {
    pub product: &'static str,
    pub labels: &'static [&'static str],
    pub compute_slices: u32,
    pub memory_slices: u32,
    pub profiles: Vec<MigProfile>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigProfile {
    pub resource: String,
    pub compute_slices: u32,
    pub memory_slices: u32,
    /// Absent where only the nominal size is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    pub max_instances: u32,
}

impl Mig {
    fn of(product: &'static Product) -> Self {
        Self {
            product: product.name,
            labels: &product.labels,
            compute_slices: product.compute_slices,
            memory_slices: product.memory_slices,
            profiles: product.profiles.iter().map(MigProfile::of).collect(),
        }
    }
}

impl MigProfile {
    fn of(profile: &Profile) -> Self {
        Self {
            resource: format!("nvidia.com/mig-{}", profile.name),
            compute_slices: profile.compute,
            memory_slices: profile.memory,
            memory_mib: profile.mib,
            max_instances: profile.max_instances,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assumed {
    pub node: String,
    pub strategy: &'static str,
    pub resource: String,
    pub count: u64,
    pub product: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    pub compute_percent: u32,
}

impl Assumed {
    fn of(node: &str, offer: &Offer, count: u64) -> Self {
        Self {
            node: node.to_owned(),
            strategy: offer.strategy.word(),
            resource: offer.resource.clone(),
            count,
            product: offer.product.clone(),
            memory_mib: offer.memory_mib,
            compute_percent: offer.compute_percent(),
        }
    }
}

fn assumed(supply: &Supply) -> Vec<Assumed> {
    let mut list = Vec::new();
    for group in &supply.groups {
        for node in supply.node_names(group) {
            let offer = |index: usize| supply.offers.get(index);
            let advertised = group.advertised.iter();
            list.extend(
                advertised.filter_map(|s| Some(Assumed::of(node, offer(s.offer)?, s.count))),
            );
        }
    }
    list
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    pub systems: Vec<&'static str>,
    /// `resource`, `annotation` or `label`.
    pub stands: &'static str,
    pub key: &'static str,
    /// Whether it makes a share of a stock GPU without a stock resource beside it.
    pub takes_a_share: bool,
}

impl Foreign {
    fn of(word: &sharing_systems::SystemName) -> Self {
        Self {
            systems: word.systems.iter().map(|system| system.word()).collect(),
            stands: word.kind.word(),
            key: word.key,
            takes_a_share: word.takes_a_share,
        }
    }
}
