//! Pods and templates of DaemonSets. Their controller selects the node, so slicegate checks them for that node and does
//! not move them.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::line::{Decision, DeviceRequest, MarkersReason, PodRequest, RequestedResource};
use crate::engine::rules::{
    daemonset_share, isolation_below_tier, no_such_offer, share_count, supply_unknown,
};
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Group, Knowledge, Offer};
use crate::engine::vocabulary::{CoTenancy, Isolation, Strategy, names};

impl<'a> DecisionBuilder<'_, 'a> {
    /// Decides about a pod on its node, or about a template without a node.
    pub(super) fn daemon_set(
        mut self,
        requested: &PodRequest<'a>,
        pinned: Option<&str>,
    ) -> Decision<'a> {
        daemonset_share::check(&mut self.findings);
        self.below_tier_by_name(requested);
        let group = pinned.and_then(|node| self.input.supply.group_of(node));
        for request in &requested.requests {
            if request.named == RequestedResource::Nothing {
                // There is no resource request to leave as it is, and slicegate writes none for a pod that it cannot place.
                let text = daemonset_share::nothing_to_keep(request.container);
                let path = request.place.to_string();
                self.findings.refuse(&no_such_offer::RULE, path, text);
            }
            let Some(node) = pinned else { continue };
            match group.and_then(|group| self.offer_for(request, group)) {
                Some(offer) => self.on_node(requested, request, node, offer),
                None => self.on_unknown_node(request, node, group),
            }
        }
        if self.findings.deny() {
            return self.deny();
        }
        let given = group.and_then(|group| self.given_on(&requested.requests, group));
        self.markers_only(&requested.requests, given, MarkersReason::DaemonSet)
    }

    /// The weakest strategy of the resources that a pod requests on a node. None if it is unknown for one of them.
    pub(super) fn given_on(
        &self,
        requests: &[DeviceRequest<'_>],
        group: &Group,
    ) -> Option<Strategy> {
        let offers = requests.iter().map(|r| self.offer_for(r, group));
        let offers: Vec<&Offer> = offers.collect::<Option<_>>()?;
        let strategies = offers.into_iter().map(|offer| offer.strategy);
        strategies.min_by_key(|s| s.isolation())
    }

    fn offer_for(&self, request: &DeviceRequest<'_>, group: &Group) -> Option<&'a Offer> {
        let resource = request.resource().unwrap_or(names::GPU);
        let mut offers = self.input.supply.advertised(group);
        offers.find_map(|(offer, _)| (offer.resource == resource).then_some(offer))
    }

    /// Denies a named resource or strategy that is weaker than the tier, and several GPUs in a tier that only shares, on any
    /// node.
    fn below_tier_by_name(&mut self, requested: &PodRequest<'a>) {
        let Some(tier) = self.tier else { return };
        for request in &requested.requests {
            let is_several = request.count > 1 && request.named == RequestedResource::Gpu;
            if request.fixed_resource().is_some() && request.strategies(Some(tier)).is_empty() {
                self.no_strategy(request);
            }
            if is_several && !tier.strategies.contains(&Strategy::Exclusive) {
                self.whole_gpu_needed(request, None);
            }
        }
        if let Some(strategy) = requested.strategy {
            self.allows_named(strategy);
        }
    }

    fn on_node(
        &mut self,
        requested: &PodRequest<'_>,
        request: &DeviceRequest<'_>,
        node: &str,
        offer: &Offer,
    ) {
        let path = || request.place.to_string();
        let strategy = offer.strategy;
        if let Some(tier) = self.tier.filter(|t| strategy.isolation() < t.isolation) {
            let text = isolation_below_tier::node(node, strategy, tier);
            self.findings.add(&isolation_below_tier::RULE, path(), text);
        }
        // A name that means a share has a finding already.
        let is_reported = matches!(
            request.named,
            RequestedResource::Shared | RequestedResource::SharedSlice(_)
        );
        if strategy.is_shared() && request.count > 1 && !is_reported {
            let text = share_count::many(&offer.resource, &request.count.to_string());
            self.findings.add(&share_count::RULE, path(), text);
        }
        let is_met = product_matches(&requested.products, &offer.product)
            && request.size.is_met_by(offer)
            && requested.strategy.is_none_or(|named| named == strategy);
        // Pods that may share with any boundary must not use MPS, because one process can take its neighbours down. No policy
        // allows a tier with both, and no policy makes this a warning.
        let is_exposed =
            strategy == Strategy::Mps && self.tier.is_some_and(|t| t.co_tenancy == CoTenancy::Any);
        if is_met && !is_exposed {
            return;
        }
        let gives = format!("{} of {} by {strategy}", offer.resource, offer.product);
        let text = daemonset_share::unmet(request.container, node, &gives);
        if is_exposed {
            self.findings.refuse(&no_such_offer::RULE, path(), text);
        } else {
            self.findings.add(&no_such_offer::RULE, path(), text);
        }
    }

    /// If a tier needs isolation, a pod that may get none is denied. Its controller tries again.
    fn on_unknown_node(&mut self, request: &DeviceRequest<'_>, node: &str, group: Option<&Group>) {
        let resource = request.resource().unwrap_or(names::GPU);
        let mut unknown = group.into_iter().flat_map(|group| &group.unknown);
        let unknown = unknown.find(|unknown| unknown.resource == resource);
        let is_assumed = self.input.supply.knowledge == Knowledge::Assumed;
        let path = request.place.to_string();
        match self.tier {
            Some(tier) if tier.isolation > Isolation::None && !is_assumed => {
                let text = isolation_below_tier::unknown_node(node, resource, unknown, tier);
                self.findings.add(&isolation_below_tier::RULE, path, text);
            }
            _ => {
                let text = daemonset_share::unknown(node, resource, unknown);
                self.findings.warn(&supply_unknown::RULE, path, text);
            }
        }
    }
}
