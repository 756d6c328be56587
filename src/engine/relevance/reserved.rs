//! Names that rules look for and that make a pod concern GPUs: variables, folders and device classes.

/// Switches of the NVIDIA container toolkit that add devices (its `internal/config/image` and `internal/modifier`).
pub static SWITCHES: [&str; 5] = [
    "NVIDIA_IMEX_CHANNELS",
    "NVIDIA_GDS",
    "NVIDIA_MOFED",
    "NVIDIA_GDRCOPY",
    "NVIDIA_NVSWITCH",
];

/// The beginning of variables that reach for MIG devices.
pub static MIG_DEVICES: [&str; 1] = ["NVIDIA_MIG_"];

/// The beginnings of the variables that set the limits of a share, which are for slicegate to set.
pub const LIMITS: [&str; 2] = ["CUDA_MPS_", "NVIDIA_GPU_MEMORY_"];

/// The last part of the folder whose entries the toolkit takes for device names.
pub const DEVICES: &str = "nvidia-container-devices";

/// Below it NVIDIA's device plugin mounts the pipe of each resource's MPS daemon (k8s-device-plugin
/// `internal/plugin/mps.go`: `/mps/<resource>/pipe`).
pub const PIPES: &str = "/mps/nvidia.com/";
/// What a path to it has somewhere, however it is spelt.
pub const PIPES_NAME: &str = "nvidia.com";

/// The prefix of resource names that are device classes.
pub const CLASS: &str = "deviceclass.resource.kubernetes.io/";
/// What the names of NVIDIA's classes end with.
pub const NVIDIA_CLASS: &str = ".nvidia.com";
