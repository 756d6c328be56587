//! `privileged-share`: refuses privileges that undo sharing, beside a share or a MIG slice.

use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place, SecurityContext};

/// The rule.
pub static RULE: Rule = Rule {
    id: "privileged-share",
    default: Severity::Deny,
    always_denies: false,
    refuses: "privileged, SYS_ADMIN, hostPID or hostIPC beside a shared device or a MIG slice",
    cause: "A container of the pod is privileged or adds SYS_ADMIN, or the pod uses hostPID or \
        hostIPC, while the pod holds a shared device or a MIG slice. A privileged container has \
        all device nodes in /dev, and for NVIDIA's toolkit CAP_SYS_ADMIN is the same as \
        privileged. MPS clients of NVIDIA's device plugin need neither hostIPC nor hostPID.",
    risk: "The pod can open GPUs it did not ask for, or see and disturb the processes of its \
        neighbours. An MPS client that is killed with work in flight can hang the server for \
        all.",
    fix: "Remove the privilege; SYS_PTRACE, IPC_LOCK and NET_ADMIN are allowed. If it cannot do \
        without, use a tier that lists exclusive with strategy exclusive, where the same only \
        warns as privileged-gpu.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  hostIPC: true
  securityContext: {runAsUser: 1000}
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
    slicegate.dev/strategy: mps
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// What lifts a pod over the walls between containers, and where it stands.
pub fn lift(pod: &Pod<'_>) -> Option<(String, String)> {
    let spec = pod.spec.as_ref()?;
    if spec.host_pid == Some(true) {
        return Some(("/spec/hostPID".to_owned(), "the pod has hostPID".to_owned()));
    }
    if spec.host_ipc == Some(true) {
        return Some(("/spec/hostIPC".to_owned(), "the pod has hostIPC".to_owned()));
    }
    let mut containers = pod.all_containers();
    containers.find_map(|(place, container)| lifted(place, container))
}

fn lifted(place: Place, container: &Container<'_>) -> Option<(String, String)> {
    let what = privilege(container.security_context.as_ref()?)?;
    let path = format!("{place}/securityContext");
    Some((path, format!("container {} is {what}", container.name())))
}

/// Looks for the privilege in one container.
pub fn in_container(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    if let Some(found) = lifted(place, container) {
        add(found, findings);
    }
}

/// Capabilities that make a container as good as privileged, with or without `CAP_`.
pub(crate) const LIFTING: [&str; 2] = ["SYS_ADMIN", "ALL"];

/// The NVIDIA toolkit takes SYS_ADMIN in the bounding set for privileged.
fn privilege(context: &SecurityContext<'_>) -> Option<&'static str> {
    if context.privileged == Some(true) {
        return Some("privileged");
    }
    let added = context.capabilities.as_ref()?.add.as_deref()?;
    let all = |name: &str| {
        let name = name.to_ascii_uppercase();
        LIFTING.contains(&name.strip_prefix("CAP_").unwrap_or(&name))
    };
    added
        .iter()
        .any(|name| all(name))
        .then_some("given SYS_ADMIN")
}

/// Looks for such a pod on a shared device or a MIG slice.
pub fn check(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    if let Some(found) = lift(pod) {
        add(found, findings);
    }
}

fn add((path, what): (String, String), findings: &mut Findings<'_>) {
    let message = format!("{what}, which reaches past a share or slice to its neighbours");
    let fix = "drop the privilege, or ask for whole GPUs in a tier that lists exclusive".to_owned();
    findings.add(&RULE, path, (message, fix));
}
