//! The strategies that may serve the requests of a pod, and findings about the strategies that it names.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::line::{DeviceRequest, PodRequest, Strategies};
use crate::engine::rules::{ask_invalid, isolation_below_tier, mixed_devices, whole_gpu_needed};
use crate::engine::vocabulary::{Strategy, names};

impl DecisionBuilder<'_, '_> {
    /// The strategies that every request allows; findings if there is none.
    pub(super) fn strategies(&mut self, requested: &PodRequest<'_>, mixed: bool) -> Strategies {
        let mut is_served = !requested.requests.is_empty();
        for request in &requested.requests {
            if request.strategies(self.tier).is_empty() {
                self.no_strategy(request);
                is_served = false;
            }
        }
        let common = requested.strategies(self.tier);
        if common.is_empty() && is_served && !mixed {
            // Each request could be served alone, but not all with one strategy.
            let text = (
                "the containers' asks need different mechanisms".to_owned(),
                "split the pod, or ask for the same kind of device in every container".to_owned(),
            );
            let path = "/spec/containers";
            self.findings.add(&mixed_devices::RULE, path, text);
        }
        let Some(strategy) = requested.strategy else {
            return common;
        };
        if self.allows_named(strategy) {
            self.unserved_by(strategy, &requested.requests);
        }
        common.and(Strategies::of([strategy]))
    }

    /// Reports a request that no strategy of the tier may serve.
    pub(super) fn no_strategy(&mut self, request: &DeviceRequest<'_>) {
        let Some(tier) = self.tier else { return };
        let Some(resource) = request.fixed_resource() else {
            return self.whole_gpu_needed(request, None);
        };
        let path = request.resources_path();
        let text = isolation_below_tier::resource(resource, tier);
        self.findings.add(&isolation_below_tier::RULE, path, text);
    }

    /// Reports a request for whole GPUs that the tier, or the strategy that the pod names, does not serve.
    pub(super) fn whole_gpu_needed(
        &mut self,
        request: &DeviceRequest<'_>,
        named: Option<Strategy>,
    ) {
        let path = request.resources_path();
        let text = whole_gpu_needed::text(request, self.tier, named);
        self.findings.add(&whole_gpu_needed::RULE, path, text);
    }

    /// Whether the tier has the strategy that the pod names; a finding if not.
    pub(super) fn allows_named(&mut self, strategy: Strategy) -> bool {
        let Some(tier) = self.tier else { return true };
        let (rule, text) = if strategy.isolation() < tier.isolation {
            let text = isolation_below_tier::strategy(strategy, tier);
            (&isolation_below_tier::RULE, text)
        } else if !tier.strategies.contains(&strategy) {
            let text = ask_invalid::strategy_not_listed(strategy, tier);
            (&ask_invalid::RULE, text)
        } else {
            return true;
        };
        self.findings
            .add(rule, names::annotation_pointer(names::STRATEGY), text);
        false
    }

    /// Reports requests that the named strategy of the tier cannot serve: the name of another mechanism, several whole
    /// GPUs.
    fn unserved_by(&mut self, strategy: Strategy, requests: &[DeviceRequest<'_>]) {
        let tier = self.tier;
        let serves = |r: &DeviceRequest<'_>| r.strategies(tier).contains(strategy);
        let mut unserved = requests.iter().filter(|request| !serves(request));
        let whole = unserved.clone().find(|r| r.fixed_resource().is_none());
        if let Some(resource) = unserved.find_map(DeviceRequest::fixed_resource) {
            let text = ask_invalid::strategy_beside_name(strategy, resource);
            self.findings.add(
                &ask_invalid::RULE,
                names::annotation_pointer(names::STRATEGY),
                text,
            );
        }
        // If the tier has no whole GPUs either, the container has a finding already.
        let is_reported = tier.is_none() || self.findings.has(&whole_gpu_needed::RULE);
        if let Some(request) = whole.filter(|_| !is_reported) {
            self.whole_gpu_needed(request, Some(strategy));
        }
    }
}
