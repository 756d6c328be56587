//! One case: a pod's wants against a fleet, and what can be given to it.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::engine::line::request::{DeviceRequest, Strategies};
use crate::engine::namespaces::NamespaceView;
use crate::engine::namespaces::quota::{Forbidden, QuotaPod, QuotaView};
use crate::engine::profile::Profile;
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Allocation, Group, Supply, Taint};
use crate::engine::supply::{NodeFilter, Offer, UnknownResource};
use crate::engine::vocabulary::policy::{BoundaryPlacement, Policy, Tier};
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;
use crate::facts::pod::ContainerKind;

/// Everything a choice depends on.
#[derive(Debug)]
pub struct PlacementQuery<'c, 'a> {
    /// The pod.
    pub pod: &'a Pod<'a>,
    /// The policy.
    pub policy: &'a Policy,
    /// The fleet.
    pub supply: &'a Supply,
    /// What is known of the pod's namespace.
    pub namespace: Option<&'a NamespaceView>,
    /// The tier that applies.
    pub tier: Option<&'a Tier>,
    /// The pod's runtime class runs it apart from its node's kernel.
    pub is_sandboxed: bool,
    /// What the containers want, defaults filled in; not empty.
    pub requests: &'c [DeviceRequest<'a>],
    /// Product patterns.
    pub products: &'c [&'a str],
    /// What the pod says about nodes.
    pub filter: &'c NodeFilter<'a>,
    /// Strategies that every want allows, best first, an explicit one alone.
    pub strategies: Strategies,
    /// Whether the strategy was asked for by name.
    pub is_explicit: bool,
    /// What the pod says about its programs.
    pub profile: &'c Profile<'a>,
    /// For each offer whether its product is asked for, once somebody asked.
    pub requested_products: OnceCell<Vec<bool>>,
    /// For each group whether the pod can reach it, once somebody asked.
    pub reached: OnceCell<Vec<bool>>,
}

/// What was chosen.
#[derive(Debug)]
pub struct Placement<'a> {
    /// How the devices are shared.
    pub strategy: Strategy,
    /// For each want, the resource it asks for from now on and what its shares have.
    pub shares: Vec<AllocatedShare<'a>>,
    /// Kinds of nodes that will do: the offers a node has to have, together. Empty for a choice that is kept.
    pub nodes: Vec<Vec<usize>>,
    /// GPU taints of these nodes.
    pub taints: Vec<&'a Taint>,
}

/// What one want is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocatedShare<'a> {
    /// What its container requests for it.
    pub allocation: Allocation<'a>,
    /// The smallest memory of a share on any acceptable node, in MiB.
    pub smallest_mib: u64,
    /// The largest, where it is known.
    pub largest_mib: Option<u64>,
    /// The smallest compute of a share on any acceptable node, in percent.
    pub smallest_percent: u32,
}

impl<'a> AllocatedShare<'a> {
    /// Nothing is known of the share yet.
    pub const fn unknown(allocation: Allocation<'a>) -> Self {
        Self {
            allocation,
            smallest_mib: u64::MAX,
            largest_mib: None,
            smallest_percent: 100,
        }
    }
}

