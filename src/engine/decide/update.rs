//! Decides about an update of a live pod, through `pods` or `pods/status`: labels that keep boundaries apart must not change.

use crate::engine::line::{Decision, DecisionInput, Reason, takes_gpu};
use crate::engine::request::tenancy::own_boundary;
use crate::engine::rules::protected_metadata;
use crate::engine::vocabulary::{Findings, Mode, names};
use crate::facts::Pod;

/// Decides about the new state of the pod, under a mode.
///
/// Other changes are allowed: kubelets and controllers update pods all the time.
pub fn update<'a>(input: &DecisionInput<'a>, before: Option<&Pod<'_>>, mode: Mode) -> Decision<'a> {
    let excluded = input.namespaces.excluded_namespaces();
    if input.policy.mode == Mode::Off || excluded.contains(input.namespace) {
        return Decision::untouched(mode, Reason::NotOurs);
    }
    // Without an old object, the pod had no labels.
    let nothing = Pod::default();
    let before = before.unwrap_or(&nothing);
    let has_label = |pod: &Pod<'_>| pod.label(names::TRUST_BOUNDARY).is_some();
    // Adoption may set the boundary label of a GPU pod. The guard in the API server checks the permission (the RBAC verb
    // `adopt` on `pods.slicegate.dev`). Only the value is checked here.
    let may_adopt = has_label(input.pod) && !has_label(before) && takes_gpu(input.pod);
    let adopted = may_adopt.then(|| own_boundary(input)).flatten();
    let (adopted, is_on) = (adopted.as_deref(), mode != Mode::Off);
    let mut findings = Findings::new(input.policy);
    protected_metadata::check_update(input, before, adopted, is_on, &mut findings);
    Decision::new(mode, findings.into_list(), Vec::new(), Reason::NotOurs)
}
