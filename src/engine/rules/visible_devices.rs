//! `visible-devices`: refuses a pod that reaches GPUs past its request.

use crate::engine::line::{DecisionInput, taken_by};
use crate::engine::relevance::host_paths;
use crate::engine::relevance::injecting::is_injecting;
use crate::engine::relevance::reserved::{self, MIG_DEVICES, SWITCHES};
use crate::engine::rules::check::PodContext;
use crate::engine::vocabulary::{Findings, Rule, names, quoted};
use crate::facts::Pairs;
use crate::facts::pod::{Container, EnvVar, Place};

/// The rule.
pub static RULE: Rule = Rule::denies("visible-devices", include_str!("visible_devices.md"));

/// Looks for every way to name devices past the request: variables, mounts, annotations.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    for (place, container) in input.pod.all_containers() {
        in_container(place, container, context.hides_gpus, findings);
    }
    annotations(input, context, findings);
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
    let (of, visible) = (container.name(), names::VISIBLE_DEVICES);
    for (index, variable) in container.env().iter().enumerate() {
        let (message, fix) = if shows_devices(variable) {
            let name = quoted(variable.name());
            (
                format!("container {of} sets {name}, which shows it GPUs past its request"),
                "remove it; the device plugin sets what the request grants".to_owned(),
            )
        } else if is_open && variable.name() == LEGACY {
            (
                format!(
                    "container {of} sets {LEGACY}, for which NVIDIA's runtime shows it every GPU"
                ),
                format!("remove it, or set {visible} to void beside it"),
            )
        } else {
            continue;
        };
        findings.add(&RULE, format!("{place}/env/{index}"), (message, fix));
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
    let value = variable.literal();
    value.is_some_and(|value| NOTHING.contains(&value))
}

/// Whether a container neither has a GPU, whose plugin sets `NVIDIA_VISIBLE_DEVICES`, nor hides GPUs from itself.
pub fn is_open(container: &Container<'_>) -> bool {
    let mut env = container.env().iter();
    let says = |v: &EnvVar<'_>| v.name() == names::VISIBLE_DEVICES && shows_nothing(v);
    taken_by(container).next().is_none() && !env.any(says)
}

/// A whole ConfigMap or Secret under a prefix that turns its keys into such variables.
fn sources(place: Place, container: &Container<'_>, is_open: bool, findings: &mut Findings<'_>) {
    for (index, source) in container.env_from().iter().enumerate() {
        let prefix = source.prefix();
        let names = SWITCHES.into_iter().chain([names::VISIBLE_DEVICES]);
        let names = names.chain(MIG_DEVICES).chain(is_open.then_some(LEGACY));
        let beyond = MIG_DEVICES.iter().any(|open| prefix.starts_with(open));
        let mut spelt = names.filter(|name| name.starts_with(prefix) || beyond);
        if let Some(name) = spelt.next().filter(|_| !prefix.is_empty()) {
            let message = format!(
                "container {} takes variables from outside under the prefix {}, which spells {name}",
                container.name(),
                quoted(prefix),
            );
            let path = format!("{place}/envFrom/{index}");
            findings.add(&RULE, path, (message, "use another prefix"));
        }
    }
}

/// The folder whose entries the toolkit takes for device names.
fn mounts(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    for (index, mount) in container.mounts().iter().enumerate() {
        if !mount.path().contains(reserved::DEVICES) {
            continue;
        }
        let path = host_paths::clean(mount.path());
        let folder = path.strip_prefix("/var").unwrap_or(&path);
        if host_paths::is_within(folder, "/run/nvidia-container-devices") {
            let (of, path) = (container.name(), quoted(&path));
            let message = format!(
                "container {of} mounts {path}, by which the NVIDIA runtime is told devices"
            );
            let fix = "remove the mount; the device plugin makes it where it is needed";
            let path = format!("{place}/volumeMounts/{index}");
            findings.add(&RULE, path, (message, fix));
        }
    }
}

fn annotations(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    for (key, value) in input.pod.annotations().into_iter().flat_map(Pairs::iter) {
        if !is_injecting(key, input.pod, input.policy) {
            continue;
        }
        let path = names::annotation_pointer(key);
        let name = quoted(key);
        let message = format!("the annotation {name} injects devices or mounts past every request");
        let text = (message, "remove it; ask for devices as resources");
        let holds_all = key.starts_with(OF_A_NODE.0) && context.whole_gpus >= OF_A_NODE.1;
        match listed(value).filter(|_| holds_all) {
            Some(gpus) if gpus <= context.whole_gpus => findings.warn(&RULE, path, text),
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
