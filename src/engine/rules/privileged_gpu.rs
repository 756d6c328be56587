//! `privileged-gpu`: warns of privileges that show a pod with whole GPUs the others of its node.

use crate::engine::line::DecisionInput;
use crate::engine::rules::check::{AllocatedDevice, PodContext};
use crate::engine::rules::privileged_share::{of_pod, reaches_out};
use crate::engine::vocabulary::{Findings, Rule};

/// The rule.
pub static RULE: Rule = Rule::warns("privileged-gpu", include_str!("privileged_gpu.md"));

/// Warns of a pod with whole GPUs that can reach the node's other GPUs.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    if context.allocated == Some(AllocatedDevice::Whole)
        && let Some((path, what)) = of_pod(input.pod, reaches_out(input.pod))
    {
        let message = format!("{what}, which reaches the node's other GPUs besides its own");
        let fix = "drop the privilege, or give the pod the node's GPUs all";
        findings.warn(&RULE, path, (message, fix));
    }
}
