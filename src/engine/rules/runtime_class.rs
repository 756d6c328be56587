//! `runtime-class`: refuses NVIDIA's runtime class on a pod that requests no GPU.

use crate::engine::line::DecisionInput;
use crate::engine::rules::check::{Removal, PodContext};
use crate::engine::rules::no_such_offer;
use crate::engine::vocabulary::{Findings, Quantity, Rule, Severity, Strategy, Text, quoted};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("runtime-class", include_str!("runtime_class.md"));

/// Takes MPS out of the choice where the runtime class is one of a sandbox.
pub static SANDBOX: Removal = Removal {
    rule: &no_such_offer::RULE,
    is_absolute: true,
    verdict: Some("the node's MPS daemon cannot be reached from the sandbox of its runtime class"),
    removes: |query, strategy| strategy == Strategy::Mps && query.is_sandboxed,
    finding: |query, _| {
        let spec = query.pod.spec.as_ref();
        let class = spec.and_then(|s| s.runtime_class_name.as_deref());
        let text = sandbox_text(class.unwrap_or_default());
        Some(("/spec/runtimeClassName".to_owned(), text))
    },
};

/// Looks for a runtime that shows GPUs to a pod that takes none.
pub fn check(input: &DecisionInput<'_>, standing: PodContext<'_>, findings: &mut Findings<'_>) {
    let pod = input.pod;
    if standing.takes_gpu {
        in_virtual_machine(input, findings);
    }
    if !input.runtime_classes.shows_gpus(pod) || standing.takes_gpu || takes_otherwise(pod) {
        return;
    }
    let class = pod.spec.as_ref();
    let class = class.and_then(|s| s.runtime_class_name.as_deref());
    let message = format!(
        "runtimeClassName {} runs the pod under NVIDIA's runtime without a GPU request: CUDA images then see every GPU of the node",
        quoted(class.unwrap_or_default())
    );
    let fix = "ask for nvidia.com/gpu or a share, or leave the runtime class out".to_owned();
    findings.add(&RULE, "/spec/runtimeClassName", (message, fix));
}

/// The node's own device plugin gives no device to a virtual machine.
fn in_virtual_machine(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    let classes = input.runtime_classes;
    let sandbox = classes.sandbox(input.pod, &input.policy.placement.sandboxes);
    let Some(class) = sandbox.filter(|class| classes.is_virtual_machine(class)) else {
        return;
    };
    let message = format!(
        "runtimeClassName {} makes the pod a virtual machine: GPUs of the node's own device plugin do not reach into it",
        quoted(class)
    );
    let fix =
        "leave the runtime class out, or use nodes of NVIDIA's sandbox device plugin".to_owned();
    findings.warn(&RULE, "/spec/runtimeClassName", (message, fix));
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
    input.policy.severity(&RULE) == Severity::Deny
        && input.runtime_classes.shows_gpus(input.pod)
}

/// Whether a claim or another vendor's GPU may be why the pod runs under that runtime. A false claim gains nothing:
/// such a pod is let in with all GPUs hidden from it, and neither needs the runtime to show them.
fn takes_otherwise(pod: &Pod<'_>) -> bool {
    let claims = pod.spec.as_ref().and_then(|s| s.resource_claims.as_deref());
    claims.is_some_and(|c| !c.is_empty())
        || pod.containers().any(|(_, container)| {
            let resources = container.resources.as_ref();
            let lists = resources.map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
            let mut pairs = lists.into_iter().flatten().flatten().flat_map(|p| p.iter());
            pairs.any(|(name, quantity)| {
                name.contains('/') && name.contains("gpu") && !is_zero(quantity)
            })
        })
}

fn is_zero(quantity: &str) -> bool {
    Quantity::parse(quantity).is_ok_and(Quantity::is_zero)
}
