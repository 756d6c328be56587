//! Decides about an update of a live pod, through `pods` or `pods/status`: labels that keep boundaries apart must not change.

use crate::engine::line::{Decision, DecisionInput, Outcome, Reason, takes_gpu};
use crate::engine::request::tenancy::own_boundary;
use crate::engine::rules;
use crate::engine::rules::check::Update;
use crate::engine::vocabulary::{Findings, Mode, names};
use crate::facts::Pod;

/// Decides about the new state of the pod, under a mode.
///
/// Other changes are allowed: kubelets and controllers update pods all the time.
pub fn update<'a>(input: &DecisionInput<'a>, before: Option<&Pod<'_>>, mode: Mode) -> Decision<'a> {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        ..
    } = *input;
    let mut decision = Decision::untouched(mode, Reason::NotOurs);
    if policy.mode == Mode::Off || namespaces.excluded_namespaces().contains(namespace) {
        return decision;
    }
    // Without an old object, the pod had no labels.
    let nothing = Pod::default();
    let before = before.unwrap_or(&nothing);
    let mut findings = Findings::new(policy);
    let adopted = adoption(input, before);
    let update = Update {
        before,
        adopted: adopted.as_deref(),
        is_on: mode != Mode::Off,
    };
    rules::check_update(input, &update, &mut findings);
    if findings.deny() {
        (decision.outcome, decision.reason) = (Outcome::Denied, Reason::Findings);
    }
    decision.findings = findings.into_list();
    decision
}

/// The boundary label that adoption may set on a GPU pod. The guard in the API server checks the permission (the RBAC verb
/// `adopt` on `pods.slicegate.dev`). Only the value is checked here.
fn adoption<'a>(input: &DecisionInput<'a>, before: &Pod<'_>) -> Option<std::borrow::Cow<'a, str>> {
    let bears = before.label(names::TRUST_BOUNDARY).is_some();
    let added = input.pod.label(names::TRUST_BOUNDARY).is_some();
    (added && !bears && takes_gpu(input.pod))
        .then(|| own_boundary(input))
        .flatten()
}
