//! The strategies that may serve the requests of a pod, and findings about the strategies that it names.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::line::{DeviceRequest, PodRequest, Strategies};
use crate::engine::rules;
use crate::engine::vocabulary::{Strategy, names};

impl DecisionBuilder<'_, '_> {
    /// The strategies that every request allows; findings if there is none.
    pub(super) fn strategies(&mut self, requested: &PodRequest<'_>, mixed: bool) -> Strategies {
        let mut common: Option<Strategies> = None;
        let mut is_served = true;
        for request in &requested.requests {
            let own = request.strategies(self.tier);
            if own.is_empty() {
                self.no_strategy(request);
                is_served = false;
            }
            common = Some(common.map_or(own, |c| c.and(own)));
        }
        let common = common.unwrap_or_default();
        if common.is_empty() && is_served && !mixed && !requested.requests.is_empty() {
            // Each request could be served alone, but not all with one strategy.
            let text = (
                "the containers' asks need different mechanisms".to_owned(),
                "split the pod, or ask for the same kind of device in every container".to_owned(),
            );
            self.findings
                .add(&rules::mixed_devices::RULE, "/spec/containers", text);
        }
        let Some(strategy) = requested.strategy else {
            return common;
        };
        if self.may_name(strategy) {
            self.beside_asks(strategy, &requested.requests);
        }
        common.only(strategy)
    }

    /// Reports a request that no strategy of the tier may serve.
    pub(super) fn no_strategy(&mut self, request: &DeviceRequest<'_>) {
        let Some(tier) = self.tier else { return };
        let path = format!("{}/resources", request.place);
        match request.fixed_resource() {
            Some(resource) => {
                let text = rules::isolation_below_tier::resource(resource, tier);
                self.findings
                    .add(&rules::isolation_below_tier::RULE, path, text);
            }
            None => {
                let text = rules::whole_gpu_needed::text(request, Some(tier), None);
                self.findings
                    .add(&rules::whole_gpu_needed::RULE, path, text);
            }
        }
    }

    /// Whether the tier has the named strategy; a finding if not.
    pub(super) fn may_name(&mut self, strategy: Strategy) -> bool {
        let Some(tier) = self.tier else { return true };
        let path = || names::annotation_pointer(names::STRATEGY);
        if strategy.isolation() < tier.isolation {
            let text = rules::isolation_below_tier::strategy(strategy, tier);
            self.findings
                .add(&rules::isolation_below_tier::RULE, path(), text);
            return false;
        }
        let is_listed = tier.strategies.contains(&strategy);
        if !is_listed {
            let text = rules::ask_invalid::strategy_not_listed(strategy, tier);
            self.findings.add(&rules::ask_invalid::RULE, path(), text);
        }
        is_listed
    }

    /// Looks for asks that a strategy of the tier cannot serve: a name that is another mechanism's, several whole GPUs.
    fn beside_asks(&mut self, strategy: Strategy, requests: &[DeviceRequest<'_>]) {
        let serves = |request: &DeviceRequest<'_>| {
            let mut own = request.strategies(self.tier).iter();
            own.any(|one| one == strategy)
        };
        let unserved = requests.iter().filter(|request| !serves(request));
        let (named, whole): (Vec<_>, Vec<_>) =
            unserved.partition(|request| request.fixed_resource().is_some());
        if let Some(resource) = named.first().and_then(|request| request.fixed_resource()) {
            let text = rules::ask_invalid::strategy_beside_name(strategy, resource);
            let path = names::annotation_pointer(names::STRATEGY);
            self.findings.add(&rules::ask_invalid::RULE, path, text);
        }
        // Where the tier has no whole ones either, that is said of the container already.
        let is_told = self.findings.has(&rules::whole_gpu_needed::RULE);
        if let (Some(request), Some(tier), false) = (whole.first(), self.tier, is_told) {
            let text = rules::whole_gpu_needed::text(request, Some(tier), Some(strategy));
            let path = format!("{}/resources", request.place);
            self.findings
                .add(&rules::whole_gpu_needed::RULE, path, text);
        }
    }
}
