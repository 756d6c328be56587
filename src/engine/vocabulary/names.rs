//! Every name that users, nodes and other tools see: annotations, labels, resources.

/// The prefix of all slicegate keys.
pub const PREFIX: &str = "slicegate.dev/";
/// What a key of slicegate's has in it that is for one container, or for whatever else comes below its domain.
pub const BELOW: &str = ".slicegate.dev/";
/// On a Namespace: `enforce`, `dry-run` or `off`. On a Pod: `off`.
pub const MODE: &str = "slicegate.dev/mode";
/// On a Namespace or a Pod: the name of a tier.
pub const TIER: &str = "slicegate.dev/tier";
/// On a Namespace: the list of tiers its pods may name.
pub const ALLOWED_TIERS: &str = "slicegate.dev/allowed-tiers";
/// Annotation: the boundary, or a part of it. Label: the boundary a pod was given.
pub const TRUST_BOUNDARY: &str = "slicegate.dev/trust-boundary";
/// On a Namespace: the list of namespaces that may join the boundary of its name.
pub const BOUNDARY_MEMBERS: &str = "slicegate.dev/boundary-members";
/// In that list: any namespace.
pub const ANYBODY: &str = "*";
/// Annotation: the strategy asked for. Label: the strategy given.
pub const STRATEGY: &str = "slicegate.dev/strategy";
/// Memory on each device asked for.
pub const GPU_MEMORY: &str = "slicegate.dev/gpu-memory";
/// A share of a device, memory and compute.
pub const GPU_FRACTION: &str = "slicegate.dev/gpu-fraction";
/// A share of a device's compute, in percent.
pub const GPU_COMPUTE: &str = "slicegate.dev/gpu-compute";
/// Product names, `*` as wildcard.
pub const GPU_PRODUCTS: &str = "slicegate.dev/gpu-products";
/// What the pod is, in place of what is detected.
pub const WORKLOAD: &str = "slicegate.dev/workload";
/// Prefix of the form for one container: `gpu-memory.slicegate.dev/<container>`.
pub const CONTAINER_MEMORY: &str = "gpu-memory.slicegate.dev/";
/// Prefix of the form for one container.
pub const CONTAINER_FRACTION: &str = "gpu-fraction.slicegate.dev/";
/// Prefix of the form for one container.
pub const CONTAINER_COMPUTE: &str = "gpu-compute.slicegate.dev/";
/// What the keys of slicegate's annotations on a pod begin with.
pub const KEYS: [&str; 4] = [
    PREFIX,
    CONTAINER_MEMORY,
    CONTAINER_FRACTION,
    CONTAINER_COMPUTE,
];
/// The receipt: what was decided, as compact JSON. Output only.
pub const DECISION: &str = "slicegate.dev/decision";
/// Label: the user id of an MPS pod, or `image`.
pub const MPS_USER: &str = "slicegate.dev/mps-user";
/// The boundary label of tiers with `coTenancy: any`. Upper case, so that no namespace can bear it.
pub const ANY: &str = "ANY";
/// The value of the `mps-user` label where only the image knows.
pub const IMAGE: &str = "image";
/// Node label of the `node-label` placement; the prefix is one kubelets may not write.
pub const NODE_BOUNDARY: &str = "slicegate.node-restriction.kubernetes.io/trust-boundary";
/// What anti-affinity is counted by.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// The whole GPU, and also what un-renamed sharing and MIG `single` sell.
pub const GPU: &str = "nvidia.com/gpu";
/// What renamed sharing sells.
pub const GPU_SHARED: &str = "nvidia.com/gpu.shared";
/// The prefix of MIG slices under strategy `mixed`.
pub const MIG: &str = "nvidia.com/mig-";
/// The suffix the device plugin gives renamed shared resources.
pub const SHARED_SUFFIX: &str = ".shared";
/// The taint GPU nodes carry by convention (NVIDIA GPU operator values.yaml).
pub const GPU_TAINT: &str = "nvidia.com/gpu";

/// Hides every GPU from a container where the NVIDIA runtime would show some.
pub const VISIBLE_DEVICES: &str = "NVIDIA_VISIBLE_DEVICES";
/// What a container needs of the driver besides CUDA.
pub const DRIVER_CAPABILITIES: &str = "NVIDIA_DRIVER_CAPABILITIES";
/// Memory cap of an MPS client process.
pub const MPS_MEMORY: &str = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT";
/// Compute cap of an MPS client process, in percent.
pub const MPS_THREADS: &str = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE";
/// What the variables of NVIDIA's runtime and of MPS begin with.
pub const VARIABLES: [&str; 3] = ["NVIDIA_", "CUDA_MPS_", "CUDA_VERSION"];

/// Namespaces that are never matched in a cluster unless the installation says otherwise.
pub const EXCLUDED_NAMESPACES: [&str; 3] = ["kube-system", "slicegate-system", "gpu-operator"];

/// Whether a key is slicegate's, known or not: below `slicegate.dev/` or a domain of it.
pub fn is_own_key(key: &str) -> bool {
    key.starts_with(PREFIX) || key.contains(BELOW)
}

/// Whether a resource is one the stock device plugin advertises for GPUs.
pub fn is_gpu_resource(name: &str) -> bool {
    name == GPU || name == GPU_SHARED || is_mig(name)
}

/// Whether a resource is a MIG slice, shared or not.
pub fn is_mig(name: &str) -> bool {
    name.len() > MIG.len() && name.starts_with(MIG)
}

/// A MIG resource's profile as the plugin writes it: `1g.10gb.me` of `nvidia.com/mig-1g.10gb.me.shared`.
pub fn mig_profile(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(MIG)?;
    Some(rest.strip_suffix(SHARED_SUFFIX).unwrap_or(rest))
}

/// Whether a text can be a trust boundary: an RFC 1123 label.
pub fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let edge = |b: Option<&u8>| b.is_some_and(|b| inner(*b) && *b != b'-');
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| inner(*b))
}

/// A JSON pointer token.
pub fn pointer(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// What the labels of a resource begin with, whatever sharing renamed.
pub fn labels_of(resource: &str) -> &str {
    resource.strip_suffix(SHARED_SUFFIX).unwrap_or(resource)
}

/// Whether a resource can only come from a device plugin that renamed shared GPUs.
pub fn is_renamed(resource: &str) -> bool {
    resource == GPU_SHARED || resource.ends_with(SHARED_SUFFIX)
}

/// Whether an annotation requests a size.
pub fn is_size(key: &str) -> bool {
    matches!(key, GPU_MEMORY | GPU_FRACTION | GPU_COMPUTE)
        || [CONTAINER_MEMORY, CONTAINER_FRACTION, CONTAINER_COMPUTE]
            .iter()
            .any(|prefix| key.starts_with(prefix))
}
