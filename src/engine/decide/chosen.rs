//! What follows once a strategy and resources are chosen.

use crate::engine::decide::builder::{Draft, written};
use crate::engine::edits;
use crate::engine::edits::receipt;
use crate::engine::edits::receipt::{Change, Contents};
use crate::engine::line::decision::{Decision, Reason};
use crate::engine::line::edit::Edit;
use crate::engine::line::limits::Limits;
use crate::engine::line::placement::{Case, Choice, Grant};
use crate::engine::line::request::Want;
use crate::engine::rules;
use crate::engine::rules::check::{Holds, Placed, Standing, Trust};
use crate::engine::supply::Allocation;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::policy::BoundaryPlacement;
use crate::engine::vocabulary::rule::Severity;
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::pod::Place;

impl<'a> Draft<'_, 'a> {
    /// A strategy and resources are chosen: the rules about them, then the edits.
    pub(super) fn chosen(
        mut self,
        case: &Case<'_, 'a>,
        choice: &Choice<'a>,
        echoes: &[Place],
        is_kept: bool,
    ) -> Decision<'a> {
        let Some(boundary) = self.boundary.clone() else {
            return self.deny();
        };
        let unknown = match is_kept {
            true => Vec::new(),
            false => case.supply.unknown_keys(case.filter),
        };
        if !unknown.is_empty() {
            rules::supply_unknown::keys(&unknown, &mut self.findings);
        }
        let strategy = choice.strategy;
        let mut limits: Vec<(Place, Limits)> = Vec::new();
        if strategy == Strategy::Mps {
            let places = case.wants.iter().map(|want| want.place);
            limits = places.zip(Limits::of(case, choice)).collect();
        }
        let hides = case.policy.placement.hide_gpus || rules::runtime_class::hides(self.question);
        let trust = if is_kept { Trust::Caps } else { Trust::None };
        let standing = Standing {
            hides_gpus: hides,
            limits: &limits,
            trust,
            ..standing(case, choice)
        };
        let is_narrowing = !is_kept
            && case.minds_places()
            && self.findings.severity(&rules::narrowed::RULE) != Severity::Off;
        let placed = Placed {
            question: self.question,
            case,
            choice,
            reach: is_narrowing.then(|| (case.could_reach(), case.reaches(choice))),
        };
        rules::check_placement(&placed, standing, &mut self.findings);
        let mut edits = edits::rewrite(case, choice, boundary.clone(), echoes, hides);
        self.protect(&edits, Some(strategy), strategy.is_shared());
        let contents = Contents {
            tier: self.tier.map(|t| t.name.as_str()),
            boundary: &boundary,
            strategy: Some(strategy),
            changes: changes(case, choice),
        };
        receipt::write(case.pod, case.policy, &contents, &mut edits);
        let reason = if is_kept {
            Reason::Kept
        } else {
            Reason::Chosen
        };
        let allocator = choice.grants.first().map(|g| g.allocation.allocator());
        self.finish(edits, allocator.map(|a| (strategy, a)), reason)
    }

    /// Labels written in advance, and anti-affinity by them, have to be those the pod is given.
    pub(super) fn protect(
        &mut self,
        edits: &[Edit<'_>],
        strategy: Option<Strategy>,
        may_be_shared: bool,
    ) {
        let pod = self.question.pod;
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
        // Without an edit the label that stands there is the one it would be given.
        let standing = pod.label(names::MPS_USER);
        let kept = standing.filter(|_| strategy == Some(Strategy::Mps));
        if let Some(user) = user.or(kept) {
            given.push((names::MPS_USER, user));
        }
        rules::protected_metadata::check(pod, &given, &mut self.findings);
        let by_terms =
            self.question.policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
        given.retain(|(key, _)| match *key {
            names::TRUST_BOUNDARY => may_be_shared && by_terms,
            key => key == names::MPS_USER,
        });
        rules::reserved_selector::check(pod, &given, &mut self.findings);
    }
}

fn standing(case: &Case<'_, '_>, choice: &Choice<'_>) -> Standing<'static> {
    let whole = choice.strategy == Strategy::Exclusive;
    let allocations: Vec<Allocation<'_>> = choice.grants.iter().map(|g| g.allocation).collect();
    Standing {
        takes_gpu: true,
        whole_gpus: if whole {
            case.needed(&allocations, &Allocation::Resource(names::GPU))
        } else {
            0
        },
        holds: Some(if whole { Holds::Whole } else { Holds::Part }),
        ..Standing::default()
    }
}

fn changes<'a>(case: &Case<'_, 'a>, choice: &Choice<'a>) -> Vec<Change<'a>> {
    let change = |(want, grant): (&Want<'a>, &Grant<'a>)| Change {
        container: want.container,
        from: written(case.pod, want),
        to: (grant.allocation.name(), want.count),
    };
    case.wants.iter().zip(&choice.grants).map(change).collect()
}
