//! `privileged-share`: refuses privileges that undo sharing, beside a share or a MIG slice.

use crate::engine::line::DecisionInput;
use crate::engine::rules::check::{AllocatedDevice, PodContext};
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place, SecurityContext};

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

/// A privilege by which a pod escapes the isolation of containers: its path and what it is.
pub fn lift(pod: &Pod<'_>) -> Option<(String, String)> {
    spaces(pod).or_else(|| in_any(pod, is_lifting))
}

/// The namespaces of the node that the pod uses.
fn spaces(pod: &Pod<'_>) -> Option<(String, String)> {
    let spec = pod.spec.as_ref()?;
    if spec.host_pid == Some(true) {
        return Some(("/spec/hostPID".to_owned(), "the pod has hostPID".to_owned()));
    }
    if spec.host_ipc == Some(true) {
        return Some(("/spec/hostIPC".to_owned(), "the pod has hostIPC".to_owned()));
    }
    None
}

/// The first container that is privileged or adds such a capability.
fn in_any(pod: &Pod<'_>, is_bad: impl Fn(&str) -> bool) -> Option<(String, String)> {
    let mut containers = pod.all_containers();
    containers.find_map(|(place, container)| lifted(place, container, &is_bad))
}

fn lifted(
    place: Place,
    container: &Container<'_>,
    is_bad: impl Fn(&str) -> bool,
) -> Option<(String, String)> {
    let what = privilege(container.security_context.as_ref()?, is_bad)?;
    let path = format!("{place}/securityContext");
    Some((path, format!("container {} {what}", container.name())))
}

/// The privilege of a security context, if it has one. The API server accepts any name of a capability.
fn privilege(context: &SecurityContext<'_>, is_bad: impl Fn(&str) -> bool) -> Option<String> {
    if context.privileged == Some(true) {
        return Some("is privileged".to_owned());
    }
    let mut added = context.capabilities.as_ref()?.add.iter().flatten();
    let bad = added.find(|name| is_bad(name))?;
    Some(format!("adds the capability {}", quoted(bad)))
}

/// Whether a capability is on a list, as container runtimes read its name: in any case, with `CAP_` or without.
fn is_among(list: &[&str], name: &str) -> bool {
    let beginning = name.get(..4);
    let bare = match beginning.is_some_and(|b| b.eq_ignore_ascii_case("CAP_")) {
        true => name.get(4..).unwrap_or_default(),
        false => name,
    };
    list.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

/// A name that is not ASCII may become ASCII when a runtime writes it in upper case.
fn is_lifting(name: &str) -> bool {
    !name.is_ascii() || is_among(&LIFTING, name)
}

/// Which capabilities reach past a share of this pod.
fn reaches_out(pod: &Pod<'_>) -> impl Fn(&str) -> bool {
    let spec = pod.spec.as_ref();
    let has_own_network = spec.and_then(|s| s.host_network) != Some(true);
    let volumes = spec.and_then(|s| s.volumes.as_deref()).unwrap_or_default();
    let hosts = || {
        volumes
            .iter()
            .filter_map(|v| v.host_path.as_ref()?.path.as_deref())
    };
    move |name| {
        let in_network = has_own_network && is_among(&ALLOWED_IN_OWN_NETWORK, name);
        let is_debugger = is_among(&ALLOWED_WITHOUT_PROCESSES, name)
            && !hosts().any(|path| path.split('/').any(|part| part == PROCESSES));
        !is_among(&ALLOWED, name) && !in_network && !is_debugger
    }
}

/// Looks for privileges that amount to root in one container.
pub fn in_container(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    add(lifted(place, container, is_lifting), findings);
}

/// Looks in one container for privileges that reach past the pod's share.
pub fn beside_gpu(
    pod: &Pod<'_>,
    place: Place,
    container: &Container<'_>,
    findings: &mut Findings<'_>,
) {
    add(lifted(place, container, reaches_out(pod)), findings);
}

/// A privilege that reaches past the GPUs that the pod holds: its path and what it is.
pub fn reach(pod: &Pod<'_>) -> Option<(String, String)> {
    spaces(pod).or_else(|| in_any(pod, reaches_out(pod)))
}

/// Looks for such a privilege in a pod on a shared device or a MIG slice.
pub fn check(input: &DecisionInput<'_>, standing: PodContext<'_>, findings: &mut Findings<'_>) {
    if standing.holds == Some(AllocatedDevice::Part) {
        add(reach(input.pod), findings);
    }
}

fn add(found: Option<(String, String)>, findings: &mut Findings<'_>) {
    let Some((path, what)) = found else { return };
    let message = format!("{what}, which reaches past a share or slice to its neighbours");
    let fix = "drop the privilege, or ask for whole GPUs in a tier that lists exclusive".to_owned();
    findings.add(&RULE, path, (message, fix));
}
