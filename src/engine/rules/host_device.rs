//! `host-device`: refuses host paths that lead to the node's GPUs.

use std::collections::HashMap;

use crate::engine::line::DecisionInput;
use crate::engine::relevance::host_paths;
use crate::engine::relevance::host_paths::PathTarget;
use crate::engine::relevance::reserved::{PIPES, PIPES_NAME};
use crate::engine::rules::check::PodContext;
use crate::engine::rules::privileged_share;
use crate::engine::rules::sub_path::SubPaths;
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::facts::pod::{Container, Place, Volume};

/// The rule.
pub static RULE: Rule = Rule::denies("host-device", include_str!("host_device.md"));

/// Looks at every host path of the pod, mounted or not, at the parts that are mounted, and at mounts over the MPS
/// pipe.
pub fn check(input: &DecisionInput<'_>, standing: PodContext<'_>, findings: &mut Findings<'_>) {
    let pod = input.pod;
    let is_lifted = standing.takes_gpu || privileged_share::lift(pod).is_some();
    let volumes = pod.spec.as_ref().and_then(|s| s.volumes.as_deref());
    let mut hosts: HashMap<&str, &str> = HashMap::new();
    for (index, volume) in volumes.unwrap_or_default().iter().enumerate() {
        let Some(path) = host_path(volume) else {
            continue;
        };
        if let Some(name) = volume.name.as_deref() {
            hosts.insert(name, path);
        }
        let at = || format!("/spec/volumes/{index}/hostPath/path");
        if let Some(found) = host_paths::target(path) {
            let path = host_paths::clean(path);
            say(
                found,
                &format!("host path {}", quoted(&path)),
                is_lifted,
                at(),
                findings,
            );
        }
    }
    let mut sub_paths = SubPaths::new(!standing.as_guard);
    for (place, container) in pod.all_containers() {
        over_the_pipe(place, container, findings);
        if !hosts.is_empty() {
            mounted(
                place,
                container,
                &hosts,
                is_lifted,
                &mut sub_paths,
                findings,
            );
        }
    }
}

fn host_path<'p>(volume: &'p Volume<'_>) -> Option<&'p str> {
    let host = volume.host_path.as_ref()?;
    Some(host.path.as_deref().unwrap_or_default())
}

/// The parts of host paths that a container mounts by `subPath`.
fn mounted(
    place: Place,
    container: &Container<'_>,
    hosts: &HashMap<&str, &str>,
    is_lifted: bool,
    sub_paths: &mut SubPaths,
    findings: &mut Findings<'_>,
) {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    for (index, mount) in mounts.iter().enumerate() {
        let volume = mount.name.as_deref().and_then(|name| hosts.get(name));
        let Some((volume, part)) = volume.zip(sub_paths.of(container, mount)) else {
            continue;
        };
        let path = format!("{volume}/{part}");
        match (host_paths::target(&path), host_paths::target(volume)) {
            // The finding about the volume covers it.
            (None, _) | (Some(PathTarget::Contains(..)), Some(_)) | (_, Some(PathTarget::Leads(_))) => {}
            (Some(found), _) => {
                let path = host_paths::clean(&path);
                let what = format!(
                    "container {} mounts host path {}, which",
                    container.name(),
                    quoted(&path)
                );
                let at = format!("{place}/volumeMounts/{index}");
                say(found, &what, is_lifted, at, findings);
            }
        }
    }
}

fn say(found: PathTarget, what: &str, is_lifted: bool, at: String, findings: &mut Findings<'_>) {
    let (message, fix) = match found {
        PathTarget::Leads(to) => (
            format!("{what} leads to {to}"),
            "remove the volume; the device plugin brings what a container needs",
        ),
        PathTarget::Contains(road, to) => (
            format!("{what} contains {road}, which leads to {to}"),
            "mount the folder that is needed instead of its parent",
        ),
        PathTarget::Processes => (
            format!("{what} shows every process of the node"),
            "mount the files that are needed, such as /proc/stat",
        ),
    };
    let text = (message, fix.to_owned());
    match found {
        PathTarget::Leads(_) => findings.add(&RULE, at, text),
        PathTarget::Contains(..) if is_lifted => findings.add(&RULE, at, text),
        // Every node exporter mounts such a parent, without a GPU and without privilege.
        PathTarget::Contains(..) | PathTarget::Processes => findings.warn(&RULE, at, text),
    }
}

/// A mount over the MPS pipe does what another `CUDA_MPS_PIPE_DIRECTORY` does: the process is no MPS client.
pub fn over_the_pipe(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    for (index, mount) in mounts.iter().enumerate() {
        let written = mount.mount_path.as_deref().unwrap_or_default();
        if !written.contains(PIPES_NAME) || !host_paths::clean(written).starts_with(PIPES) {
            continue;
        }
        let message = format!(
            "container {} mounts {} over the pipe of the MPS daemon, without which no limit holds",
            container.name(),
            quoted(written)
        );
        let fix = "remove the mount; the device plugin makes it where it is needed".to_owned();
        findings.add(
            &RULE,
            format!("{place}/volumeMounts/{index}"),
            (message, fix),
        );
    }
}
