//! Host paths that lead to a node's GPUs, or to what hands them out or starts containers; a closed list that webhook,
//! guard and documents share.
//!
//! Sources: the defaults of containerd, CRI-O (`crio.conf(5)`), Docker, cri-dockerd, Podman, BuildKit and iSulad; of the
//! kubelet, the NRI and the OCI hooks of `containers-common`; of NVIDIA's device plugin, DRA driver and container
//! toolkit; of kubeadm, runc, Kata Containers and libvirt; and where k3s, RKE2, k0s, MicroK8s, Talos, Bottlerocket,
//! Container-Optimized OS, OpenShift and rpm-ostree systems, IBM Cloud, Tanzu and Huawei CCE keep the same.

/// A path of the node that leads past the device plugin.
#[derive(Debug)]
pub struct Road {
    /// The path, clean, as [`found`] compares it.
    pub path: &'static str,
    /// What it leads to.
    pub leads_to: &'static str,
    /// Names that only begin with the path count as well.
    pub is_prefix: bool,
    /// The highest folder above it that counts as containing it; the path itself where none does.
    pub above: &'static str,
}

/// A folder that is another one under a second name.
#[derive(Debug)]
pub struct Alias {
    /// The second name.
    pub path: &'static str,
    /// The first.
    pub means: &'static str,
    /// As of a [`Road`].
    pub above: &'static str,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// To something that no pod may reach.
    Leads(&'static str),
    /// It contains such a path, which leads to that.
    Contains(&'static str, &'static str),
    /// It is the folder of all processes, through whose links a privileged container reaches everything.
    Processes,
}

/// What the folders of processes are in.
pub(crate) const PROCESSES: &str = "/proc/";
/// The folder itself.
pub(crate) const ALL_PROCESSES: &str = "/proc";
/// The names of processes' folders besides numbers.
const SELF: [&str; 2] = ["self", "thread-self"];

const GPU: &str = "the node's GPUs";
const DRIVER: &str = "the driver's root and the MPS pipe and shared memory";
const FABRIC: &str = "the fabric manager, which divides the GPUs of the node";
const TOOLKIT: &str = "the configuration of NVIDIA's container toolkit";
const KUBELET: &str = "the kubelet's device sockets";
const IDENTITY: &str = "the kubelet's configuration and identity";
const CONTROL: &str = "the control plane's identities and data";
const CDI: &str = "the device specifications every container runtime reads";
const RUNTIME: &str = "the container runtime, and so to every container";
const HOOKS: &str = "hooks that the container runtime runs on the node";
const STATIC: &str = "static pods, which no admission sees";
const LINKS: &str = "the whole node, through a process's links";
const NODE: &str = "the whole node";

const fn road(path: &'static str, leads_to: &'static str) -> Road {
    Road {
        path,
        leads_to,
        is_prefix: false,
        above: "/",
    }
}

/// A road whose parents hold much else.
const fn hidden(path: &'static str, leads_to: &'static str) -> Road {
    Road {
        path,
        leads_to,
        is_prefix: false,
        above: path,
    }
}

/// The closed list, [`ALIASES`] applied. It ends with what a process's folder in [`PROCESSES`] is.
pub static ROADS: [Road; 86] = [
    Road {
        path: "/dev/nvidia",
        leads_to: GPU,
        is_prefix: true,
        above: "/",
    },
    road("/dev/char", GPU),
    road("/dev/fd", LINKS),
    road("/dev/stdin", LINKS),
    road("/dev/stdout", LINKS),
    road("/dev/stderr", LINKS),
    road("/run/nvidia", DRIVER),
    road("/run/nvidia-fabricmanager", FABRIC),
    hidden("/tmp/nvidia-mps", "the MPS pipe"),
    road("/etc/nvidia-container-runtime", TOOLKIT),
    road("/etc/nvidia-container-toolkit", TOOLKIT),
    hidden("/usr/local/nvidia/toolkit", TOOLKIT),
    road("/var/lib/kubelet/device-plugins", KUBELET),
    road("/var/lib/kubelet/pod-resources", KUBELET),
    road("/var/lib/kubelet/plugins_registry", KUBELET),
    road("/var/lib/kubelet/plugins/gpu.nvidia.com", KUBELET),
    road(
        "/var/lib/kubelet/plugins/compute-domain.nvidia.com",
        KUBELET,
    ),
    road("/var/lib/kubelet/pki", IDENTITY),
    road("/var/lib/kubelet/config.yaml", IDENTITY),
    road("/var/lib/kubelet/kubeconfig", IDENTITY),
    road("/var/lib/kubelet/bootstrap-kubeconfig", IDENTITY),
    road("/etc/kubernetes/kubelet", IDENTITY),
    road("/etc/kubernetes/kubelet.conf", IDENTITY),
    road("/etc/kubernetes/bootstrap-kubelet.conf", IDENTITY),
    road("/etc/kubernetes/admin.conf", IDENTITY),
    road("/etc/kubernetes/super-admin.conf", IDENTITY),
    road("/etc/kubernetes/controller-manager.conf", CONTROL),
    road("/etc/kubernetes/scheduler.conf", CONTROL),
    road("/etc/kubernetes/pki", CONTROL),
    road("/etc/srv/kubernetes", CONTROL),
    road("/var/lib/etcd", CONTROL),
    road("/etc/kubernetes/manifests", STATIC),
    road("/etc/kubernetes/static-pods", STATIC),
    road("/etc/kubernetes/static-pod-resources", STATIC),
    road("/etc/cdi", CDI),
    road("/run/cdi", CDI),
    road("/etc/nri", HOOKS),
    road("/opt/nri", HOOKS),
    road("/run/nri", HOOKS),
    road("/etc/containers/oci", HOOKS),
    road("/run/containers/oci", HOOKS),
    road("/usr/share/containers/oci", HOOKS),
    road("/usr/libexec/oci", HOOKS),
    road("/etc/containerd", RUNTIME),
    road("/etc/cri", RUNTIME),
    road("/etc/crio", RUNTIME),
    road("/etc/docker", RUNTIME),
    road("/etc/k0s", RUNTIME),
    road("/etc/rancher", RUNTIME),
    road("/run/api.sock", NODE),
    road("/run/buildkit", RUNTIME),
    road("/run/containerd", RUNTIME),
    road("/run/cri-dockerd.sock", RUNTIME),
    road("/run/crio", RUNTIME),
    road("/run/crio.sock", RUNTIME),
    road("/run/docker", RUNTIME),
    road("/run/docker.sock", RUNTIME),
    road("/run/dockershim.sock", RUNTIME),
    road("/run/host-containerd", RUNTIME),
    road("/run/isulad.sock", RUNTIME),
    road("/run/k0s", RUNTIME),
    road("/run/k3s/containerd", RUNTIME),
    road("/run/libvirt", RUNTIME),
    road("/run/machined", NODE),
    road("/run/podman", RUNTIME),
    road("/run/runc", RUNTIME),
    road("/run/user", RUNTIME),
    road("/run/vc", RUNTIME),
    road("/var/lib/containerd", RUNTIME),
    road("/var/lib/containers/storage", RUNTIME),
    road("/var/lib/docker/overlay2", RUNTIME),
    road("/var/data/cripersistentstorage", RUNTIME),
    road("/var/lib/k0s/bin", RUNTIME),
    road("/var/lib/k0s/containerd", RUNTIME),
    road("/var/lib/k0s/manifests", STATIC),
    road("/var/lib/k0s/pki", IDENTITY),
    road("/var/lib/rancher/k3s/agent", RUNTIME),
    road("/var/lib/rancher/k3s/server", STATIC),
    road("/var/lib/rancher/rke2/agent", RUNTIME),
    road("/var/lib/rancher/rke2/server", STATIC),
    road("/var/snap", RUNTIME),
    road("/var/vcap/jobs", RUNTIME),
    road("/var/vcap/sys/run", RUNTIME),
    road("/.bottlerocket", NODE),
    road("/ostree", NODE),
    road("/sysroot", NODE),
];

/// Second names of folders, applied one after the other to a clean path.
pub static ALIASES: [Alias; 9] = [
    alias(
        "/mnt/stateful_partition/var",
        "/var",
        "/mnt/stateful_partition",
    ),
    alias("/local/var", "/var", "/local"),
    alias("/system/run", "/run", "/system"),
    alias("/var/run", "/run", "/"),
    alias("/var/data/kubelet", "/var/lib/kubelet", "/"),
    alias("/var/lib/k0s/kubelet", "/var/lib/kubelet", "/"),
    alias("/var/vcap/data/kubelet", "/var/lib/kubelet", "/"),
    alias(
        "/mnt/paas/kubernetes/kubelet",
        "/var/lib/kubelet",
        "/mnt/paas",
    ),
    alias("/opt/rke/var/lib/kubelet", "/var/lib/kubelet", "/"),
];

const fn alias(path: &'static str, means: &'static str, above: &'static str) -> Alias {
    Alias { path, means, above }
}

/// What of a sub-path tells that it may lead from a folder that does not count as a parent to a road.
pub(crate) const TELLING: [&str; 4] = ["nvidia-mps", "toolkit", "stateful_partition", "paas"];

/// Where a path leads, however it is spelt.
pub fn found(path: &str) -> Option<Found> {
    let path = unaliased(&clean(path));
    if let Some(road) = ROADS.iter().find(|road| road.covers(&path)) {
        return Some(Found::Leads(road.leads_to));
    }
    if is_of_a_process(&path) {
        return Some(Found::Leads(LINKS));
    }
    if path == ALL_PROCESSES {
        return Some(Found::Processes);
    }
    let road = ROADS.iter().find(|road| road.is_below(&path));
    let alias = || ALIASES.iter().find(|alias| alias.is_below(&path));
    road.map(|road| Found::Contains(road.path, road.leads_to))
        .or_else(|| alias().map(|alias| Found::Contains(alias.path, NODE)))
}

/// Whether a clean path is one of interest, whatever it is called.
pub fn concerns(path: &str) -> bool {
    path == ALL_PROCESSES
        || path.starts_with(PROCESSES)
        || ROADS
            .iter()
            .any(|road| road.covers(path) || road.is_below(path))
        || ALIASES
            .iter()
            .any(|alias| is_within(path, alias.path) || alias.is_below(path))
}

impl Road {
    fn covers(&self, path: &str) -> bool {
        is_within(path, self.path) || self.is_prefix && path.starts_with(self.path)
    }

