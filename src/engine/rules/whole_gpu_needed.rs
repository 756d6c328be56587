//! `whole-gpu-needed`: refuses several GPUs in one container of a tier that only shares.

use crate::engine::line::placement::Case;
use crate::engine::line::request::{Named, Want};
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule {
    id: "whole-gpu-needed",
    default: Severity::Deny,
    always_denies: false,
    refuses: "several GPUs in one container of a tier that has no whole ones",
    cause: "A container asks for more than one GPU, which always means whole devices, but the tier \
        does not list the strategy exclusive, or the pod names another one. Shares are no \
        substitute: a shared resource is limited to one per container, and a CUDA process uses \
        only one MIG slice.",
    risk: "Several shares would fail at the kubelet, or be replicas of one and the same GPU: the \
        job would have fewer devices than it expects.",
    fix: "Name a tier that lists exclusive, such as production, or ask for one GPU. The \
        administrator can allow such a tier in this namespace, or add exclusive to the tier's \
        strategies.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "2"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: production
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "2"}
"#,
};

/// The container that needs whole devices, where a strategy hands out less.
pub fn removes<'c, 'a>(case: &Case<'c, 'a>, strategy: Strategy) -> Option<&'c Want<'a>> {
    let whole = |w: &&Want<'_>| w.count > 1 && matches!(w.named, Named::Gpu | Named::Nothing);
    if strategy == Strategy::Exclusive {
        return None;
    }
    case.wants.iter().find(whole)
}

/// Several GPUs in a tier that only shares.
pub fn text(want: &Want<'_>, tier: Option<&Tier>, explicit: Option<Strategy>) -> (String, String) {
    let what = match (explicit, tier) {
        (Some(strategy), _) => format!("strategy {strategy} hands out less than whole ones"),
        (None, Some(tier)) => format!("tier {} only shares", tier.name),
        (None, None) => "only shares are at hand".to_owned(),
    };
    (
        format!(
            "container {} asks for {} GPUs, and {what}",
            want.container, want.count
        ),
        "ask for one GPU, or name a tier that lists exclusive".to_owned(),
    )
}
