//! `supply-unknown`: warns where nothing can be said about the nodes a pod may reach.

use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::engine::supply::Knowledge;

/// The rule.
pub static RULE: Rule = Rule {
    id: "supply-unknown",
    default: Severity::Warn,
    always_denies: false,
    refuses: "a pod whose possible nodes are unlabelled or unknown, so that nothing can be said of \
        them",
    cause: "There are GPU nodes without the labels of GPU Feature Discovery, or with contradictory \
        ones; or the pod selects a label key that no known node carries, which is taken as \
        given. Without those labels a whole GPU and a shared one look the same, because both may \
        be sold as nvidia.com/gpu.",
    risk: "The pod may stay Pending for ever, or wait for nodes whose GPUs are not what it needs.",
    fix: "Select GPUs by slicegate.dev/gpu-products rather than by labels of your own, or correct \
        the selector. The administrator runs GPU Feature Discovery, declares nodes that are not \
        there yet under supply.pools, or sets supply.unlabelled to exclusive where that is true.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  securityContext: {runAsUser: 1000}
  nodeSelector: {example.com/gpu-model: a100}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/gpu-products: NVIDIA-A100*
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Warns of label keys that no known node carries.
pub fn keys(keys: &[&str], findings: &mut Findings<'_>) {
    let message = format!(
        "no known node carries the label {}, so whether this pod finds one cannot be said",
        listed(keys)
    );
    let fix =
        "check the spelling; for nodes that are not there yet declare supply.pools in the policy"
            .to_owned();
    findings.add(&RULE, "/spec", (message, fix));
}

/// As many keys as help, of those that are no longer than a key can be.
fn listed(keys: &[&str]) -> String {
    const MOST: usize = 10;
    const LONGEST: usize = 317;
    let shown = keys.iter().filter(|key| key.len() <= LONGEST).take(MOST);
    let shown: Vec<&str> = shown.copied().collect();
    match keys.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Warns of GPU nodes that do not say what they are.
pub fn fleet(knowledge: Knowledge, findings: &mut Findings<'_>) {
    let (message, fix) = match knowledge {
        Knowledge::Assumed => (
            "no nodes were given, and the fleet that is assumed has nothing for this ask",
            "give the cluster's nodes with --nodes (kubectl get nodes -o yaml)",
        ),
        Knowledge::NoGpuNodes => (
            "no node has a GPU, so nothing can be said about this ask",
            "declare the nodes to come under supply.pools of the policy",
        ),
        Knowledge::Known => (
            "the pod also reaches GPU nodes whose labels do not say what they hand out",
            "run GPU Feature Discovery there, or declare such nodes under supply in the policy",
        ),
        Knowledge::AllUnknown => (
            "GPU nodes are there, but their labels do not say what they hand out",
            "run GPU Feature Discovery, or set supply.unlabelled in the policy if all of them are whole GPUs",
        ),
    };
    findings.add(&RULE, "", (message.to_owned(), fix.to_owned()));
}
