//! A query for a placement: the requests of a pod, the supply, and the placement that results.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::engine::line::{DeviceRequest, Peak, Strategies};
use crate::engine::namespaces::NamespaceView;
use crate::engine::namespaces::quota::{Forbidden, QuotaPod, QuotaView};
use crate::engine::profile::Profile;
use crate::engine::supply::filter::tolerates;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::places::PlaceKind;
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Allocation, Group, NodeFilter, Offer, Supply, Taint, UnknownResource};
use crate::engine::vocabulary::{BoundaryPlacement, Policy, Strategy, Tier};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place};

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
    /// A share with the widest bounds.
    pub const fn unknown(allocation: Allocation<'a>) -> Self {
        Self {
            allocation,
            smallest_mib: u64::MAX,
            largest_mib: None,
            smallest_percent: 100,
        }
    }

    /// Narrows the lower bounds to an offer.
    pub fn narrow(&mut self, offer: &Offer) {
        self.smallest_mib = self.smallest_mib.min(offer.memory_mib.unwrap_or(0));
        self.smallest_percent = self.smallest_percent.min(offer.compute_percent());
    }
}

impl<'a> PlacementQuery<'_, 'a> {
    /// The groups of nodes that the pod's own selectors and tolerations allow.
    pub fn reachable(&self) -> Vec<&'a Group> {
        self.groups_of(self.reached())
    }

    /// For each group, whether the pod can reach it.
    pub fn reached(&self) -> &[bool] {
        self.reached.get_or_init(|| {
            let by_policy = |taint: &Taint| policy_tolerates(self.policy, taint);
            self.supply.reached(self.filter, &by_policy)
        })
    }

    /// The groups that the pod can reach with their present labels. Taints do not count: slicegate may add a toleration
    /// later.
    pub fn reachable_as_is(&self) -> Vec<&'a Group> {
        self.groups_of(&self.supply.reached_as_is(self.filter))
    }

    fn groups_of(&self, reached: &[bool]) -> Vec<&'a Group> {
        let groups = self.supply.groups.iter().zip(reached);
        let reached = groups.filter(|(_, is_reached)| **is_reached);
        reached.map(|(group, _)| group).collect()
    }

    /// Whether the pod or the policy tolerates a taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let mut own = self.filter.tolerations.iter();
        own.any(|t| tolerates(t, taint)) || policy_tolerates(self.policy, taint)
    }

    /// Whether the pod accepts the product of an offer.
    pub fn is_requested(&self, offer: usize) -> bool {
        // A large fleet has many offers and few products, and a pattern may be slow.
        let requested_products = || {
            let mut known: HashMap<&str, bool> = HashMap::new();
            let products = self.supply.offers.iter().map(|offer| &*offer.product);
            let mut is_requested = |product| {
                let matches = || product_matches(self.products, product);
                *known.entry(product).or_insert_with(matches)
            };
            products.map(&mut is_requested).collect()
        };
        let requested = || self.requested_products.get_or_init(requested_products);
        self.products.is_empty() || requested().get(offer) == Some(&true)
    }

    /// The quotas of the namespace.
    pub fn quotas(&self) -> &'a [QuotaView] {
        self.namespace.map_or(&[], |namespace| &namespace.quotas)
    }

    /// The quota that allows no pod of this namespace to take a resource with a strategy.
    pub fn forbidding(
        &self,
        strategy: Strategy,
        resource: &str,
    ) -> Option<(&'a QuotaView, Forbidden)> {
        let pod = self.quota_pod(strategy);
        let mut quotas = self.quotas().iter();
        quotas.find_map(|quota| Some((quota, quota.forbids(resource, pod)?)))
    }

    /// Whether to prefer nodes that already run shares of the boundary. This needs affinity across namespaces, so it is
    /// left out if a quota limits such affinity.
    pub fn may_pack(&self) -> bool {
        self.policy.placement.packing && !self.quotas().iter().any(QuotaView::limits_affinity)
    }

    /// The pod as quotas see it after a rewrite to this strategy: whether it has required affinity terms across namespaces.
    /// Packing needs none, because it is a preference.
    pub fn quota_pod(&self, strategy: Strategy) -> QuotaPod<'a> {
        let by_terms = self.policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
        QuotaPod {
            pod: self.pod,
            is_given_affinity: strategy == Strategy::Mps || strategy.is_shared() && by_terms,
        }
    }

    /// The first container with a request that has a property.
    pub fn find_container(&self, has: impl Fn(&Container<'_>) -> bool) -> Option<Place> {
        let mut places = self.requests.iter().map(|request| request.place);
        places.find(|place| self.pod.at(*place).is_some_and(&has))
    }

    /// Whether an offer has the product and the size that a request needs.
    pub fn suits(&self, request: &DeviceRequest<'_>, offer: &Offer) -> bool {
        product_matches(self.products, &offer.product) && request.size.is_met_by(offer)
    }

    /// What each node of a group advertises by a strategy.
    pub fn offers(
        &self,
        strategy: Strategy,
        group: &Group,
    ) -> impl Iterator<Item = (&'a Offer, Advertised)> {
        let offers = self.supply.advertised(group);
        offers.filter(move |(offer, _)| offer.strategy == strategy)
    }

    /// Whether an unknown resource may be one that a request names or leaves open.
    pub fn may_request(&self, unknown: &UnknownResource) -> bool {
        let mut names = self.requests.iter().map(DeviceRequest::fixed_resource);
        names.any(|fixed| fixed.is_none_or(|fixed| fixed == unknown.resource))
    }

    /// How many of an allocation the pod needs at the same time, if its requests get these allocations.
    pub fn needed<T: Copy + PartialEq>(
        &self,
        allocations: impl IntoIterator<Item = T>,
        allocation: T,
    ) -> u64 {
        let mut peak: Peak<u128> = Peak::default();
        for (request, own) in self.requests.iter().zip(allocations) {
            if own == allocation {
                peak.add(request.place, request.is_sidecar, request.count.into());
            }
        }
        u64::try_from(peak.most()).unwrap_or(u64::MAX)
    }

    /// Whether the architecture or the zone of a node matters to the pod: the nodes differ in it and, for zones, the pod
    /// mounts volume claims.
    pub fn depends_on(&self, kind: PlaceKind) -> bool {
        self.supply.is_spread(kind)
            && (kind == PlaceKind::Architecture || self.first_claim().is_some())
    }

    /// Whether the pod depends on architectures or zones.
    pub fn depends_on_places(&self) -> bool {
        PlaceKind::ALL.into_iter().any(|kind| self.depends_on(kind))
    }

    /// The index of the first volume that is a PersistentVolumeClaim. Generic ephemeral volumes do not count: their claims
    /// are created in the zone of the pod.
    pub fn first_claim(&self) -> Option<usize> {
        let mut volumes = self.pod.volumes().iter();
        volumes.position(|volume| volume.persistent_volume_claim.is_some())
    }
}

/// Whether the tolerations of the policy cover a taint.
fn policy_tolerates(policy: &Policy, taint: &Taint) -> bool {
    policy.placement.tolerations.iter().any(|t| {
        let parts = [&t.key, &t.value, &t.effect];
        let [key, value, effect] = parts.map(|part| part.as_deref().unwrap_or_default());
        let exists = t.operator.as_deref() == Some("Exists");
        (effect.is_empty() || effect == taint.effect)
            && (key == taint.key && (exists || value == taint.value) || key.is_empty() && exists)
    })
}
