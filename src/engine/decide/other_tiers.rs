//! Finds other tiers of the namespace that could serve a pod, if its own tier cannot.

use std::cell::OnceCell;

use crate::engine::decide::builder::{DecisionBuilder, select};
use crate::engine::line::{PlacementQuery, Strategies};
use crate::engine::placement::choose;
use crate::engine::placement::existing;
use crate::engine::request;
use crate::engine::request::tenancy;
use crate::engine::vocabulary::{Findings, Strategy, Tier};

/// The most tiers that are tried.
const MOST_TIERS: usize = 8;
/// Pods with requests in more containers are not tried.
const MOST_WANTS: usize = 8;

impl<'a> DecisionBuilder<'_, 'a> {
    /// Names of allowed tiers under which known nodes could serve the pod.
    pub(super) fn other_tiers(&self, query: &PlacementQuery<'_, 'a>) -> Vec<&'a str> {
        let input = self.input;
        if query.requests.len() > MOST_WANTS {
            return Vec::new();
        }
        let view = input.namespaces.view(input.namespace);
        let allowed = tenancy::allowed_tiers(view, input.policy);
        let others = allowed
            .into_iter()
            .filter(|tier| self.tier.is_none_or(|own| own.name != tier.name));
        let serving = others
            .take(MOST_TIERS)
            .filter(|tier| self.would_serve(query, tier));
        serving.map(|tier| tier.name.as_str()).collect()
    }

    fn would_serve(&self, query: &PlacementQuery<'_, 'a>, tier: &'a Tier) -> bool {
        let input = self.input;
        let mut findings = Findings::new(input.policy);
        let mut requested = request::read(
            input.pod,
            input.form(),
            existing::has_markers(input.pod),
            &mut findings,
        );
        select(
            &mut requested,
            query.filter,
            existing::is_labelled(query.pod),
        );
        requested
            .requests
            .iter_mut()
            .for_each(|request| request.fill(&tier.share));
        let mut strategies: Option<Strategies> = None;
        for request in &requested.requests {
            let own = request.strategies(Some(tier));
            strategies = Some(strategies.map_or(own, |all| all.and(own)));
        }
        let strategies = strategies.unwrap_or_default();
        let only = |strategy: Strategy| strategies.only(strategy);
        let other = PlacementQuery {
            pod: query.pod,
            policy: query.policy,
            supply: query.supply,
            namespace: query.namespace,
            tier: Some(tier),
            is_sandboxed: query.is_sandboxed,
            requests: &requested.requests,
            products: &requested.products,
            filter: query.filter,
            strategies: requested.strategy.map_or(strategies, only),
            is_explicit: requested.strategy.is_some(),
            profile: query.profile,
            requested_products: OnceCell::new(),
            // Tiers reach the same nodes.
            reached: query.reached.clone(),
        };
        choose::choose(&other).is_some()
    }
}
