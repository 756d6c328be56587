//! `runtime-class`: refuses NVIDIA's runtime class on a pod that requests no GPU.

use crate::engine::line::DecisionInput;
use crate::engine::rules::check::{PodContext, Removal};
use crate::engine::rules::no_such_offer;
use crate::engine::vocabulary::{Findings, Quantity, Rule, Severity, Strategy, Text, quoted};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("runtime-class", include_str!("runtime_class.md"));

const PATH: &str = "/spec/runtimeClassName";

/// Takes MPS out of the choice where the runtime class is one of a sandbox.
pub static SANDBOX: Removal = Removal::new(
    &no_such_offer::RULE,
    |query, strategy| strategy == Strategy::Mps && query.is_sandboxed,
    |query, _| Some((PATH.to_owned(), sandbox_text(query.pod.runtime_class()?))),
)
.absolute(Some(
    "the node's MPS daemon cannot be reached from the sandbox of its runtime class",
));

/// Looks for a runtime that shows GPUs to a pod that takes none, and for one that hides them from a pod that does.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    let (pod, classes) = (input.pod, input.runtime_classes);
    let class = || quoted(pod.runtime_class().unwrap_or_default());
    if context.takes_gpu {
        let sandbox = classes.sandbox(pod, &input.policy.placement.sandboxes);
        if sandbox.is_some_and(|class| classes.is_virtual_machine(class)) {
            let message = format!(
                "runtimeClassName {} makes the pod a virtual machine: GPUs of the node's own device plugin do not reach into it",
                class()
            );
            let fix = "leave the runtime class out, or use nodes of NVIDIA's sandbox device plugin";
            findings.warn(&RULE, PATH, (message, fix));
        }
    } else if classes.shows_gpus(pod) && !takes_otherwise(pod) {
        let message = format!(
            "runtimeClassName {} runs the pod under NVIDIA's runtime without a GPU request: CUDA images then see every GPU of the node",
            class()
        );
        let fix = "ask for nvidia.com/gpu or a share, or leave the runtime class out";
        findings.add(&RULE, PATH, (message, fix));
    }
}

/// The finding about a sandbox where only MPS is left.
pub fn sandbox_text(class: &str) -> Text {
    (
        format!(
            "runtimeClassName {} runs the pod in a sandbox, from which the MPS daemon of its node cannot be reached",
            quoted(class)
        ),
        "leave the runtime class out, or name a tier that offers mig or exclusive".to_owned(),
    )
}

/// Whether GPUs are hidden from the containers of a pod that requests none: the runtime would show them, and the policy
/// does not allow that.
pub fn hides(input: &DecisionInput<'_>) -> bool {
    input.policy.severity(&RULE) == Severity::Deny && input.runtime_classes.shows_gpus(input.pod)
}

/// Whether a claim or another vendor's GPU may be why the pod runs under that runtime. A false claim gains nothing:
/// such a pod is let in with all GPUs hidden from it, and neither needs the runtime to show them.
fn takes_otherwise(pod: &Pod<'_>) -> bool {
    let claims = pod.spec.as_ref().and_then(|s| s.resource_claims.as_deref());
    let is_gpu = |(name, quantity): (&str, &str)| {
        name.contains('/') && name.contains("gpu") && !Quantity::is_written_zero(quantity)
    };
    let mut containers = pod.containers();
    claims.is_some_and(|claims| !claims.is_empty())
        || containers.any(|(_, container)| container.quantities().any(is_gpu))
}
