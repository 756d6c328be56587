//! Decides about ephemeral containers that are added to a running pod. Kubernetes allocates no resources to them, so any
//! access to a GPU bypasses the requests. slicegate hides the GPUs of the node from them.

use std::collections::HashSet;

use crate::engine::decide::oversize::oversize;
use crate::engine::edits;
use crate::engine::line::{Decision, DecisionInput, Reason, takes_gpu};
use crate::engine::relevance::{concerns_gpus, pod_size, sharing_systems};
use crate::engine::rules;
use crate::engine::rules::check::PodContext;
use crate::engine::rules::ephemeral_gpu;
use crate::engine::rules::privileged_share::{self, is_root, of_container, reaches_out};
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
    let DecisionInput { policy, pod, .. } = *input;
    let (mode, _) = input.namespaces.mode(input.namespace, policy);
    if mode == Mode::Off {
        return Decision::untouched(mode, Reason::NamespaceOff);
    }
    let excess = pod_size::excess(pod).filter(|_| concerns_gpus(pod));
    if let Some(excess) = excess {
        return oversize(excess, policy, mode);
    }
    let mut findings = Findings::new(policy);
    let mut edits = Vec::new();
    let is_ours = !sharing_systems::is_left_alone(pod, policy);
    let shows_gpus = is_ours && rules::runtime_class::hides(input);
    let is_rewritten = is_ours && takes_gpu(pod);
    let hides_gpus = shows_gpus || is_rewritten && policy.placement.hide_gpus;
    // The API server does not allow to change or remove ephemeral containers, so a known name is an unchanged container.
    let kind = ContainerKind::Ephemeral;
    let known = before.into_iter().flat_map(|before| before.list(kind));
    let known: HashSet<&str> = known.map(Container::name).collect();
    for (index, container) in pod.list(kind).iter().enumerate() {
        if known.contains(container.name()) {
            continue;
        }
        let place = Place { kind, index };
        let is_given_void = hides_gpus && stage == Stage::Mutating;
        for finding in gpu_access(input, place, container, is_given_void) {
            let text = (finding.message, finding.fix);
            findings.add(&ephemeral_gpu::RULE, finding.path, text);
        }
        let is_final = stage == Stage::Final;
        if is_given_void {
            edits.extend(edits::hide_gpus_from(place, container));
        } else if is_final && shows_gpus && rules::visible_devices::is_open(container) {
            let text = ephemeral_gpu::shown(container.name());
            findings.add(&ephemeral_gpu::RULE, format!("{place}/env"), text);
        }
    }
    Decision::new(mode, findings.into_list(), edits, Reason::GpusHidden)
}

/// Every way in which one container reaches GPUs, regardless of the severities in the policy.
fn gpu_access(
    input: &DecisionInput<'_>,
    place: Place,
    container: &Container<'_>,
    is_given_void: bool,
) -> Vec<Finding> {
    let DecisionInput { policy, pod, .. } = *input;
    let mut findings = Findings::strict(policy);
    rules::visible_devices::in_container(place, container, is_given_void, &mut findings);
    rules::limit_env::in_container(place, container, &mut findings);
    let root = of_container(place, container, is_root);
    if root.is_some() {
        // With a privilege, more host paths lead to a GPU.
        let context = PodContext {
            takes_gpu: true,
            ..PodContext::default()
        };
        rules::host_device::check(input, context, &mut findings);
    }
    if takes_gpu(pod) {
        // Beside whole GPUs, the other privileges are only warnings when a pod is created.
        let is_whole = pod.label(names::STRATEGY) == Some(Strategy::Exclusive.word());
        let reach = || of_container(place, container, reaches_out(pod));
        let found = if is_whole { root } else { reach() };
        privileged_share::report(found, &mut findings);
    }
    rules::host_device::over_the_pipe(place, container, &mut findings);
    findings.into_list()
}
