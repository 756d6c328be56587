//! `privileged-share`: refuses privileges that undo sharing, beside a share or a MIG slice.

use crate::engine::line::DecisionInput;
use crate::engine::rules::check::{AllocatedDevice, PodContext};
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::facts::pod::{Container, Place};
use crate::facts::{Pod, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("privileged-share", include_str!("privileged_share.md"));

/// Capabilities that a pod with a share may add: those that Pod Security's baseline allows
/// (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>), and what RDMA and NUMA need.
pub static ALLOWED: [&str; 16] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
    "IPC_LOCK",
    "SYS_NICE",
    "SYS_RESOURCE",
];

/// Also allowed, for debuggers. Beside a folder of the node's processes it leads through their links to everything.
pub static ALLOWED_WITHOUT_PROCESSES: [&str; 1] = ["SYS_PTRACE"];

/// A part of a host path that is or may be such a folder.
pub(crate) const PROCESSES: &str = "proc";

/// Also allowed, for sidecars of meshes, where the pod has a network of its own.
pub static ALLOWED_IN_OWN_NETWORK: [&str; 2] = ["NET_ADMIN", "NET_RAW"];

/// Capabilities that make a container as good as privileged, with or without `CAP_`. NVIDIA's toolkit takes SYS_ADMIN
/// in the bounding set for privileged.
pub(crate) const LIFTING: [&str; 2] = ["SYS_ADMIN", "ALL"];

/// A privilege: the path of what gives it, and what it is.
pub type Privilege = (String, String);

/// Looks for a privilege that reaches past the GPUs of a pod on a shared device or a MIG slice.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    if context.allocated == Some(AllocatedDevice::Part) {
        report(of_pod(input.pod, reaches_out(input.pod)), findings);
    }
}

/// Reports a privilege, if there is one.
pub fn report(found: Option<Privilege>, findings: &mut Findings<'_>) {
    let Some((path, what)) = found else { return };
    let message = format!("{what}, which reaches past a share or slice to its neighbours");
    let fix = "drop the privilege, or ask for whole GPUs in a tier that lists exclusive";
    findings.add(&RULE, path, (message, fix));
}

/// Namespaces of the node that the pod uses, or else the first container with a privilege.
pub fn of_pod(pod: &Pod<'_>, is_bad: impl Fn(&str) -> bool) -> Option<Privilege> {
    let spec = pod.spec.as_ref()?;
    for (shares, name) in [(spec.host_pid, "hostPID"), (spec.host_ipc, "hostIPC")] {
        if shares == Some(true) {
            return Some((format!("/spec/{name}"), format!("the pod has {name}")));
        }
    }
    let mut containers = pod.all_containers();
    containers.find_map(|(place, container)| of_container(place, container, &is_bad))
}

/// The container is privileged, or adds a capability that is bad. The API server accepts any name of a capability.
pub fn of_container(
    place: Place,
    container: &Container<'_>,
    is_bad: impl Fn(&str) -> bool,
) -> Option<Privilege> {
    let context = container.security_context.as_ref()?;
    let what = if context.privileged == Some(true) {
        "is privileged".to_owned()
    } else {
        let mut added = context.capabilities.as_ref()?.add.iter().flatten();
        let name = quoted(added.find(|name| is_bad(name))?);
        format!("adds the capability {name}")
    };
    let path = format!("{place}/securityContext");
    Some((path, format!("container {} {what}", container.name())))
}

/// Whether a capability is on a list, as container runtimes read its name: in any case, with `CAP_` or without.
fn is_among(list: &[&str], name: &str) -> bool {
    let bare = match name.split_at_checked(4) {
        Some((prefix, bare)) if prefix.eq_ignore_ascii_case("CAP_") => bare,
        _ => name,
    };
    list.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

/// Whether a capability lets a container escape its isolation. A name that is not ASCII may become ASCII when a runtime
/// writes it in upper case.
pub fn is_root(capability: &str) -> bool {
    !capability.is_ascii() || is_among(&LIFTING, capability)
}

/// Which capabilities reach past a share of this pod.
pub fn reaches_out(pod: &Pod<'_>) -> impl Fn(&str) -> bool {
    let spec = pod.spec.as_ref();
    let has_own_network = spec.and_then(|s| s.host_network) != Some(true);
    let mounts_processes = move || {
        let mut hosts = pod.volumes().iter().flat_map(|v| &v.host_path);
        let is_process = |path: &Text<'_>| path.split('/').any(|part| part == PROCESSES);
        hosts.any(|host| host.path.as_ref().is_some_and(is_process))
    };
    move |name| {
        let in_network = has_own_network && is_among(&ALLOWED_IN_OWN_NETWORK, name);
        let is_debugger = is_among(&ALLOWED_WITHOUT_PROCESSES, name) && !mounts_processes();
        !is_among(&ALLOWED, name) && !in_network && !is_debugger
    }
}
