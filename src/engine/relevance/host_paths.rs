//! Host paths that lead to a node's GPUs, or to what hands them out or starts containers; a closed list that webhook,
//! guard and documents share.
//!
//! Sources: the defaults of containerd, CRI-O (`crio.conf(5)`), Docker, cri-dockerd, Podman, BuildKit and iSulad; of
//! the kubelet, the NRI and the OCI hooks of `containers-common`; of NVIDIA's device plugin, DRA driver and container
//! toolkit; of kubeadm, runc, Kata Containers and libvirt; and where k3s, RKE2, k0s, MicroK8s, Talos, Bottlerocket,
//! Container-Optimized OS, OpenShift and rpm-ostree systems, IBM Cloud, Tanzu and Huawei CCE keep the same.

use std::sync::LazyLock;

/// A path of the node that bypasses the device plugin.
#[derive(Debug)]
pub struct SensitivePath {
    /// The path, clean, as [`target`] compares it.
    pub path: &'static str,
    /// What it leads to.
    pub leads_to: &'static str,
    /// Names that begin with the path count too.
    pub is_prefix: bool,
    /// The highest parent folder that counts as containing it; the path itself if no parent does.
    pub above: &'static str,
}

/// A second name of a folder.
#[derive(Debug)]
pub struct PathAlias {
    /// The second name.
    pub path: &'static str,
    /// The first.
    pub means: &'static str,
    /// As in [`SensitivePath`].
    pub above: &'static str,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathTarget {
    /// Something that no pod may reach.
    Leads(&'static str),
    /// A folder with such a path, and what that path leads to.
    Contains(&'static str, &'static str),
    /// The folder of all processes; through its links a privileged container reaches everything.
    Processes,
}

/// The parent of processes' folders.
pub(crate) const PROCESSES: &str = "/proc/";
/// The same without the slash.
pub(crate) const ALL_PROCESSES: &str = "/proc";
/// The names of processes' folders besides numbers.
const SELF: [&str; 2] = ["self", "thread-self"];

const LINKS: &str = "the whole node, through a process's links";
const NODE: &str = "the whole node";

/// The closed list, after [`ALIASES`] are applied. Folders of processes in [`PROCESSES`] count too.
pub static SENSITIVE_PATHS: LazyLock<Vec<SensitivePath>> = LazyLock::new(|| {
    let lines = include_str!("host_paths.txt").lines();
    let lines = lines.filter_map(|line| line.split_once(": "));
    let paths = lines.flat_map(|(to, paths)| paths.split(' ').map(move |path| (to, path)));
    let entry = |(leads_to, written): (&'static str, &'static str)| {
        let path = written.trim_end_matches(['*', '!']);
        SensitivePath {
            path,
            leads_to,
            is_prefix: written.ends_with('*'),
            above: if written.ends_with('!') { path } else { "/" },
        }
    };
    paths
        .filter(|(to, _)| !to.starts_with('#'))
        .map(entry)
        .collect()
});

/// Second names of folders, replaced in this order in a clean path.
pub static ALIASES: [PathAlias; 9] = [
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

const fn alias(path: &'static str, means: &'static str, above: &'static str) -> PathAlias {
    PathAlias { path, means, above }
}

/// Names in a sub-path that may lead from a common folder to a sensitive path.
pub(crate) const TELLTALE_NAMES: [&str; 4] =
    ["nvidia-mps", "toolkit", "stateful_partition", "paas"];

/// What a path leads to, in any spelling.
pub fn target(path: &str) -> Option<PathTarget> {
    let path = unaliased(&clean(path));
    if let Some(entry) = SENSITIVE_PATHS.iter().find(|entry| entry.covers(&path)) {
        return Some(PathTarget::Leads(entry.leads_to));
    }
    if is_of_a_process(&path) {
        return Some(PathTarget::Leads(LINKS));
    }
    if path == ALL_PROCESSES {
        return Some(PathTarget::Processes);
    }
    let aliases = ALIASES.iter().map(|alias| (alias.path, NODE, alias.above));
    let mut paths = SENSITIVE_PATHS
        .iter()
        .map(|entry| (entry.path, entry.leads_to, entry.above))
        .chain(aliases);
    let (inner, leads_to, _) = paths.find(|(inner, _, above)| contains(&path, inner, above))?;
    Some(PathTarget::Contains(inner, leads_to))
}

/// Whether a clean path is or contains a sensitive one, by its first or second name.
pub fn concerns(path: &str) -> bool {
    path == ALL_PROCESSES
        || path.starts_with(PROCESSES)
        || SENSITIVE_PATHS
            .iter()
            .any(|entry| entry.covers(path) || contains(path, entry.path, entry.above))
        || ALIASES
            .iter()
            .any(|alias| is_within(path, alias.path) || contains(path, alias.path, alias.above))
}

/// The folders above all sensitive paths and aliases that count as containing one.
pub(crate) fn all_parents() -> impl Iterator<Item = &'static str> {
    let paths = SENSITIVE_PATHS
        .iter()
        .map(|entry| (entry.path, entry.above));
    let aliases = ALIASES.iter().map(|alias| (alias.path, alias.above));
    paths
        .chain(aliases)
        .flat_map(|(path, above)| parents(path, above))
}

impl SensitivePath {
    fn covers(&self, path: &str) -> bool {
        is_within(path, self.path) || self.is_prefix && path.starts_with(self.path)
    }

