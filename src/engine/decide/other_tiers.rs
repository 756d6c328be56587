//! Finds other tiers of the namespace that could serve a pod, if its own tier cannot.

use std::cell::OnceCell;

use crate::engine::decide::builder::{DecisionBuilder, select_memory};
use crate::engine::line::{PlacementQuery, Strategies};
use crate::engine::placement::choose::choose;
use crate::engine::placement::existing;
use crate::engine::request;
use crate::engine::request::tenancy;
use crate::engine::vocabulary::{Findings, Tier};

/// The most tiers that are tried.
const MOST_TIERS: usize = 8;
/// Pods with more requests are not tried.
const MOST_REQUESTS: usize = 8;

impl<'a> DecisionBuilder<'_, 'a> {
    /// Names of allowed tiers under which known nodes could serve the pod.
    pub(super) fn other_tiers(&self, query: &PlacementQuery<'_, 'a>) -> Vec<&'a str> {
        if query.requests.len() > MOST_REQUESTS {
            return Vec::new();
        }
        let allowed = tenancy::allowed_tiers(query.namespace, query.policy).into_iter();
        let others = allowed.filter(|tier| self.tier.is_none_or(|own| own.name != tier.name));
        let serving = others.take(MOST_TIERS);
        let serving = serving.filter(|tier| self.can_serve(query, tier));
        serving.map(|tier| tier.name.as_str()).collect()
    }

    fn can_serve(&self, query: &PlacementQuery<'_, 'a>, tier: &'a Tier) -> bool {
        let pod = query.pod;
        let mut findings = Findings::new(query.policy);
        let has_markers = existing::has_markers(pod);
        let mut requested = request::read(pod, self.input.workload, has_markers, &mut findings);
        select_memory(&mut requested, query.filter, existing::is_labelled(pod));
        requested.fill(&tier.share);
        let strategies = requested.strategies(Some(tier));
        let named = requested.strategy.map(|named| Strategies::of([named]));
        let other = PlacementQuery {
            tier: Some(tier),
            requests: &requested.requests,
            products: &requested.products,
            strategies: named.map_or(strategies, |named| strategies.and(named)),
            is_explicit: named.is_some(),
            requested_products: OnceCell::new(),
            // Tiers reach the same nodes.
            reached: query.reached.clone(),
            ..*query
        };
        choose(&other).is_some()
    }
}
