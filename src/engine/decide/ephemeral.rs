//! Decides about ephemeral containers that are added to a running pod. Kubernetes allocates no resources to them, so any
//! access to a GPU bypasses the requests. slicegate hides the GPUs of the node from them.

use std::collections::HashSet;

use crate::engine::decide::oversize::oversize;
use crate::engine::edits;
use crate::engine::line::{Decision, DecisionInput, Outcome, Reason, takes_gpu};
use crate::engine::relevance::concerns_gpus;
use crate::engine::relevance::pod_limits;
use crate::engine::relevance::sharing_systems;
use crate::engine::rules;
use crate::engine::rules::check::PodContext;
use crate::engine::rules::ephemeral_gpu;
use crate::engine::vocabulary::{Finding, Findings, Mode, Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

/// Whether other webhooks may still change the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// They may, and slicegate may too.
    Mutating,
    /// No more changes: the pod is stored as it is.
    Final,
}

/// Decides about the new state of the pod; `before` has the ephemeral containers that exist already.
pub fn ephemeral<'a>(
    input: &DecisionInput<'a>,
    before: Option<&Pod<'_>>,
    stage: Stage,
) -> Decision<'a> {
    let (mode, _) = input.namespaces.mode(input.namespace, input.policy);
    if mode == Mode::Off {
        return Decision::untouched(mode, Reason::NamespaceOff);
    }
    let excess = pod_limits::excess(input.pod).filter(|_| concerns_gpus(input.pod));
    if let Some(excess) = excess {
        return oversize(excess, input.policy, mode);
    }
    let mut findings = Findings::new(input.policy);
    let mut edits = Vec::new();
    let is_ours = !sharing_systems::is_left_alone(input.pod, input.policy);
    let is_shown = is_ours && rules::runtime_class::hides(input);
    let is_rewritten = is_ours && takes_gpu(input.pod);
    let hides = is_shown || is_rewritten && input.policy.placement.hide_gpus;
    for (place, container) in added(input.pod, before) {
        let is_given_void = hides && stage == Stage::Mutating;
        for finding in reaching(input, place, container, is_given_void) {
            let text = (finding.message, finding.fix);
            findings.add(&ephemeral_gpu::RULE, finding.path, text);
        }
        match stage {
            Stage::Mutating if is_given_void => edits::hide_from(place, container, &mut edits),
            Stage::Final if is_shown && rules::visible_devices::is_open(container) => {
                let text = ephemeral_gpu::shown(container.name());
                findings.add(&ephemeral_gpu::RULE, format!("{place}/env"), text);
            }
            Stage::Mutating | Stage::Final => {}
        }
    }
    let mut decision = Decision::untouched(mode, Reason::TakesNoGpu);
    if findings.deny() {
        (decision.outcome, decision.reason) = (Outcome::Denied, Reason::Findings);
    } else if !edits.is_empty() {
        (decision.outcome, decision.reason) = (Outcome::Rewritten, Reason::GpusHidden);
        decision.edits = edits;
    }
    decision.findings = findings.into_list();
    decision
}

/// The API server does not allow to change or remove ephemeral containers, so a known name is an unchanged container.
fn added<'p, 'a>(
    pod: &'p Pod<'a>,
    before: Option<&Pod<'_>>,
) -> impl Iterator<Item = (Place, &'p Container<'a>)> {
    let there: HashSet<String> = before
        .map(|pod| pod.list(ContainerKind::Ephemeral))
        .unwrap_or_default()
        .iter()
        .map(|container| container.name().to_owned())
        .collect();
    let all = pod.list(ContainerKind::Ephemeral).iter().enumerate();
    all.filter(move |(_, container)| !there.contains(container.name()))
        .map(|(index, container)| {
            let kind = ContainerKind::Ephemeral;
            (Place { kind, index }, container)
        })
}

/// Every way in which one container reaches GPUs, regardless of the severities in the policy.
fn reaching(
    input: &DecisionInput<'_>,
    place: Place,
    container: &Container<'_>,
    is_given_void: bool,
) -> Vec<Finding> {
    let mut findings = Findings::strict(input.policy);
    rules::visible_devices::in_container(place, container, is_given_void, &mut findings);
    rules::limit_env::in_container(place, container, &mut findings);
    let mut lifted = Findings::strict(input.policy);
    rules::privileged_share::in_container(place, container, &mut lifted);
    if lifted.deny() {
        // What the pod may mount without a privilege becomes a road with one.
        let holds_gpu = PodContext {
            takes_gpu: true,
            ..PodContext::default()
        };
        rules::host_device::check(input, holds_gpu, &mut findings);
    }
    // Beside whole GPUs more is only warned of when a pod is created.
    let is_whole = input.pod.label(names::STRATEGY) == Some(Strategy::Exclusive.word());
    match takes_gpu(input.pod) {
        true if is_whole => {
            rules::privileged_share::in_container(place, container, &mut findings);
        }
        true => {
            rules::privileged_share::beside_gpu(input.pod, place, container, &mut findings);
        }
        false => {}
    }
    rules::host_device::over_the_pipe(place, container, &mut findings);
    findings.into_list()
}
