//! `slicegate catalog`: what slicegate knows without being told.

mod text;

use serde::Serialize;

use super::args::ListArgs;
use super::{API_VERSION, DONE, output};
use crate::config::{fleet, policy};
use crate::engine::Supply;
use crate::engine::relevance::sharing_systems;
use crate::engine::supply::Offer;
use crate::engine::supply::catalog::{PRODUCTS, Product, Profile};

/// Prints it and returns the exit status.
pub(crate) fn run(args: &ListArgs) -> anyhow::Result<u8> {
    let supply = fleet::assumed(&policy::built_in()?)?;
    let catalog = Catalog {
        api_version: API_VERSION,
        kind: "Catalog",
        mig: PRODUCTS.iter().map(Mig::of).collect(),
        assumed_fleet: assumed(&supply),
        foreign_vocabularies: sharing_systems::WORDS.iter().map(Foreign::of).collect(),
    };
    output::value(&catalog, args.output, || text::render(&catalog))?;
    Ok(DONE)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Catalog {
    api_version: &'static str,
    kind: &'static str,
    /// Models that can be partitioned.
    mig: Vec<Mig>,
    /// What `review` judges against where no nodes are given.
    assumed_fleet: Vec<Assumed>,
    /// Words by which pods ask other sharing systems.
    foreign_vocabularies: Vec<Foreign>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mig {
    product: &'static str,
    labels: &'static [&'static str],
    compute_slices: u32,
    memory_slices: u32,
    profiles: Vec<MigProfile>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MigProfile {
    resource: String,
    compute_slices: u32,
    memory_slices: u32,
    /// Absent where only the nominal size is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mib: Option<u64>,
    max_instances: u32,
}

impl Mig {
    fn of(product: &Product) -> Self {
        Self {
            product: product.name,
            labels: product.labels,
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
struct Assumed {
    node: String,
    strategy: &'static str,
    resource: String,
    count: u64,
    product: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mib: Option<u64>,
    compute_percent: u32,
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
            let sold = group.sold.iter();
            list.extend(sold.filter_map(|s| Some(Assumed::of(node, offer(s.offer)?, s.count))));
        }
    }
    list
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Foreign {
    systems: Vec<&'static str>,
    /// `resource`, `annotation` or `label`.
    stands: &'static str,
    key: &'static str,
    /// Whether it makes a share of a stock GPU without a stock resource beside it.
    takes_a_share: bool,
}

impl Foreign {
    fn of(word: &sharing_systems::Word) -> Self {
        Self {
            systems: word.systems.iter().map(|system| system.word()).collect(),
            stands: word.stands.word(),
            key: word.key,
            takes_a_share: word.takes_a_share,
        }
    }
}
