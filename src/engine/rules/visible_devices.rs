//! `visible-devices`: refuses a pod that reaches GPUs past its request.

use crate::engine::line::{DecisionInput, taken_by};
use crate::engine::relevance::host_paths;
use crate::engine::relevance::injecting::is_injecting;
use crate::engine::relevance::reserved::{self, MIG_DEVICES, SWITCHES};
use crate::engine::rules::check::PodContext;
use crate::engine::vocabulary::{Findings, Policy, Rule, names, quoted};
use crate::engine::vocabulary::names::pointer;
use crate::facts::Pod;
use crate::facts::pod::{Container, EnvVar, Place};

/// The rule.
pub static RULE: Rule = Rule::denies("visible-devices", include_str!("visible_devices.md"));

/// Looks for every way to name devices past the request: variables, mounts, annotations.
pub fn check(input: &DecisionInput<'_>, standing: PodContext<'_>, findings: &mut Findings<'_>) {
    let DecisionInput { pod, policy, .. } = *input;
    for (place, container) in pod.all_containers() {
        in_container(place, container, standing.hides_gpus, findings);
    }
    annotations(pod, standing, policy, findings);
}

/// Looks for them in one container. `hides_gpus`: a container without a GPU that does not set `NVIDIA_VISIBLE_DEVICES`
/// is given `void`.
pub fn in_container(
    place: Place,
    container: &Container<'_>,
    hides_gpus: bool,
    findings: &mut Findings<'_>,
) {
    let is_open = !hides_gpus && is_open(container);
    for (index, variable) in container.env().iter().enumerate() {
        let name = variable.name();
        let text = if shows_devices(variable) {
            let message = format!(
                "container {} sets {}, which shows it GPUs past its request",
                container.name(),
                quoted(name)
            );
            (
                message,
                "remove it; the device plugin sets what the request grants".to_owned(),
            )
        } else if is_open && name == LEGACY {
            let message = format!(
                "container {} sets {LEGACY}, for which NVIDIA's runtime shows it every GPU",
                container.name()
            );
            (
                message,
                format!(
                    "remove it, or set {} to void beside it",
                    names::VISIBLE_DEVICES
                ),
            )
        } else {
            continue;
        };
        findings.add(&RULE, format!("{place}/env/{index}"), text);
    }
    sources(place, container, is_open, findings);
    mounts(place, container, findings);
}

/// With it the toolkit takes an image for one from before `NVIDIA_VISIBLE_DEVICES`, and reads an absent
/// `NVIDIA_VISIBLE_DEVICES` as `all` (`internal/config/image/cuda_image.go`, `IsLegacy`).
pub const LEGACY: &str = "CUDA_VERSION";

/// The values of `NVIDIA_VISIBLE_DEVICES` that show no device.
pub(crate) const NOTHING: [&str; 3] = ["", "void", "none"];

fn shows_devices(variable: &EnvVar<'_>) -> bool {
    let name = variable.name();
    if name == names::VISIBLE_DEVICES {
        return !shows_nothing(variable);
    }
    MIG_DEVICES.iter().any(|open| name.starts_with(open)) || SWITCHES.contains(&name)
}

fn shows_nothing(variable: &EnvVar<'_>) -> bool {
    variable
        .literal()
        .is_some_and(|value| NOTHING.contains(&value))
}

/// Whether a container neither has a GPU, whose plugin sets `NVIDIA_VISIBLE_DEVICES`, nor hides GPUs from itself.
pub fn is_open(container: &Container<'_>) -> bool {
    let mut env = container.env().iter();
    let says = |v: &EnvVar<'_>| v.name() == names::VISIBLE_DEVICES && shows_nothing(v);
    taken_by(container).next().is_none() && !env.any(says)
}

/// A whole ConfigMap or Secret under a prefix that turns its keys into such variables.
fn sources(place: Place, container: &Container<'_>, is_open: bool, findings: &mut Findings<'_>) {
    let sources = container.env_from.as_deref().unwrap_or_default();
    for (index, source) in sources.iter().enumerate() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        let names = SWITCHES.into_iter().chain([names::VISIBLE_DEVICES]);
        let names = names.chain(MIG_DEVICES).chain(is_open.then_some(LEGACY));
        let beyond = MIG_DEVICES.iter().any(|open| prefix.starts_with(open));
        let mut spelt = names.filter(|name: &&str| name.starts_with(prefix) || beyond);
        let Some(name) = spelt.next().filter(|_| !prefix.is_empty()) else {
            continue;
        };
        let message = format!(
            "container {} takes variables from outside under the prefix {}, which spells {name}",
            container.name(),
            quoted(prefix),
        );
        let fix = "use another prefix".to_owned();
        findings.add(&RULE, format!("{place}/envFrom/{index}"), (message, fix));
    }
}

/// The folder whose entries the toolkit takes for device names.
fn mounts(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    for (index, mount) in mounts.iter().enumerate() {
        let written = mount.mount_path.as_deref().unwrap_or_default();
        if !written.contains(reserved::DEVICES) {
            continue;
        }
        let path = host_paths::clean(written);
        if !host_paths::is_within(&path, "/var/run/nvidia-container-devices")
            && !host_paths::is_within(&path, "/run/nvidia-container-devices")
        {
            continue;
        }
        let message = format!(
            "container {} mounts {}, by which the NVIDIA runtime is told devices",
            container.name(),
            quoted(&path)
        );
        let fix = "remove the mount; the device plugin makes it where it is needed".to_owned();
        findings.add(
            &RULE,
            format!("{place}/volumeMounts/{index}"),
            (message, fix),
        );
    }
}

fn annotations(pod: &Pod<'_>, standing: PodContext<'_>, policy: &Policy, findings: &mut Findings<'_>) {
    for (key, value) in pod.annotations().into_iter().flat_map(|a| a.iter()) {
        if !is_injecting(key, pod, policy) {
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
        let holds_all = key.starts_with(OF_A_NODE.0) && standing.whole_gpus >= OF_A_NODE.1;
        match listed(value).filter(|_| holds_all) {
            Some(gpus) if gpus <= standing.whole_gpus => findings.warn(&RULE, path, text),
            _ => findings.add(&RULE, path, text),
        }
    }
}

/// By this annotation GKE's TCPX lists the GPUs that a pod holds anyway, on machines of so many GPUs (A3). A pod with
/// fewer could list those of others: the device plugin, not the pod, chooses which GPUs a pod holds.
pub(crate) const OF_A_NODE: (&str, u64) = ("devices.gke.io/container.", 8);

/// How many GPUs a list of devices names; none where the list has anything but NVIDIA's devices by their own paths: a
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
