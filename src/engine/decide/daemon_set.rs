//! Pods and templates of DaemonSets. Their controller selects the node, so slicegate checks them for that node and does
//! not move them.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::line::{Decision, DeviceRequest, MarkersReason, PodRequest, RequestedResource};
use crate::engine::rules;
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Group, Knowledge, Offer};
use crate::engine::vocabulary::{CoTenancy, Isolation, Strategy, Tier, names};

impl<'a> DecisionBuilder<'_, 'a> {
    /// Decides about a pod on its node, or about a template without a node.
    pub(super) fn daemon_set(
        mut self,
        requested: &PodRequest<'a>,
        pinned: Option<&str>,
    ) -> Decision<'a> {
        rules::daemonset_share::check(&mut self.findings);
        self.below_tier_by_name(requested);
        let supply = self.input.supply;
        let group = pinned.and_then(|node| supply.group_of(node));
        for request in &requested.requests {
            if request.named == RequestedResource::Nothing {
                // There is no resource request to leave as it is, and slicegate writes none for a pod that it cannot place.
                self.findings.refuse(
                    &rules::no_such_offer::RULE,
                    request.place.to_string(),
                    rules::daemonset_share::nothing_to_keep(request.container),
                );
            }
            let offer = group.and_then(|group| self.offer_for(request, group));
            match (pinned, offer) {
                (Some(node), Some(offer)) => self.on_node(requested, request, node, offer),
                (Some(node), None) => self.on_unknown_node(request, (node, group)),
                (None, _) => {}
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
        let mut weakest: Option<Strategy> = None;
        for request in requests {
            let strategy = self.offer_for(request, group)?.strategy;
            weakest = weakest
                .into_iter()
                .chain([strategy])
                .min_by_key(|s| s.isolation());
        }
        weakest
    }

    fn offer_for(&self, request: &DeviceRequest<'_>, group: &Group) -> Option<&'a Offer> {
        let supply = self.input.supply;
        let resource = request.fixed_resource().unwrap_or(names::GPU);
        let advertised = group.advertised.iter();
        let mut offers = advertised.filter_map(|advertised| supply.offers.get(advertised.offer));
        offers.find(|offer| offer.resource == resource)
    }

    /// Denies a named resource or strategy that is weaker than the tier, and several GPUs in a tier that only shares, on any
    /// node.
    fn below_tier_by_name(&mut self, requested: &PodRequest<'a>) {
        let Some(tier) = self.tier else { return };
        for request in &requested.requests {
            let is_named = request.fixed_resource().is_some();
            let is_several = request.count > 1 && request.named == RequestedResource::Gpu;
            if is_named && request.strategies(Some(tier)).is_empty() {
                self.no_strategy(request);
            }
            if is_several && !tier.strategies.contains(&Strategy::Exclusive) {
                let text = rules::whole_gpu_needed::text(request, Some(tier), None);
                let path = format!("{}/resources", request.place);
                self.findings
                    .add(&rules::whole_gpu_needed::RULE, path, text);
            }
        }
        if let Some(strategy) = requested.strategy {
            self.may_name(strategy);
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
            let text = rules::isolation_below_tier::node(node, strategy, tier);
            self.findings
                .add(&rules::isolation_below_tier::RULE, path(), text);
        }
        // A name that means a share has a finding already.
        let is_told = matches!(
            request.named,
            RequestedResource::Shared | RequestedResource::SharedSlice(_)
        );
        if strategy.is_shared() && request.count > 1 && !is_told {
            let text = rules::share_count::many(&offer.resource, &request.count.to_string());
            self.findings.add(&rules::share_count::RULE, path(), text);
        }
        let meets = product_matches(&requested.products, &offer.product)
            && request.size.met_by(offer).is_ok()
            && requested
                .strategy
                .is_none_or(|requested| requested == strategy);
        // Pods that may share with any boundary must not use MPS, because one process can take its neighbours down. No policy
        // allows a tier with both, and no policy makes this a warning.
        let is_for_anybody = |tier: &Tier| tier.co_tenancy == CoTenancy::Any;
        let is_exposed = strategy == Strategy::Mps && self.tier.is_some_and(is_for_anybody);
        if meets && !is_exposed {
            return;
        }
        let gives = format!("{} of {} by {strategy}", offer.resource, offer.product);
        let text = rules::daemonset_share::unmet(request.container, node, &gives);
        match is_exposed {
            true => self
                .findings
                .refuse(&rules::no_such_offer::RULE, path(), text),
            false => self.findings.add(&rules::no_such_offer::RULE, path(), text),
        }
    }

    /// If a tier needs isolation, a pod that may get none is denied. Its controller tries again.
    fn on_unknown_node(
        &mut self,
        request: &DeviceRequest<'_>,
        (node, group): (&str, Option<&Group>),
    ) {
        let resource = request.fixed_resource().unwrap_or(names::GPU);
        let mut unknown = group.into_iter().flat_map(|group| &group.unknown);
        let unknown = unknown.find(|unknown| unknown.resource == resource);
        let is_assumed = self.input.supply.knowledge == Knowledge::Assumed;
        let strict = self
            .tier
            .filter(|t| t.isolation > Isolation::None && !is_assumed);
        let path = request.place.to_string();
        match strict {
            Some(tier) => {
                let text = rules::isolation_below_tier::unknown_node(node, resource, unknown, tier);
                self.findings
                    .add(&rules::isolation_below_tier::RULE, path, text);
            }
            None => {
                let text = rules::daemonset_share::unknown(node, resource, unknown);
                self.findings.warn(&rules::supply_unknown::RULE, path, text);
            }
        }
    }
}
