//! `node-name`: refuses a shared pod that names its node itself.

use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Findings, Rule, Text};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("node-name", include_str!("node_name.md"));

/// Takes shared devices out of the choice of a pod that skips the scheduler, and with it the anti-affinity.
pub static NO_SCHEDULER: Removal = Removal::new(
    &RULE,
    |query, strategy| strategy.is_shared() && query.filter.node_name.is_some(),
    |query, _| Some((PATH.to_owned(), text(query.filter.node_name?))),
);

const PATH: &str = "/spec/nodeName";

fn text(node: &str) -> Text {
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
        findings.add(&RULE, PATH, text(node));
    }
}
