//! Which other tiers of a namespace could serve a pod that its own cannot.

use std::cell::OnceCell;

use crate::engine::decide::builder::{Draft, select};
use crate::engine::line::placement::Case;
use crate::engine::line::request::Strategies;
use crate::engine::placement::choose;
use crate::engine::placement::existing;
use crate::engine::request;
use crate::engine::request::tenancy;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::strategy::Strategy;

/// More tiers than are tried.
const MOST_TIERS: usize = 8;
/// Pods that ask in more containers are not tried again.
const MOST_WANTS: usize = 8;

impl<'a> Draft<'_, 'a> {
    /// Names of allowed tiers under which known nodes could serve the pod.
    pub(super) fn other_tiers(&self, case: &Case<'_, 'a>) -> Vec<&'a str> {
        let question = self.question;
        if case.wants.len() > MOST_WANTS {
            return Vec::new();
        }
        let view = question.namespaces.view(question.namespace);
        let allowed = tenancy::allowed_tiers(view, question.policy);
        let others = allowed
            .into_iter()
            .filter(|tier| self.tier.is_none_or(|own| own.name != tier.name));
        let serving = others
            .take(MOST_TIERS)
            .filter(|tier| self.would_serve(case, tier));
        serving.map(|tier| tier.name.as_str()).collect()
    }

    fn would_serve(&self, case: &Case<'_, 'a>, tier: &'a Tier) -> bool {
        let question = self.question;
        let mut findings = Findings::new(question.policy);
        let mut asked = request::read(
            question.pod,
            question.form(),
            existing::is_stamped(question.pod),
            &mut findings,
        );
        select(&mut asked, case.filter, existing::is_labelled(case.pod));
        asked
            .wants
            .iter_mut()
            .for_each(|want| want.fill(&tier.share));
        let mut strategies: Option<Strategies> = None;
        for want in &asked.wants {
            let own = want.strategies(Some(tier));
            strategies = Some(strategies.map_or(own, |all| all.and(own)));
        }
        let strategies = strategies.unwrap_or_default();
        let only = |strategy: Strategy| strategies.only(strategy);
        let other = Case {
            pod: case.pod,
            policy: case.policy,
            supply: case.supply,
            namespace: case.namespace,
            tier: Some(tier),
            is_sandboxed: case.is_sandboxed,
            wants: &asked.wants,
            products: &asked.products,
            filter: case.filter,
            strategies: asked.strategy.map_or(strategies, only),
            is_explicit: asked.strategy.is_some(),
            profile: case.profile,
            wanted: OnceCell::new(),
            // Tiers reach the same nodes.
            reached: case.reached.clone(),
        };
        choose::choose(&other).is_some()
    }
}
