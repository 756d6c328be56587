//! `visible-devices`: refuses a pod that reaches for GPUs past its request.

use super::ask_invalid::quoted;
use super::{Standing, host_device};
use crate::engine::ask::pointer;
use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::engine::words;
use crate::facts::Pod;
use crate::facts::pod::{Container, EnvVar, Place};

/// The rule.
pub static RULE: Rule = Rule {
    id: "visible-devices",
    default: Severity::Deny,
    always_denies: false,
    refuses: "variables, mounts or annotations that bring GPUs past the request",
    cause: "The pod sets NVIDIA_VISIBLE_DEVICES to something other than void, none or empty, or \
        NVIDIA_MIG_*, NVIDIA_IMEX_CHANNELS, NVIDIA_GDS, _MOFED, _GDRCOPY or _NVSWITCH, also by \
        valueFrom; mounts /var/run/nvidia-container-devices; or carries a CDI, NRI, CRI-O or \
        provider annotation that injects devices. NVIDIA's runtime honours the variable for \
        unprivileged pods by default, and the pod's value normally wins over the device \
        plugin's. Of a ConfigMap or Secret \
        taken whole only the prefix is seen. An annotation warns only where it lists GPUs by \
        their own paths, and the pod holds at least as many whole ones.",
    risk: "With the value all, the container sees every GPU of the node, those of other pods \
        included, whatever it asked for: no count, limit or boundary holds.",
    fix: "Remove it and ask for nvidia.com/gpu; the device plugin makes the right device visible. \
        To hide GPUs, void is allowed. Tools that must see all GPUs of a node belong in a \
        namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    env:
    - {name: NVIDIA_VISIBLE_DEVICES, value: all}
",
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Looks for every way to name devices past the request: variables, mounts, annotations.
pub fn check(pod: &Pod<'_>, standing: Standing, findings: &mut Findings<'_>) {
    for (place, container) in pod.all_containers() {
        in_container(place, container, findings);
    }
    annotations(pod, standing, findings);
}

/// Looks for them in one container.
pub fn in_container(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    for (index, variable) in container.env().iter().enumerate() {
        if shows_devices(variable) {
            let message = format!(
                "container {} sets {}, which shows it GPUs past its request",
                container.name(),
                variable.name()
            );
            let fix = "remove it; the device plugin sets what the request grants".to_owned();
            findings.add(&RULE, format!("{place}/env/{index}"), (message, fix));
        }
    }
    sources(place, container, findings);
    mounts(place, container, findings);
}

/// Switches of the NVIDIA container toolkit that add devices (its `internal/config/image` and `internal/modifier`).
pub(crate) const SWITCHES: [&str; 5] = [
    "NVIDIA_IMEX_CHANNELS",
    "NVIDIA_GDS",
    "NVIDIA_MOFED",
    "NVIDIA_GDRCOPY",
    "NVIDIA_NVSWITCH",
];

/// The beginning of variables that reach for MIG devices.
pub(crate) const OPEN: [&str; 1] = ["NVIDIA_MIG_"];

fn shows_devices(variable: &EnvVar<'_>) -> bool {
    let name = variable.name();
    if name == words::VISIBLE_DEVICES {
        return !shows_none(variable);
    }
    OPEN.iter().any(|open| name.starts_with(open)) || SWITCHES.contains(&name)
}

/// Whether the value of `NVIDIA_VISIBLE_DEVICES` is one by which the runtime shows no device.
pub(super) fn shows_none(variable: &EnvVar<'_>) -> bool {
    matches!(variable.literal(), Some("" | "void" | "none"))
}

/// A whole config map or secret under a prefix that makes its keys such variables.
fn sources(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    let sources = container.env_from.as_deref().unwrap_or_default();
    for (index, source) in sources.iter().enumerate() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        let mut names = SWITCHES
            .into_iter()
            .chain([words::VISIBLE_DEVICES])
            .chain(OPEN);
        let beyond = OPEN.iter().any(|open| prefix.starts_with(open));
        let spells = |name: &str| name.starts_with(prefix) || beyond;
        if prefix.is_empty() || !names.any(spells) {
            continue;
        }
        let message = format!(
            "container {} takes variables from outside under the prefix {}, which spells {}",
            container.name(),
            quoted(prefix),
            words::VISIBLE_DEVICES
        );
        let fix = "use another prefix".to_owned();
        findings.add(&RULE, format!("{place}/envFrom/{index}"), (message, fix));
    }
}

