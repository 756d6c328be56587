//! `privileged-gpu`: warns of privileges that show a pod with whole GPUs the others of its node.

use super::privileged_share;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::Rule;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("privileged-gpu", include_str!("privileged_gpu.md"));

/// Warns of a pod with whole GPUs that can reach the node's other GPUs.
pub fn check(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    let Some((path, what)) = privileged_share::reach(pod) else {
        return;
    };
    let message = format!("{what}, which reaches the node's other GPUs besides its own");
    let fix = "drop the privilege, or give the pod the node's GPUs all".to_owned();
    findings.warn(&RULE, path, (message, fix));
}
