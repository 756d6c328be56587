//! One decision from start to end: relevance, request, placement, edits.

mod builder;
mod daemon_set;
pub mod ephemeral;
mod markers_only;
mod other_tiers;
pub mod oversize;
mod placed;
mod strategies;
pub mod unmanaged;
pub mod update;

use crate::engine::decide::builder::{DecisionBuilder, Observer};
use crate::engine::decide::oversize::oversize;
use crate::engine::decide::unmanaged::unmanaged;
use crate::engine::line::{Decision, DecisionInput, Reason};
use crate::engine::placement::candidates::{self, CandidateVerdict};
use crate::engine::placement::existing;
use crate::engine::placement::usage::{self, Gpus};
use crate::engine::relevance::{concerns_gpus, pod_size};
use crate::engine::request;
use crate::engine::rules;
use crate::engine::vocabulary::{Findings, Mode};

/// Decides about one pod.
pub fn decide<'a>(input: &DecisionInput<'a>) -> Decision<'a> {
    answer(input, &mut |_, _| {})
}

/// What a preview shows besides the decision.
#[derive(Debug)]
pub struct Explanation {
    /// Every candidate with its verdict; empty if there was no placement to select.
    pub candidates: Vec<CandidateVerdict>,
    /// How much of the GPUs the pod takes, if it is admitted.
    pub gpus: Gpus,
}

/// Decides about one pod and explains the placement.
pub fn explain<'a>(input: &DecisionInput<'a>) -> (Decision<'a>, Explanation) {
    let mut explanation = Explanation {
        candidates: Vec::new(),
        gpus: usage::unchanged(input.pod, input.supply),
    };
    let decision = answer(input, &mut |query, placement| {
        explanation.candidates = candidates::list(query, placement);
        if let Some(placement) = placement {
            explanation.gpus = usage::of_placement(query, placement);
        }
    });
    (decision, explanation)
}

fn answer<'a>(input: &DecisionInput<'a>, observer: Observer<'_>) -> Decision<'a> {
    let DecisionInput { policy, pod, .. } = *input;
    let (namespaces, namespace) = (input.namespaces, input.namespace);
    let (mode, is_misspelt) = namespaces.mode(namespace, policy);
    if input.is_mirror() {
        return Decision::untouched(mode, Reason::NotOurs);
    }
    if mode == Mode::Off {
        return unmanaged(input, Mode::Off);
    }
    if !concerns_gpus(pod) {
        return Decision::untouched(mode, Reason::TakesNoGpu);
    }
    if let Some(excess) = pod_size::excess(pod) {
        return oversize(excess, policy, mode);
    }
    let mut findings = Findings::new(policy);
    let has_markers = existing::has_markers(pod);
    let requested = request::read(pod, input.workload, has_markers, &mut findings);
    if is_misspelt && !requested.requests.is_empty() {
        let written = namespaces.view(namespace).and_then(|v| v.mode.as_deref());
        rules::mode_unknown::check(namespace, written.unwrap_or_default(), &mut findings);
    }
    rules::check_written(input, &mut findings);
    DecisionBuilder::new(input, mode, findings).judge(requested, observer)
}
