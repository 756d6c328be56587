//! `node-name`: refuses a shared pod that names its node itself.

use crate::engine::line::placement::Case;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("node-name", include_str!("node_name.md"));

/// Whether the scheduler, and with it the anti-affinity, would be skipped.
pub fn removes(case: &Case<'_, '_>, strategy: Strategy) -> bool {
    strategy.is_shared() && case.filter.node_name.is_some()
}

/// What is said when nothing but shares was left.
pub fn text(node: &str) -> (String, String) {
    (
        format!(
            "spec.nodeName {node} skips the scheduler, and so the rules that keep trust boundaries apart"
        ),
        "select the node with nodeSelector kubernetes.io/hostname instead".to_owned(),
    )
}

/// Refuses it where the request stays as written and may turn out to be a share.
pub fn unless_whole(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    if let Some(node) = pod.node_name() {
        findings.add(&RULE, "/spec/nodeName", text(node));
    }
}
