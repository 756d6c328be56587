//! Why a pod came out as it did, in a sentence.

use crate::engine::line::{Decision, MarkersReason, Outcome, Reason};
use crate::engine::placement::candidates::CandidateVerdict;
use crate::engine::vocabulary::{Tier, names};
use crate::engine::{Severity, Strategy};
use crate::facts::Pod;

/// The sentence.
pub(super) fn of(
    pod: &Pod<'_>,
    decision: &Decision<'_>,
    considered: &[CandidateVerdict],
) -> String {
    match decision.reason {
        Reason::NotOurs => "made by the kubelet, nothing here is slicegate's".to_owned(),
        Reason::NamespaceOff => "slicegate is off in this namespace".to_owned(),
        Reason::TakesNoGpu => "it takes no GPU that slicegate hands out".to_owned(),
        Reason::GpusHidden => {
            "it takes no GPU that slicegate hands out; its runtime would show it \
            all of its node, so they are hidden from it"
                .to_owned()
        }
        Reason::Placed => chosen(pod, decision, considered),
        Reason::Reused => match decision.outcome {
            Outcome::Untouched => "it carries a finished choice that still holds".to_owned(),
            Outcome::Rewritten | Outcome::Denied => {
                "the choice it carries still holds; only what is missing is added".to_owned()
            }
        },
        Reason::MarkersOnly(why) => stamp(why).to_owned(),
        Reason::Findings => {
            let mut findings = decision.findings.iter();
            let first = findings.find(|f| f.severity == Severity::Deny);
            first.map_or_else(String::new, |f| format!("{}: {}", f.rule.id, f.message))
        }
    }
}

fn chosen(pod: &Pod<'_>, decision: &Decision<'_>, considered: &[CandidateVerdict]) -> String {
    let Some(strategy) = decision.strategy else {
        return String::new();
    };
    let why = match (explicit(pod), named(pod), decision.tier) {
        (Some(_), _, _) => "asked for by the pod's slicegate.dev/strategy".to_owned(),
        (None, Some(resource), Some(tier)) => {
            format!("the pod asks for {resource} by name, and tier {tier} allows it")
        }
        (None, Some(resource), None) => format!("the pod asks for {resource} by name"),
        (None, None, Some(tier)) => {
            let waiting = waiting(considered);
            match waiting.as_slice() {
                [] => format!("the first strategy of tier {tier} that known nodes can serve"),
                _ => format!(
                    "the first strategy of tier {tier} on nodes that take pods now; those with {} are cordoned, not ready, or gone",
                    waiting.join(" and ")
                ),
            }
        }
        (None, None, None) => "no tier applies, so the pod keeps its whole GPUs".to_owned(),
    };
    format!("{strategy}: {why}")
}

/// Strategies that would have come first, had their nodes taken pods.
fn waiting(considered: &[CandidateVerdict]) -> Vec<&'static str> {
    let mut words: Vec<&str> = Vec::new();
    for candidate in considered.iter().filter(|c| c.is_waiting) {
        if !words.contains(&candidate.strategy.word()) {
            words.push(candidate.strategy.word());
        }
    }
    words
}

const fn stamp(why: MarkersReason) -> &'static str {
    match why {
        MarkersReason::DaemonSet => {
            "a DaemonSet's pod cannot be steered: its request stays, the trust boundary's stamp is added"
        }
        MarkersReason::OptOut => {
            "it opted out: its request stays, the trust boundary's stamp is added"
        }
        MarkersReason::NothingKnownFits => {
            "nothing known may serve it and that is only a warning: its request stays, the stamp is added"
        }
        MarkersReason::ForeignSystem => {
            "the policy leaves it to another sharing system; only the boundary label is added"
        }
        MarkersReason::Unmanaged => {
            "slicegate is off in this namespace; the policy's outsiders: label adds the boundary label"
        }
    }
}

/// Strategies that were never candidates, by the reason why; none where nothing was to choose.
pub(super) fn left_out(
    pod: &Pod<'_>,
    tier: Option<&Tier>,
    considered: &[CandidateVerdict],
) -> Vec<(Vec<&'static str>, String)> {
    if considered.is_empty() {
        return Vec::new();
    }
    let was = |strategy: &Strategy| considered.iter().any(|c| c.strategy == *strategy);
    let why = |strategy: Strategy| match (tier, explicit(pod), named(pod)) {
        (Some(tier), ..) if !tier.strategies.contains(&strategy) => {
            format!("tier {} does not list it", tier.name)
        }
        (_, Some(asked), _) => format!("the pod asks for {asked} by name"),
        (_, _, Some(resource)) => format!("the pod asks for {resource} by name"),
        (Some(_), None, None) => "several GPUs in one container are whole devices".to_owned(),
        (None, None, None) => "no tier applies, so nothing is shared".to_owned(),
    };
    let mut left_out: Vec<(Vec<&'static str>, String)> = Vec::new();
    for strategy in Strategy::ALL.into_iter().filter(|s| !was(s)) {
        let why = why(strategy);
        match left_out.iter_mut().find(|(_, known)| *known == why) {
            Some((strategies, _)) => strategies.push(strategy.word()),
            None => left_out.push((vec![strategy.word()], why)),
        }
    }
    left_out
}

/// The strategy the pod asks for by name.
fn explicit<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    pod.annotation(names::STRATEGY).filter(|s| *s != "auto")
}

/// The first resource that is a share or a slice by its name.
fn named<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    let lists = pod.containers().filter_map(|(_, c)| c.resources.as_ref());
    let lists = lists.flat_map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
    let mut names = lists
        .flatten()
        .flat_map(|list| list.iter().map(|(name, _)| name));
    names.find(|name| names::is_gpu_resource(name) && *name != names::GPU)
}