    /// What covered paths begin with, if they end with a slash.
    pub(crate) fn prefix(&self) -> String {
        if self.is_prefix {
            self.path.to_owned()
        } else {
            format!("{}/", self.path)
        }
    }
}

/// The folders above a path from one of them on.
fn parents(path: &'static str, above: &'static str) -> impl Iterator<Item = &'static str> {
    let slashes = path.match_indices('/').skip(1);
    std::iter::once("/")
        .chain(slashes.map(move |(at, _)| path.get(..at).unwrap_or_default()))
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

/// A clean path with its second names replaced.
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

/// Whether a clean path is a folder above the inner one, from `above` on.
fn contains(path: &str, inner: &str, above: &str) -> bool {
    path != inner && is_within(path, above) && is_within(inner, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(path: &str) -> bool {
        matches!(target(path), Some(PathTarget::Leads(_)))
    }

    #[test]
    fn every_road_is_clean_and_under_its_first_name() {
        for entry in SENSITIVE_PATHS.iter() {
            assert_eq!(unaliased(&clean(entry.path)), entry.path);
            assert!(
                leads(entry.path) && is_within(entry.path, entry.above),
                "{}",
                entry.path
            );
        }
    }

    #[test]
    fn no_road_is_within_another() {
        for entry in SENSITIVE_PATHS.iter() {
            let others = SENSITIVE_PATHS
                .iter()
                .filter(|other| other.path != entry.path);
            let around: Vec<&str> = others
                .filter(|o| o.covers(entry.path))
                .map(|o| o.path)
                .collect();
            let known = entry.path == "/dev/nvidia" || around.is_empty();
            assert!(known, "{} is within {around:?}", entry.path);
        }
    }

    #[test]
    fn a_second_name_leads_where_the_first_does() {
        for alias in &ALIASES {
            for entry in SENSITIVE_PATHS
                .iter()
                .filter(|entry| is_within(entry.path, alias.means))
            {
                let other = entry.path.replacen(alias.means, alias.path, 1);
                assert!(leads(&other), "{other}");
            }
        }
        assert!(leads("/mnt/stateful_partition/var/run/nvidia/mps"));
    }

    #[test]
    fn what_is_hidden_in_a_common_folder_is_told_by_its_sub_path() {
        let roads = SENSITIVE_PATHS.iter().map(|entry| entry.above);
        let above = roads.chain(ALIASES.iter().map(|alias| alias.above));
        for above in above.filter(|above| above.matches('/').count() > 1) {
            let name = above.rsplit('/').next().unwrap_or_default();
            assert!(TELLTALE_NAMES.contains(&name), "{above}");
        }
    }

    #[test]
    fn the_folders_above_a_path_begin_with_the_root() {
        let above: Vec<&str> = parents("/run/k3s/containerd", "/").collect();
        assert_eq!(above, ["/", "/run", "/run/k3s"]);
        assert_eq!(parents("/tmp/nvidia-mps", "/tmp/nvidia-mps").count(), 0);
    }
}
