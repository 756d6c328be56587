//! `runtime-class`: refuses NVIDIA's runtime class on a pod that asks for no GPU.

use super::Standing;
use crate::engine::findings::Findings;
use crate::engine::quantity::Quantity;
use crate::engine::rule::{Rule, Severity};
use crate::engine::shown::quoted;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "runtime-class",
    default: Severity::Deny,
    always_denies: false,
    refuses: "an nvidia runtime class on a pod that asks for no GPU",
    cause: "runtimeClassName starts with nvidia, but no container asks for a GPU. That runtime \
        gives a container the devices that its NVIDIA_VISIBLE_DEVICES names, and CUDA images \
        bring the variable with the value all, which no webhook can see. A GPU claim, or another \
        vendor's GPU, counts as a request.",
    risk: "The container can get every GPU of its node without having asked for one, also those \
        that other pods hold.",
    fix: "Ask for the GPU, or remove runtimeClassName. Monitoring that must see all GPUs of a node \
        belongs in a namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  runtimeClassName: nvidia
  containers:
  - name: main
    image: registry.example/app:1
",
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  runtimeClassName: nvidia
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// What the names of NVIDIA's runtime classes begin with.
pub(crate) const BEGINNING: &str = "nvidia";

/// Looks for a runtime that shows GPUs to a pod that asks for none.
pub fn check(pod: &Pod<'_>, standing: Standing, findings: &mut Findings<'_>) {
    let class = pod
        .spec
        .as_ref()
        .and_then(|s| s.runtime_class_name.as_deref());
    let Some(class) = class.filter(|c| c.starts_with(BEGINNING)) else {
        return;
    };
    if standing.takes_gpu || asks_otherwise(pod) {
        return;
    }
    let message = format!(
        "runtimeClassName {} without a GPU request: CUDA images then see every GPU of the node",
        quoted(class)
    );
    let fix = "ask for nvidia.com/gpu or a share, or leave the runtime class out".to_owned();
    findings.add(&RULE, "/spec/runtimeClassName", (message, fix));
}

/// A claim, another vendor's GPU or another system's resource is a request too.
fn asks_otherwise(pod: &Pod<'_>) -> bool {
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
