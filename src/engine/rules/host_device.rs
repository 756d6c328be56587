//! `host-device`: refuses host paths that lead to the node's GPUs.

use super::{Standing, privileged_share};
use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "host-device",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a hostPath to GPU devices, MPS, the driver root, or what hands them out",
    cause: "A volume, mounted or not, is a hostPath to /dev/nvidia*, the MPS pipe or shm, the \
        driver root, the kubelet's device-plugin or pod-resources sockets, CDI folders, \
        container runtime or NRI sockets, /dev/char, static manifests, or the folder of a process \
        in /proc, whose links lead anywhere. Paths are cleaned before they are compared. A parent of such a path is refused in a pod that has a GPU or \
        is privileged; elsewhere it is a warning. Folders that hold only driver libraries, such \
        as GKE's, are allowed.",
    risk: "Through the MPS pipe any pod can join the MPS server of the node without a request, and \
        through the sockets it can take devices, or start containers that no webhook sees.",
    fix: "Ask for nvidia.com/gpu instead; the device plugin and the runtime bring devices and \
        libraries. Device plugins and monitoring agents belong in a namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  volumes:
  - name: dev
    hostPath: {path: /dev/nvidia0}
  containers:
  - name: main
    image: registry.example/app:1
    volumeMounts:
    - {name: dev, mountPath: /dev/nvidia0}
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

/// Looks at every host path of the pod, mounted or not.
pub fn check(pod: &Pod<'_>, standing: Standing, findings: &mut Findings<'_>) {
    let volumes = pod.spec.as_ref().and_then(|s| s.volumes.as_deref());
    for (index, volume) in volumes.unwrap_or_default().iter().enumerate() {
        let Some(host) = &volume.host_path else {
            continue;
        };
        let path = clean(host.path.as_deref().unwrap_or_default());
        let at = format!("/spec/volumes/{index}/hostPath/path");
        let road = ROADS.iter().find(|r| r.covers(&path)).map(|r| r.leads_to);
        if let Some(leads_to) = road.or(is_of_a_process(&path).then_some(NODE)) {
            let message = format!("host path {path} leads to {leads_to}");
            let fix =
                "remove the volume; the device plugin brings what a container needs".to_owned();
            findings.add(&RULE, at, (message, fix));
            continue;
        }
        let Some(road) = ROADS.iter().find(|r| r.is_below(&path)) else {
            continue;
        };
        let message = format!(
            "host path {path} contains {}, which leads to {}",
            road.path, road.leads_to
        );
        let fix = "mount the folder that is needed instead of its parent".to_owned();
        // Without a GPU and without privilege a parent is what every node exporter mounts.
        match standing.takes_gpu || privileged_share::lift(pod).is_some() {
            true => findings.add(&RULE, at, (message, fix)),
            false => findings.warn(&RULE, at, (message, fix)),
        }
    }
}

/// A path of the node that leads past the device plugin.
pub(crate) struct Road {
    pub(crate) path: &'static str,
    leads_to: &'static str,
    /// Names that only begin with the path count as well.
    pub(crate) is_prefix: bool,
    /// Folders above it matter.
    pub(crate) has_parents: bool,
}

impl Road {
    /// Whether a clean path leads there, or to a folder above.
    pub(in crate::engine) fn concerns(&self, path: &str) -> bool {
        self.covers(path) || self.is_below(path)
    }

    fn is_below(&self, path: &str) -> bool {
        self.has_parents && is_within(self.path, path)
    }

    fn covers(&self, path: &str) -> bool {
        is_within(path, self.path) || self.is_prefix && path.starts_with(self.path)
    }
}

const fn road(path: &'static str, leads_to: &'static str) -> Road {
    Road {
        path,
        leads_to,
        is_prefix: false,
        has_parents: true,
    }
}

/// What the folders of processes are in.
pub(crate) const PROCESSES: &str = "/proc/";

/// Whether a clean path is a process's folder or in it. Its root, working directory and open files are links that the
/// kubelet follows anywhere. `/proc` itself is what every node exporter mounts, and from inside a container those links
/// need a privilege.
fn is_of_a_process(path: &str) -> bool {
    let first = path
        .strip_prefix(PROCESSES)
        .and_then(|p| p.split('/').next());
    first.is_some_and(|name| {
        matches!(name, "self" | "thread-self")
            || !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
    })
}

const NODE: &str = "the whole node, through a process's links";
const STATIC: &str = "static pods, which no admission sees";
const GPU: &str = "the node's GPUs";
const DRIVER: &str = "the driver's root and the MPS pipe and shared memory";
const KUBELET: &str = "the kubelet's device sockets";
const CDI: &str = "the device specifications every container runtime reads";
const RUNTIME: &str = "the container runtime, and so to every container";

/// `/var/run` is a link to `/run` on most nodes, so both are listed.
pub(crate) static ROADS: [Road; 26] = [
    Road {
        path: "/dev/nvidia",
        leads_to: GPU,
        is_prefix: true,
        has_parents: true,
    },
    road("/dev/char", GPU),
    road("/run/nvidia", DRIVER),
    road("/var/run/nvidia", DRIVER),
    Road {
        path: "/tmp/nvidia-mps",
        leads_to: "the MPS pipe",
        is_prefix: false,
        has_parents: false,
    },
    road("/var/lib/kubelet/device-plugins", KUBELET),
    road("/var/lib/kubelet/pod-resources", KUBELET),
    road("/etc/cdi", CDI),
    road("/run/cdi", CDI),
    road("/var/run/cdi", CDI),
    road("/run/containerd", RUNTIME),
    road("/var/run/containerd", RUNTIME),
    road("/run/k3s/containerd", RUNTIME),
    road("/run/crio", RUNTIME),
    road("/var/run/crio", RUNTIME),
    road("/run/docker.sock", RUNTIME),
    road("/var/run/docker.sock", RUNTIME),
    road("/run/cri-dockerd.sock", RUNTIME),
    road("/var/run/cri-dockerd.sock", RUNTIME),
    road("/run/nri", RUNTIME),
    road("/var/run/nri", RUNTIME),
    road("/run/k0s", RUNTIME),
    road("/var/run/k0s", RUNTIME),
    road("/etc/kubernetes/manifests", STATIC),
    road("/var/lib/rancher/k3s/agent/pod-manifests", STATIC),
    road("/var/lib/rancher/rke2/agent/pod-manifests", STATIC),
];

/// A path without empty, `.` and `..` parts, absolute.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether a clean path is the folder or inside it.
pub fn is_within(path: &str, folder: &str) -> bool {
    folder == "/"
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
