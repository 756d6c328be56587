//! The steps after a placement is selected: the rules about it, then the edits.

use crate::engine::decide::builder::DecisionBuilder;
use crate::engine::edits;
use crate::engine::edits::receipt::{self, Change, Contents};
use crate::engine::line::{Decision, Edit, Limits, Outcome, Placement, PlacementQuery, Reason};
use crate::engine::placement::choose;
use crate::engine::rules;
use crate::engine::rules::check::{AllocatedDevice, Placed, PodContext, Trust};
use crate::engine::supply::Allocation;
use crate::engine::vocabulary::{BoundaryPlacement, Severity, Strategy, names};
use crate::facts::pod::Place;

impl<'a> DecisionBuilder<'_, 'a> {
    /// Applies the rules about a placement, then makes the edits.
    pub(super) fn placed(
        mut self,
        query: &PlacementQuery<'_, 'a>,
        placement: &Placement<'a>,
        limit_range_defaults: &[Place],
        is_reused: bool,
    ) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        if !is_reused {
            self.unknown_keys(query);
        }
        let strategy = placement.strategy;
        let is_whole = strategy == Strategy::Exclusive;
        let allocations = placement.shares.iter().map(|share| share.allocation);
        let limits = Limits::of(query, placement);
        let context = PodContext {
            takes_gpu: true,
            whole_gpus: if is_whole {
                query.needed(allocations.clone(), Allocation::Resource(names::GPU))
            } else {
                0
            },
            allocated: Some(if is_whole {
                AllocatedDevice::Whole
            } else {
                AllocatedDevice::Part
            }),
            hides_gpus: query.policy.placement.hide_gpus || rules::runtime_class::hides(self.input),
            limits: &limits,
            trust: if is_reused { Trust::Caps } else { Trust::None },
        };
        let is_narrowing = !is_reused
            && query.depends_on_places()
            && self.findings.severity(&rules::narrowed::RULE) != Severity::Off;
        let placed = Placed {
            input: self.input,
            query,
            placement,
            reach: is_narrowing.then(|| choose::places(query, placement)),
        };
        rules::check_placement(&placed, context, &mut self.findings);
        let edits = edits::rewrite(query, placement, boundary, limit_range_defaults, context);
        let changes = query.requests.iter().zip(allocations);
        let changes = changes.map(|(request, allocation)| Change {
            container: request.container,
            from: receipt::written(query.pod, request),
            to: (allocation.name(), request.count),
        });
        let changes = changes.collect();
        let reason = if is_reused {
            Reason::Reused
        } else {
            Reason::Placed
        };
        let is_shared = strategy.is_shared();
        let mut decision = self.finish_marked(edits, Some(strategy), is_shared, changes, reason);
        if decision.outcome != Outcome::Denied {
            decision.strategy = Some(strategy);
            decision.allocator = placement.shares.first().map(|s| s.allocation.allocator());
        }
        decision
    }

    /// Warns of label keys that the pod selects by and no known node has.
    pub(super) fn unknown_keys(&mut self, query: &PlacementQuery<'_, 'a>) {
        let unknown = query.supply.unknown_keys(query.filter);
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
    }

    /// Finishes a decision that writes the markers: protects them, and adds the receipt.
    pub(super) fn finish_marked(
        mut self,
        mut edits: Vec<Edit<'a>>,
        strategy: Option<Strategy>,
        may_be_shared: bool,
        changes: Vec<Change<'_>>,
        reason: Reason,
    ) -> Decision<'a> {
        self.protect(&edits, strategy, may_be_shared);
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: self.boundary.as_deref().unwrap_or_default(),
            strategy,
            changes,
        };
        edits.extend(receipt::edit(self.input.pod, self.input.policy, &contents));
        self.finish(edits, reason)
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
        let user = edits.iter().find_map(|edit| match edit {
            Edit::Label { key, value } if *key == names::MPS_USER => Some(&**value),
            _ => None,
        });
        // Without an edit, the present label equals the one of the rewrite.
        let present = pod.label(names::MPS_USER);
        let present = present.filter(|_| strategy == Some(Strategy::Mps));
        if let Some(user) = user.or(present) {
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
