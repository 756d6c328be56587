//! The catalogue: MIG profiles, the assumed fleet, and the names that other sharing systems use.

use serde::Serialize;

use super::API_VERSION;
use crate::engine::Supply;
use crate::engine::relevance::sharing_systems::{SYSTEM_NAMES, SystemName};
use crate::engine::supply::catalog::{PRODUCTS, Product, Profile};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// Models that can be partitioned.
    pub mig: Vec<MigEntry>,
    /// The fleet of `review` without `--nodes`.
    pub assumed_fleet: Vec<OfferEntry>,
    /// Names by which pods request shares of other sharing systems.
    pub foreign_vocabularies: Vec<ForeignEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigEntry {
    pub product: &'static str,
    pub labels: &'static [&'static str],
    pub compute_slices: u32,
    pub memory_slices: u32,
    pub profiles: Vec<ProfileEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileEntry {
    pub resource: String,
    pub compute_slices: u32,
    pub memory_slices: u32,
    /// Absent if only the nominal size is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    pub max_instances: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferEntry {
    pub node: String,
    pub strategy: &'static str,
    pub resource: String,
    pub count: u64,
    pub product: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    pub compute_percent: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignEntry {
    pub systems: Vec<&'static str>,
    /// `resource`, `annotation` or `label`.
    pub stands: &'static str,
    pub key: &'static str,
    /// Whether it makes a share of a stock GPU without a stock resource beside it.
    pub takes_a_share: bool,
}

impl Catalog {
    pub fn of(assumed_fleet: &Supply) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Catalog",
            mig: PRODUCTS.iter().map(mig).collect(),
            assumed_fleet: offers(assumed_fleet),
            foreign_vocabularies: SYSTEM_NAMES.iter().map(foreign).collect(),
        }
    }
}

fn mig(product: &'static Product) -> MigEntry {
    let profile = |profile: &Profile| ProfileEntry {
        resource: format!("nvidia.com/mig-{}", profile.name),
        compute_slices: profile.compute,
        memory_slices: profile.memory,
        memory_mib: profile.mib,
        max_instances: profile.max_instances,
    };
    MigEntry {
        product: product.name,
        labels: &product.labels,
        compute_slices: product.compute_slices,
        memory_slices: product.memory_slices,
        profiles: product.profiles.iter().map(profile).collect(),
    }
}

fn offers(supply: &Supply) -> Vec<OfferEntry> {
    let mut entries = Vec::new();
    for group in &supply.groups {
        for node in supply.node_names(group) {
            entries.extend(group.advertised.iter().filter_map(|advertised| {
                let offer = supply.offers.get(advertised.offer)?;
                Some(OfferEntry {
                    node: node.to_owned(),
                    strategy: offer.strategy.word(),
                    resource: offer.resource.clone(),
                    count: advertised.count,
                    product: offer.product.clone(),
                    memory_mib: offer.memory_mib,
                    compute_percent: offer.compute_percent(),
                })
            }));
        }
    }
    entries
}

fn foreign(name: &SystemName) -> ForeignEntry {
    ForeignEntry {
        systems: name.systems.iter().map(|system| system.word()).collect(),
        stands: name.kind.word(),
        key: name.key,
        takes_a_share: name.takes_a_share,
    }
}
