//! The shapes that a check can have, and what each of them looks at.

use crate::engine::line::{DecisionInput, Limits, Placement, PlacementQuery};
use crate::engine::supply::places::{ByKind, Places};
use crate::engine::vocabulary::{Findings, Rule, Severity, Strategy, Text};
use crate::facts::pod::Place;

/// One check of a rule. Its number says when it runs: checks run in the order of their numbers.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Looks at the pod as its author wrote it, before anything is decided.
    Written(u8, fn(&DecisionInput<'_>, &mut Findings<'_>)),
    /// Looks in the pod alone, with or without a GPU, for ways around the request.
    Pod(
        u8,
        fn(&DecisionInput<'_>, PodContext<'_>, &mut Findings<'_>),
    ),
    /// Takes a strategy out of the choice.
    Removes(u8, &'static Removal),
    /// Warns of a placement by a strategy that the rule would take out of the choice, if the policy had not made it a
    /// warning.
    Weakened(u8, &'static Removal),
    /// Looks at a placement.
    Placement(u8, fn(&Placed<'_, '_>, &mut Findings<'_>)),
}

impl Check {
    pub(super) const fn number(&self) -> u8 {
        match *self {
            Self::Written(number, _)
            | Self::Pod(number, _)
            | Self::Removes(number, _)
            | Self::Weakened(number, _)
            | Self::Placement(number, _) => number,
        }
    }
}

/// Checks in the order in which they run.
pub(super) const fn in_order<const N: usize>(mut checks: [Check; N]) -> [Check; N] {
    let mut sorted = 1;
    while sorted < N {
        let mut at = sorted;
        while at > 0 && checks[at].number() < checks[at - 1].number() {
            checks.swap(at, at - 1);
            at -= 1;
        }
        sorted += 1;
    }
    checks
}

/// What a pod holds, as far as the checks on the pod alone need it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PodContext<'l> {
    /// It requests a GPU, a share or a slice.
    pub takes_gpu: bool,
    /// Whole GPUs it is given.
    pub whole_gpus: u64,
    /// What it is given, where that is decided.
    pub allocated: Option<AllocatedDevice>,
    /// Its containers without a GPU are given `NVIDIA_VISIBLE_DEVICES=void`.
    pub hides_gpus: bool,
    /// The limits that its containers are given.
    pub limits: &'l [(Place, Limits)],
    /// How far limits that are in the pod are taken for slicegate's own.
    pub trust: Trust,
}

/// What a pod is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocatedDevice {
    /// Whole devices.
    Whole,
    /// A share or a slice of one.
    Part,
}

/// How far limits that are in the pod are taken for slicegate's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Only up to what would be written now.
    #[default]
    None,
    /// Up to the daemon's own caps: the pod has an existing placement, made when more was known of its request.
    Caps,
    /// The pod is refused for other reasons before limits could be compared.
    Unjudged,
}

/// A placement, and the input it was made from.
#[derive(Debug)]
pub struct Placed<'c, 'a> {
    /// The input of the decision.
    pub input: &'c DecisionInput<'a>,
    /// What the placement was chosen from.
    pub query: &'c PlacementQuery<'c, 'a>,
    /// The placement.
    pub placement: &'c Placement<'a>,
    /// Places that the pod could reach by any strategy, and those that it reaches by this placement; none where places
    /// do not matter to the pod, or where the placement is an existing one.
    pub reach: Option<(ByKind<Places>, ByKind<Places>)>,
}

/// A reason to take a strategy out of the choice, before any supply is looked at.
#[derive(Debug)]
pub struct Removal {
    /// The rule that says so.
    pub rule: &'static Rule,
    /// No share could serve the pod, so the reason counts whatever severity the policy gives the rule.
    is_absolute: bool,
    /// Why, in a few words; none where the id of the rule says it.
    verdict: Option<&'static str>,
    removes: fn(&PlacementQuery<'_, '_>, Strategy) -> bool,
    finding: fn(&PlacementQuery<'_, '_>, Strategy) -> Option<(String, Text)>,
}

impl Removal {
    /// A reason that only counts where the policy lets the rule deny. `removes`: whether the pod takes the strategy out
    /// of the choice. `finding`: where in the pod the reason is, and the texts of the finding.
    pub const fn new(
        rule: &'static Rule,
        removes: fn(&PlacementQuery<'_, '_>, Strategy) -> bool,
        finding: fn(&PlacementQuery<'_, '_>, Strategy) -> Option<(String, Text)>,
    ) -> Self {
        Self {
            rule,
            is_absolute: false,
            verdict: None,
            removes,
            finding,
        }
    }

    /// The same reason where no share could serve the pod, so that it counts whatever the policy says.
    pub const fn absolute(self, verdict: Option<&'static str>) -> Self {
        Self {
            is_absolute: true,
            verdict,
            ..self
        }
    }

    /// Why, in a few words.
    pub fn words(&self) -> String {
        let verdict = self.verdict.map(str::to_owned);
        verdict.unwrap_or_else(|| format!("ruled out by {}", self.rule.id))
    }

    /// Says why a strategy was removed, once for each rule.
    pub fn report(
        &self,
        query: &PlacementQuery<'_, '_>,
        strategy: Strategy,
        findings: &mut Findings<'_>,
    ) {
        if !findings.has(self.rule)
            && (self.removes)(query, strategy)
            && let Some((path, text)) = (self.finding)(query, strategy)
        {
            findings.add(self.rule, path, text);
        }
    }

    pub(super) fn is_in_force(&self, query: &PlacementQuery<'_, '_>, strategy: Strategy) -> bool {
        (self.is_absolute || query.policy.severity(self.rule) == Severity::Deny)
            && (self.removes)(query, strategy)
    }
}
