//! `ephemeral-gpu`: refuses an ephemeral container that reaches for GPUs.

use crate::engine::vocabulary::{Rule, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("ephemeral-gpu", include_str!("ephemeral_gpu.md"));

/// A container under NVIDIA's runtime without a variable that hides GPUs from it.
pub fn shown(container: &str) -> Text {
    (
        format!(
            "container {container} runs under NVIDIA's runtime, which shows it the GPUs that a variable of its image names"
        ),
        "set NVIDIA_VISIBLE_DEVICES to void in it; slicegate does so where its mutating webhook is asked".to_owned(),
    )
}
