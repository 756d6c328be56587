//! `share-count`: refuses more than one share of a device in one container.

use crate::engine::vocabulary::{Rule, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("share-count", include_str!("share_count.md"));

/// Several of a resource whose units are shares of devices.
pub fn many(resource: &str, quantity: &str) -> Text {
    (
        format!("{resource}: {quantity} asks for several shares in one container"),
        format!(
            "write {resource}: 1 and ask for more with slicegate.dev/gpu-memory, or for whole GPUs with nvidia.com/gpu"
        ),
    )
}
