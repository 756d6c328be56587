//! `privileged-gpu`: warns of privileges that show a pod with whole GPUs the others of its node.

use super::privileged_share;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "privileged-gpu",
    default: Severity::Warn,
    always_denies: false,
    refuses: "privileged, a capability no share may have, hostPID or hostIPC beside whole GPUs",
    cause: "The pod holds whole GPUs and a container is privileged or adds a capability that \
        privileged-share does not allow, or the pod uses hostPID or hostIPC. A privileged container has all device nodes in /dev, those of \
        the GPUs it was not given included. It is a warning, because a job that holds all GPUs \
        of its node, as one with a privileged NCCL sidecar often does, reaches nobody else's.",
    risk: "The container can open the GPUs that other pods of the node hold. Their exclusive GPU \
        is then not theirs alone.",
    fix: "Add only the capability that is needed, such as IPC_LOCK. If the pod must be privileged, \
        let it take all GPUs of its node. The administrator can set privileged-gpu to deny under \
        rules in the policy.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    securityContext: {privileged: true}
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    securityContext:
      capabilities: {add: [IPC_LOCK]}
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Warns of a pod with whole GPUs that can reach the node's other GPUs.
pub fn check(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    let Some((path, what)) = privileged_share::reach(pod) else {
        return;
    };
    let message = format!("{what}, which reaches the node's other GPUs besides its own");
    let fix = "drop the privilege, or give the pod the node's GPUs all".to_owned();
    findings.warn(&RULE, path, (message, fix));
}
