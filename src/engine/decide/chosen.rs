//! The steps after a placement is selected: the rules about it, then the edits.

use crate::engine::decide::builder::{DecisionBuilder, written};
use crate::engine::edits;
use crate::engine::edits::receipt;
use crate::engine::edits::receipt::{Change, Contents};
use crate::engine::line::{
    AllocatedShare, Decision, DeviceRequest, Edit, Limits, Placement, PlacementQuery, Reason,
};
use crate::engine::rules;
use crate::engine::rules::check::{AllocatedDevice, Placed, PodContext, Trust};
use crate::engine::supply::Allocation;
use crate::engine::vocabulary::{BoundaryPlacement, Severity, Strategy, names};
use crate::facts::pod::Place;

impl<'a> DecisionBuilder<'_, 'a> {
    /// Applies the rules about a placement, then makes the edits.
    pub(super) fn chosen(
        mut self,
        query: &PlacementQuery<'_, 'a>,
        placement: &Placement<'a>,
        limit_range_defaults: &[Place],
        is_reused: bool,
    ) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        let unknown = match is_reused {
            true => Vec::new(),
            false => query.supply.unknown_keys(query.filter),
        };
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        let strategy = placement.strategy;
        let mut limits: Vec<(Place, Limits)> = Vec::new();
        if strategy == Strategy::Mps {
            let places = query.requests.iter().map(|request| request.place);
            limits = places.zip(Limits::of(query, placement)).collect();
        }
        let hides = query.policy.placement.hide_gpus || rules::runtime_class::hides(self.input);
        let trust = if is_reused { Trust::Caps } else { Trust::None };
        let context = PodContext {
            hides_gpus: hides,
            limits: &limits,
            trust,
            ..context_of(query, placement)
        };
        let is_narrowing = !is_reused
            && query.minds_places()
            && self.findings.severity(&rules::narrowed::RULE) != Severity::Off;
        let placed = Placed {
            input: self.input,
            query,
            placement,
            reach: is_narrowing.then(|| (query.could_reach(), query.reaches(placement))),
        };
        rules::check_placement(&placed, context, &mut self.findings);
        let mut edits = edits::rewrite(
            query,
            placement,
            boundary.clone(),
            limit_range_defaults,
            hides,
        );
        self.protect(&edits, Some(strategy), strategy.is_shared());
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: &boundary,
            strategy: Some(strategy),
            changes: changes(query, placement),
        };
        receipt::write(query.pod, query.policy, &contents, &mut edits);
        let reason = if is_reused {
            Reason::Reused
        } else {
            Reason::Placed
        };
        let allocator = placement.shares.first().map(|g| g.allocation.allocator());
        self.finish(edits, allocator.map(|a| (strategy, a)), reason)
    }

    /// Labels that the author wrote in advance, and anti-affinity that uses them, have to equal those of the rewrite.
    pub(super) fn protect(
        &mut self,
        edits: &[Edit<'_>],
        strategy: Option<Strategy>,
        may_be_shared: bool,
    ) {
        let pod = self.input.pod;
        let mut given: Vec<(&str, &str)> = Vec::with_capacity(3);
        if let Some(boundary) = &self.boundary {
            given.push((names::TRUST_BOUNDARY, boundary));
        }
        if let Some(strategy) = strategy {
            given.push((names::STRATEGY, strategy.word()));
        }
        let user = edits.iter().find_map(|e| match e {
            Edit::Label { key, value } if *key == names::MPS_USER => Some(&**value),
            _ => None,
        });
        // Without an edit, the present label equals the one of the rewrite.
        let present = pod.label(names::MPS_USER);
        let reused = present.filter(|_| strategy == Some(Strategy::Mps));
        if let Some(user) = user.or(reused) {
            given.push((names::MPS_USER, user));
        }
        rules::protected_metadata::check(pod, &given, &mut self.findings);
        let by_terms = self.input.policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
        given.retain(|(key, _)| match *key {
            names::TRUST_BOUNDARY => may_be_shared && by_terms,
            key => key == names::MPS_USER,
        });
        rules::reserved_selector::check(pod, &given, &mut self.findings);
    }
}

fn context_of(query: &PlacementQuery<'_, '_>, placement: &Placement<'_>) -> PodContext<'static> {
    let whole = placement.strategy == Strategy::Exclusive;
    let allocations: Vec<Allocation<'_>> = placement.shares.iter().map(|g| g.allocation).collect();
    PodContext {
        takes_gpu: true,
        whole_gpus: if whole {
            query.needed(&allocations, &Allocation::Resource(names::GPU))
        } else {
            0
        },
        allocated: Some(if whole {
            AllocatedDevice::Whole
        } else {
            AllocatedDevice::Part
        }),
        ..PodContext::default()
    }
}

fn changes<'a>(query: &PlacementQuery<'_, 'a>, placement: &Placement<'a>) -> Vec<Change<'a>> {
    let change = |(request, share): (&DeviceRequest<'a>, &AllocatedShare<'a>)| Change {
        container: request.container,
        from: written(query.pod, request),
        to: (share.allocation.name(), request.count),
    };
    query
        .requests
        .iter()
        .zip(&placement.shares)
        .map(change)
        .collect()
}
