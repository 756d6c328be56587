//! Decides about ephemeral containers that are added to a running pod: Kubernetes grants them no resources, so
//! whatever reaches a GPU from there goes past every request.

use std::collections::HashSet;

use super::decision::{Decision, Outcome, Reason};
use super::findings::{Finding, Findings};
use super::outsider::{takes_gpu, untouched};
use super::policy::Mode;
use super::question::Question;
use super::rules::{self, Standing, ephemeral_gpu};
use super::size;
use super::touches::touches_gpu;
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

/// Decides about the pod as it is to become; `before` says which of its ephemeral containers are there already.
pub fn ephemeral<'a>(question: &Question<'a>, before: Option<&Pod<'_>>) -> Decision<'a> {
    let (mode, _) = question
        .namespaces
        .mode(question.namespace, question.policy);
    if mode == Mode::Off {
        return untouched(mode, Reason::NamespaceOff);
    }
    let excess = size::excess(question.pod).filter(|_| touches_gpu(question.pod));
    if let Some(excess) = excess {
        return rules::too_large::decision(excess, question.policy, mode);
    }
    let mut findings = Findings::new(question.policy);
    for (place, container) in added(question.pod, before) {
        for finding in reaching(question, place, container) {
            let text = (finding.message, finding.fix);
            findings.add(&ephemeral_gpu::RULE, finding.path, text);
        }
    }
    let denied = findings.deny();
    let mut decision = untouched(mode, Reason::TakesNoGpu);
    decision.findings = findings.into_list();
    if denied {
        (decision.outcome, decision.reason) = (Outcome::Denied, Reason::Findings);
    }
    decision
}

/// The API server lets none be changed or taken away, so a name that was there is what was there.
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

const HOLDS_GPU: Standing = Standing {
    takes_gpu: true,
    whole_gpus: 0,
    holds: None,
};

/// Everything by which one container reaches GPUs, whatever the policy makes of it elsewhere.
fn reaching(question: &Question<'_>, place: Place, container: &Container<'_>) -> Vec<Finding> {
    let mut findings = Findings::strict(question.policy);
    rules::visible_devices::in_container(place, container, &mut findings);
    rules::limit_env::in_container(place, container, &mut findings);
    let mut lifted = Findings::strict(question.policy);
    rules::privileged_share::in_container(place, container, &mut lifted);
    if lifted.deny() {
        // What the pod may mount without a privilege becomes a road with one.
        rules::host_device::check(question.pod, HOLDS_GPU, &mut findings);
    }
    if takes_gpu(question.pod) {
        rules::privileged_share::in_container(place, container, &mut findings);
    }
    findings.into_list()
}
