//! All names that users, nodes and other tools see: annotations, labels, resources.

/// The prefix of all slicegate keys.
pub const PREFIX: &str = "slicegate.dev/";
/// The domain in slicegate's keys for one container, and in all other keys below the domain.
pub const BELOW: &str = ".slicegate.dev/";
/// On a Namespace: `enforce`, `dry-run` or `off`. On a Pod: `off`.
pub const MODE: &str = "slicegate.dev/mode";
/// On a Namespace or a Pod: the name of a tier.
pub const TIER: &str = "slicegate.dev/tier";
/// On a Namespace: the tiers that its pods may name.
pub const ALLOWED_TIERS: &str = "slicegate.dev/allowed-tiers";
/// Annotation: the boundary, or a part of it. Label: the boundary of the pod.
pub const TRUST_BOUNDARY: &str = "slicegate.dev/trust-boundary";
/// On a Namespace: the namespaces that may join the boundary of its name.
pub const BOUNDARY_MEMBERS: &str = "slicegate.dev/boundary-members";
/// In that list: any namespace.
pub const ANYBODY: &str = "*";
/// Annotation: the requested strategy. Label: the strategy of the placement.
pub const STRATEGY: &str = "slicegate.dev/strategy";
/// The requested memory on each device.
pub const GPU_MEMORY: &str = "slicegate.dev/gpu-memory";
/// A share of a device, memory and compute.
pub const GPU_FRACTION: &str = "slicegate.dev/gpu-fraction";
/// A share of a device's compute, in percent.
pub const GPU_COMPUTE: &str = "slicegate.dev/gpu-compute";
/// Product names, `*` as wildcard.
pub const GPU_PRODUCTS: &str = "slicegate.dev/gpu-products";
/// The class of the workload, in place of the detected one.
pub const WORKLOAD: &str = "slicegate.dev/workload";
/// Prefix of the form for one container: `gpu-memory.slicegate.dev/<container>`.
pub const CONTAINER_MEMORY: &str = "gpu-memory.slicegate.dev/";
/// Prefix of the form for one container.
pub const CONTAINER_FRACTION: &str = "gpu-fraction.slicegate.dev/";
/// Prefix of the form for one container.
pub const CONTAINER_COMPUTE: &str = "gpu-compute.slicegate.dev/";
/// The prefixes of slicegate's annotations on a pod.
pub const KEYS: [&str; 4] = [
    PREFIX,
    CONTAINER_MEMORY,
    CONTAINER_FRACTION,
    CONTAINER_COMPUTE,
];
/// The receipt: the decision as compact JSON. Output only.
pub const DECISION: &str = "slicegate.dev/decision";
/// Label: the user id of an MPS pod, or `image`.
pub const MPS_USER: &str = "slicegate.dev/mps-user";
/// The boundary label of tiers with `coTenancy: any`. Upper case, so that it is no namespace name.
pub const ANY: &str = "ANY";
/// The value of the `mps-user` label if only the image knows the user id.
pub const IMAGE: &str = "image";
/// The node label of the `node-label` placement. Kubelets may not write labels with this prefix.
pub const NODE_BOUNDARY: &str = "slicegate.node-restriction.kubernetes.io/trust-boundary";
/// The topology key of slicegate's pod affinity terms.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// A whole GPU. Sharing without renaming and MIG strategy `single` advertise shares and slices under this name too.
pub const GPU: &str = "nvidia.com/gpu";
/// Shares, if the device plugin renames them.
pub const GPU_SHARED: &str = "nvidia.com/gpu.shared";
/// The prefix of MIG slices under strategy `mixed`.
pub const MIG: &str = "nvidia.com/mig-";
/// The suffix of shared resources, if the device plugin renames them.
pub const SHARED_SUFFIX: &str = ".shared";

/// The variable with the GPUs that the NVIDIA runtime shows to a container.
pub const VISIBLE_DEVICES: &str = "NVIDIA_VISIBLE_DEVICES";
/// The driver capabilities of a container.
pub const DRIVER_CAPABILITIES: &str = "NVIDIA_DRIVER_CAPABILITIES";
/// Memory cap of an MPS client process.
pub const MPS_MEMORY: &str = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT";
/// Compute cap of an MPS client process, in percent.
pub const MPS_THREADS: &str = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE";
/// The prefixes of the variables of NVIDIA's runtime and of MPS.
pub const VARIABLES: [&str; 3] = ["NVIDIA_", "CUDA_MPS_", "CUDA_VERSION"];

/// The excluded namespaces, unless the installation sets others.
pub const EXCLUDED_NAMESPACES: [&str; 3] = ["kube-system", "slicegate-system", "gpu-operator"];

/// Whether a key belongs to slicegate: its domain is `slicegate.dev` or below. The key may be unknown.
pub fn is_own_key(key: &str) -> bool {
    key.starts_with(PREFIX) || key.contains(BELOW)
}

/// Whether NVIDIA's device plugin advertises GPUs under this resource name.
pub fn is_gpu_resource(name: &str) -> bool {
    name == GPU || name == GPU_SHARED || is_mig(name)
}

/// Whether a resource is a MIG slice, shared or not.
pub fn is_mig(name: &str) -> bool {
    name.len() > MIG.len() && name.starts_with(MIG)
}

/// The profile of a MIG resource as the plugin writes it: `1g.10gb.me` of `nvidia.com/mig-1g.10gb.me.shared`.
pub fn mig_profile(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(MIG)?;
    Some(rest.strip_suffix(SHARED_SUFFIX).unwrap_or(rest))
}

/// Whether a text is an RFC 1123 label, as trust boundaries have to be.
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

/// The JSON pointer of an annotation.
pub fn annotation_pointer(key: &str) -> String {
    format!("/metadata/annotations/{}", pointer(key))
}

/// The JSON pointer of a label.
pub fn label_pointer(key: &str) -> String {
    format!("/metadata/labels/{}", pointer(key))
}

/// The prefix of the labels of a resource: its name without the suffix of renamed shares.
pub fn labels_of(resource: &str) -> &str {
    resource.strip_suffix(SHARED_SUFFIX).unwrap_or(resource)
}

/// Whether a resource has a name that the device plugin gives to renamed shares.
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