/// The last part of the folder.
pub(crate) const DEVICES: &str = "nvidia-container-devices";

/// The folder whose entries the toolkit takes for device names.
fn mounts(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    for (index, mount) in mounts.iter().enumerate() {
        let written = mount.mount_path.as_deref().unwrap_or_default();
        if !written.contains(DEVICES) {
            continue;
        }
        let path = host_device::clean(written);
        if !host_device::is_within(&path, "/var/run/nvidia-container-devices")
            && !host_device::is_within(&path, "/run/nvidia-container-devices")
        {
            continue;
        }
        let message = format!(
            "container {} mounts {path}, by which the NVIDIA runtime is told devices",
            container.name()
        );
        let fix = "remove the mount; the device plugin makes it where it is needed".to_owned();
        findings.add(
            &RULE,
            format!("{place}/volumeMounts/{index}"),
            (message, fix),
        );
    }
}

/// Annotations by which CDI, NRI plugins, CRI-O and providers inject devices or mounts. The plugins' bare keys, without
/// `/pod` or `/container.<name>`, are for every container of the pod.
pub(crate) const INJECTING: [&str; 13] = [
    "cdi.k8s.io/",
    "nvidia.cdi.k8s.io",
    "devices.gke.io",
    "cdi-devices.gke.io",
    "devices.noderesource.dev",
    "cdi-devices.noderesource.dev",
    "mounts.noderesource.dev",
    "devices.nri.io",
    "cdi-devices.nri.io",
    "mounts.nri.io",
    "cdi.nri.io",
    "io.kubernetes.cri-o.Devices",
    "devices.crio.io",
];

/// Whether an annotation makes a node plugin inject devices or mounts.
pub fn is_injecting(key: &str) -> bool {
    INJECTING.iter().any(|prefix| key.starts_with(prefix))
}

fn annotations(pod: &Pod<'_>, standing: Standing, findings: &mut Findings<'_>) {
    for (key, value) in pod.annotations().into_iter().flat_map(|a| a.iter()) {
        if !is_injecting(key) {
            continue;
        }
        let path = format!("/metadata/annotations/{}", pointer(key));
        let message = format!(
            "the annotation {} injects devices or mounts past every request",
            quoted(key)
        );
        let text = (
            message,
            "remove it; ask for devices as resources".to_owned(),
        );
        // GKE's TCPX lists the GPUs a pod holds anyway.
        match listed(value) {
            Some(gpus) if standing.whole_gpus > 0 && gpus <= standing.whole_gpus => {
                findings.warn(&RULE, path, text);
            }
            _ => findings.add(&RULE, path, text),
        }
    }
}

/// How many GPUs a list of devices names; none where it is more than a list of NVIDIA's devices by their own paths: a
/// number instead of a path, another spelling or a mount could be anything.
fn listed(value: &str) -> Option<u64> {
    if value.len() > LONGEST_LIST {
        return None;
    }
    let lines = value.split('\n').map(|l| l.trim_matches([' ', '\t', '\r']));
    let mut gpus = 0;
    for line in lines.filter(|l| !l.is_empty()) {
        let device = line.strip_prefix("- path: /dev/")?;
        match device.strip_prefix("nvidia") {
            Some(number) if is_number(number) => gpus += 1,
            _ if BESIDE.contains(&device) => {}
            _ => return None,
        }
    }
    (gpus > 0).then_some(gpus)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// In bytes; a list of all that a node has is much shorter.
pub(crate) const LONGEST_LIST: usize = 4000;

/// Devices that every user of a GPU opens, and the one by which GKE's TCPX lends memory to a network card.
pub(crate) const BESIDE: [&str; 4] = [
    "nvidiactl",
    "nvidia-uvm",
    "nvidia-uvm-tools",
    "dmabuf_import_helper",
];