impl<'a> PlacementQuery<'_, 'a> {
    /// Groups of nodes the pod's own selectors and tolerations can reach.
    pub fn reachable(&self) -> Vec<&'a Group> {
        self.those(self.reached())
    }

    /// For each group whether the pod can reach it.
    pub fn reached(&self) -> &[bool] {
        self.reached.get_or_init(|| {
            let ours = |taint: &Taint| policy_tolerates(self.policy, taint);
            self.supply.reached(self.filter, &ours)
        })
    }

    /// Groups that the pod can reach with the labels they have now. Taints do not count: a toleration may be added
    /// later.
    pub fn reachable_as_is(&self) -> Vec<&'a Group> {
        self.those(&self.supply.reached_as_is(self.filter))
    }

    fn those(&self, reached: &[bool]) -> Vec<&'a Group> {
        let groups = self.supply.groups.iter().zip(reached);
        groups
            .filter(|(_, is)| **is)
            .map(|(group, _)| group)
            .collect()
    }

    /// Whether the product of one of the fleet's offers is asked for.
    pub fn is_requested(&self, offer: usize) -> bool {
        self.products.is_empty() || self.requested_products().get(offer) == Some(&true)
    }

    fn requested_products(&self) -> &[bool] {
        self.requested_products.get_or_init(|| {
            let mut known: HashMap<&str, bool> = HashMap::new();
            let offers = self
                .supply
                .offers
                .iter()
                .map(|offer| offer.product.as_str());
            let mut requested_products = |product| {
                let matches = || product_matches(self.products, product);
                *known.entry(product).or_insert_with(matches)
            };
            offers.map(&mut requested_products).collect()
        })
    }

    /// The quota by which a pod of this namespace may take none of a resource by a strategy.
    pub fn forbidding(
        &self,
        strategy: Strategy,
        resource: &str,
    ) -> Option<(&'a QuotaView, Forbidden)> {
        let quotas = self.namespace.map_or(&[][..], |n| &n.quotas);
        let mut quotas = quotas.iter();
        quotas.find_map(|quota| Some((quota, quota.forbids(resource, self.given(strategy))?)))
    }

    /// Whether nodes that already run the boundary's shares are preferred: by affinity across namespaces, which is not
    /// worth it where a quota limits that.
    pub fn may_pack(&self) -> bool {
        let quotas = self.namespace.map_or(&[][..], |n| &n.quotas);
        self.policy.placement.packing && !quotas.iter().any(QuotaView::limits_affinity)
    }

    /// The pod as quotas see it once it is given a share by this strategy.
    pub fn given(&self, strategy: Strategy) -> QuotaPod<'a> {
        QuotaPod {
            pod: self.pod,
            is_given_affinity: crosses_namespaces(self.policy, strategy),
        }
    }

    /// Whether an offer has the product and size that one want needs.
    pub fn suits(&self, request: &DeviceRequest<'_>, offer: &Offer) -> bool {
        product_matches(self.products, &offer.product) && request.size.met_by(offer).is_ok()
    }

    /// Whether a kind of node sells so many of a resource.
    pub fn advertises(&self, group: &Group, resource: &str, count: u64) -> bool {
        let advertised = group
            .advertised
            .iter()
            .filter(|advertised| advertised.count >= count);
        let mut offers =
            advertised.filter_map(|advertised| self.supply.offers.get(advertised.offer));
        offers.any(|offer| offer.resource == resource)
    }

    /// Whether what nothing can be said about could be what one of the wants names or leaves open.
    pub fn may_be(&self, unknown: &UnknownResource) -> bool {
        let mut names = self.requests.iter().map(DeviceRequest::fixed_resource);
        names.any(|fixed| fixed.is_none_or(|fixed| fixed == unknown.resource))
    }

    /// How many of an allocation the pod needs at once: init containers run before the others, sidecars beside them.
    pub fn needed<T: PartialEq>(&self, allocations: &[T], allocation: &T) -> u64 {
        let (mut running, mut peak, mut sidecars) = (0_u64, 0_u64, 0_u64);
        let both = self.requests.iter().zip(allocations);
        for (request, _) in both.filter(|(_, a)| *a == allocation) {
            if request.is_sidecar {
                sidecars = sidecars.saturating_add(request.count);
            } else if request.place.kind == ContainerKind::Init {
                peak = peak.max(sidecars.saturating_add(request.count));
            } else {
                running = running.saturating_add(request.count);
            }
        }
        peak.max(running.saturating_add(sidecars))
    }
}

/// Whether the tolerations that the policy adds cover a taint.
pub fn policy_tolerates(policy: &Policy, taint: &Taint) -> bool {
    policy.placement.tolerations.iter().any(|t| {
        let effect = t.effect.as_deref().unwrap_or_default();
        let key = t.key.as_deref().unwrap_or_default();
        let exists = t.operator.as_deref() == Some("Exists");
        let value = t.value.as_deref().unwrap_or_default();
        (effect.is_empty() || effect == taint.effect)
            && (key == taint.key && (exists || value == taint.value) || key.is_empty() && exists)
    })
}

/// Whether a pod that gets its devices by a strategy has to be given affinity to pods of other namespaces. Packing is
/// a preference, and is left out where a quota limits such affinity.
pub fn crosses_namespaces(policy: &Policy, strategy: Strategy) -> bool {
    let by_terms = policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    strategy == Strategy::Mps || strategy.is_shared() && by_terms
}
