//! `host-device`: refuses host paths that lead to the node's GPUs.

use std::collections::HashMap;

use crate::engine::line::DecisionInput;
use crate::engine::relevance::host_paths::{self, PathTarget};
use crate::engine::relevance::reserved::{PIPES, PIPES_NAME};
use crate::engine::rules::check::PodContext;
use crate::engine::rules::privileged_share::{is_root, of_pod};
use crate::engine::rules::sub_path::SubPaths;
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::facts::pod::{Container, Place};

/// The rule.
pub static RULE: Rule = Rule::denies("host-device", include_str!("host_device.md"));

/// Looks at every host path of the pod, mounted or not, at the parts that are mounted by `subPath`, and at mounts over
/// the MPS pipe.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    let pod = input.pod;
    let is_strict = context.takes_gpu || of_pod(pod, is_root).is_some();
    let mut hosts: HashMap<&str, &str> = HashMap::new();
    for (index, volume) in pod.volumes().iter().enumerate() {
        let Some(host) = &volume.host_path else {
            continue;
        };
        let path = host.path.as_deref().unwrap_or_default();
        if let Some(name) = volume.name.as_deref() {
            hosts.insert(name, path);
        }
        if let Some(target) = host_paths::target(path) {
            let what = format!("host path {}", quoted(&host_paths::clean(path)));
            let at = format!("/spec/volumes/{index}/hostPath/path");
            add(target, &what, is_strict, at, findings);
        }
    }
    let mut sub_paths = SubPaths::new();
    for (place, container) in pod.all_containers() {
        over_the_pipe(place, container, findings);
        if hosts.is_empty() {
            continue;
        }
        for (index, mount) in container.mounts().iter().enumerate() {
            let volume = mount.name.as_deref().and_then(|name| hosts.get(name));
            let Some((volume, part)) = volume.zip(sub_paths.of(container, mount)) else {
                continue;
            };
            let path = format!("{volume}/{part}");
            let target = match (host_paths::target(&path), host_paths::target(volume)) {
                // The finding about the volume covers it.
                (Some(PathTarget::Contains(..)), Some(_)) | (_, Some(PathTarget::Leads(_))) => None,
                (target, _) => target,
            };
            if let Some(target) = target {
                let what = format!(
                    "container {} mounts host path {}, which",
                    container.name(),
                    quoted(&host_paths::clean(&path))
                );
                let at = format!("{place}/volumeMounts/{index}");
                add(target, &what, is_strict, at, findings);
            }
        }
    }
}

/// `is_strict`: a parent of a sensitive path counts too. Every node exporter mounts one, without a GPU and without
/// privilege.
fn add(target: PathTarget, what: &str, is_strict: bool, at: String, findings: &mut Findings<'_>) {
    let (is_refused, message, fix) = match target {
        PathTarget::Leads(to) => (
            true,
            format!("{what} leads to {to}"),
            "remove the volume; the device plugin brings what a container needs",
        ),
        PathTarget::Contains(path, to) => (
            is_strict,
            format!("{what} contains {path}, which leads to {to}"),
            "mount the folder that is needed instead of its parent",
        ),
        PathTarget::Processes => (
            false,
            format!("{what} shows every process of the node"),
            "mount the files that are needed, such as /proc/stat",
        ),
    };
    if is_refused {
        findings.add(&RULE, at, (message, fix));
    } else {
        findings.warn(&RULE, at, (message, fix));
    }
}

/// A mount over the MPS pipe does what another `CUDA_MPS_PIPE_DIRECTORY` does: the process is no MPS client.
pub fn over_the_pipe(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    for (index, mount) in container.mounts().iter().enumerate() {
        let written = mount.path();
        if written.contains(PIPES_NAME) && host_paths::clean(written).starts_with(PIPES) {
            let message = format!(
                "container {} mounts {} over the pipe of the MPS daemon, without which no limit holds",
                container.name(),
                quoted(written)
            );
            let fix = "remove the mount; the device plugin makes it where it is needed";
            let path = format!("{place}/volumeMounts/{index}");
            findings.add(&RULE, path, (message, fix));
        }
    }
}