    fn is_below(&self, path: &str) -> bool {
        path != self.path && is_between(path, self.above, self.path)
    }

    /// The folders above it that count.
    pub(crate) fn parents(&self) -> impl Iterator<Item = &'static str> {
        parents(self.path, self.above)
    }
}

impl Alias {
    fn is_below(&self, path: &str) -> bool {
        path != self.path && is_between(path, self.above, self.path)
    }

    /// The folders above it that count.
    pub(crate) fn parents(&self) -> impl Iterator<Item = &'static str> {
        parents(self.path, self.above)
    }
}

/// The folders above a path from one of them on.
fn parents(path: &'static str, above: &'static str) -> impl Iterator<Item = &'static str> {
    let inner = path.match_indices('/').map(|(at, _)| at);
    let inner = inner.filter(|at| *at > 0);
    std::iter::once("/")
        .chain(inner.map(move |at| path.get(..at).unwrap_or_default()))
        .filter(move |folder| is_within(folder, above))
}

/// Whether a clean path is a process's folder or in it. Its root, working directory and open files are links that the
/// kubelet follows anywhere. From inside a container those of `/proc` itself need a privilege.
fn is_of_a_process(path: &str) -> bool {
    let rest = path.strip_prefix(PROCESSES);
    let first = rest.and_then(|p| p.split('/').next());
    first.is_some_and(|name| {
        SELF.contains(&name) || !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
    })
}

