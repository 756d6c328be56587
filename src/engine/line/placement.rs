//! A query for a placement: the requests of a pod, the supply, and the placement that results.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::engine::line::{DeviceRequest, Strategies};
use crate::engine::namespaces::NamespaceView;
use crate::engine::namespaces::quota::{Forbidden, QuotaPod, QuotaView};
use crate::engine::profile::Profile;
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Allocation, Group, Supply, Taint};
use crate::engine::supply::{NodeFilter, Offer, UnknownResource};
use crate::engine::vocabulary::{BoundaryPlacement, Policy, Strategy, Tier};
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

/// Everything that a placement depends on.
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
    /// Whether the pod's runtime class isolates it from the kernel of the node.
    pub is_sandboxed: bool,
    /// The requests of the containers, with defaults filled in; not empty.
    pub requests: &'c [DeviceRequest<'a>],
    /// Product patterns.
    pub products: &'c [&'a str],
    /// The pod's own constraints on nodes.
    pub filter: &'c NodeFilter<'a>,
    /// Strategies that every request allows, best first. Only the explicit one, if the pod names one.
    pub strategies: Strategies,
    /// Whether the pod names the strategy.
    pub is_explicit: bool,
    /// The command lines and variables of the pod.
    pub profile: &'c Profile<'a>,
    /// For each offer, whether the pod accepts its product. Computed on first use.
    pub requested_products: OnceCell<Vec<bool>>,
    /// For each group of nodes, whether the pod can reach it. Computed on first use.
    pub reached: OnceCell<Vec<bool>>,
}

/// How a pod gets its devices, and where.
#[derive(Debug)]
pub struct Placement<'a> {
    /// How the devices are shared.
    pub strategy: Strategy,
    /// For each request, what it is allocated.
    pub shares: Vec<AllocatedShare<'a>>,
    /// Kinds of suitable nodes: the offers that a node has to have, together. Empty if an existing placement is reused.
    pub nodes: Vec<Vec<usize>>,
    /// GPU taints of these nodes.
    pub taints: Vec<&'a Taint>,
}

/// What one request is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocatedShare<'a> {
    /// What the container requests.
    pub allocation: Allocation<'a>,
    /// The smallest memory of a share on any suitable node, in MiB.
    pub smallest_mib: u64,
    /// The largest, if it is known.
    pub largest_mib: Option<u64>,
    /// The smallest compute of a share on any suitable node, in percent.
    pub smallest_percent: u32,
}

impl<'a> AllocatedShare<'a> {
    /// A share with the widest bounds; offers narrow them.
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
    /// The groups of nodes that the pod's own selectors and tolerations allow.
    pub fn reachable(&self) -> Vec<&'a Group> {
        self.those(self.reached())
    }

    /// For each group, whether the pod can reach it.
    pub fn reached(&self) -> &[bool] {
        self.reached.get_or_init(|| {
            let ours = |taint: &Taint| policy_tolerates(self.policy, taint);
            self.supply.reached(self.filter, &ours)
        })
    }

    /// The groups that the pod can reach with their present labels. Taints do not count: slicegate may add a toleration
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

    /// Whether the pod accepts the product of an offer.
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

    /// The quota that allows no pod of this namespace to take a resource with a strategy.
    pub fn forbidding(
        &self,
        strategy: Strategy,
        resource: &str,
    ) -> Option<(&'a QuotaView, Forbidden)> {
        let quotas = self.namespace.map_or(&[][..], |n| &n.quotas);
        let mut quotas = quotas.iter();
        quotas.find_map(|quota| Some((quota, quota.forbids(resource, self.given(strategy))?)))
    }

    /// Whether to prefer nodes that already run shares of the boundary. This needs affinity across namespaces, so it is
    /// left out if a quota limits such affinity.
    pub fn may_pack(&self) -> bool {
        let quotas = self.namespace.map_or(&[][..], |n| &n.quotas);
        self.policy.placement.packing && !quotas.iter().any(QuotaView::limits_affinity)
    }

    /// The pod as quotas see it after a rewrite to this strategy.
    pub fn given(&self, strategy: Strategy) -> QuotaPod<'a> {
        QuotaPod {
            pod: self.pod,
            is_given_affinity: crosses_namespaces(self.policy, strategy),
        }
    }

    /// The first container with a request that has a property.
    pub fn find_container(&self, has: impl Fn(&Container<'_>) -> bool) -> Option<Place> {
        let mut places = self.requests.iter().map(|request| request.place);
        places.find(|place| self.pod.at(*place).is_some_and(&has))
    }

    /// Whether an offer has the product and the size that a request needs.
    pub fn suits(&self, request: &DeviceRequest<'_>, offer: &Offer) -> bool {
        product_matches(self.products, &offer.product) && request.size.met_by(offer).is_ok()
    }

    /// Whether a group of nodes advertises at least this many of a resource.
    pub fn advertises(&self, group: &Group, resource: &str, count: u64) -> bool {
        let mut advertised = self.supply.advertised(group);
        advertised.any(|(offer, has)| has >= count && offer.resource == resource)
    }

    /// Whether an unknown resource may be one that a request names or leaves open.
    pub fn may_be(&self, unknown: &UnknownResource) -> bool {
        let mut names = self.requests.iter().map(DeviceRequest::fixed_resource);
        names.any(|fixed| fixed.is_none_or(|fixed| fixed == unknown.resource))
    }

    /// How many of an allocation the pod needs at the same time. Init containers run before the main containers, sidecars
    /// run beside them.
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

/// Whether the tolerations of the policy cover a taint.
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

/// Whether a strategy needs required affinity terms across namespaces. Packing needs none: it is a preference, and it is
/// left out if a quota limits such affinity.
pub fn crosses_namespaces(policy: &Policy, strategy: Strategy) -> bool {
    let by_terms = policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    strategy == Strategy::Mps || strategy.is_shared() && by_terms
}