/// A clean path under its first name.
fn unaliased(path: &str) -> String {
    let mut path = path.to_owned();
    for alias in &ALIASES {
        if is_within(&path, alias.path) {
            path = path.replacen(alias.path, alias.means, 1);
        }
    }
    path
}

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

/// Whether a clean path is the upper folder, the lower one, or between them.
fn is_between(path: &str, upper: &str, lower: &str) -> bool {
    is_within(path, upper) && is_within(lower, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(path: &str) -> bool {
        matches!(found(path), Some(Found::Leads(_)))
    }

    #[test]
    fn every_road_is_clean_and_under_its_first_name() {
        for road in &ROADS {
            assert_eq!(unaliased(&clean(road.path)), road.path);
            assert!(
                leads(road.path) && is_within(road.path, road.above),
                "{}",
                road.path
            );
        }
    }

    #[test]
    fn no_road_is_within_another() {
        for road in &ROADS {
            let others = ROADS.iter().filter(|other| other.path != road.path);
            let around: Vec<&str> = others
                .filter(|o| o.covers(road.path))
                .map(|o| o.path)
                .collect();
            let known = road.path == "/dev/nvidia" || around.is_empty();
            assert!(known, "{} is within {around:?}", road.path);
        }
    }

    #[test]
    fn a_second_name_leads_where_the_first_does() {
        for alias in &ALIASES {
            for road in ROADS
                .iter()
                .filter(|road| is_within(road.path, alias.means))
            {
                let other = road.path.replacen(alias.means, alias.path, 1);
                assert!(leads(&other), "{other}");
            }
        }
        assert!(leads("/mnt/stateful_partition/var/run/nvidia/mps"));
    }

    #[test]
    fn what_is_hidden_in_a_common_folder_is_told_by_its_sub_path() {
        let roads = ROADS.iter().map(|road| road.above);
        let above = roads.chain(ALIASES.iter().map(|alias| alias.above));
        for above in above.filter(|above| above.matches('/').count() > 1) {
            let name = above.rsplit('/').next().unwrap_or_default();
            assert!(TELLING.contains(&name), "{above}");
        }
    }

    #[test]
    fn the_folders_above_a_path_begin_with_the_root() {
        let above: Vec<&str> = parents("/run/k3s/containerd", "/").collect();
        assert_eq!(above, ["/", "/run", "/run/k3s"]);
        assert_eq!(parents("/tmp/nvidia-mps", "/tmp/nvidia-mps").count(), 0);
    }
}
