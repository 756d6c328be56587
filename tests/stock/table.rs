//! Each node and, below it, what it hands out.

/// File names without `.yaml`; `nothing` is a node without supply, `unknown` one of which nothing can be said, be it
/// that it hands out none of the GPUs that its labels describe.
pub const STOCK: &str = "\
exclusive-a100-80-x8
    exclusive gpu: 8 x 81920 MiB, 1/1 of NVIDIA-A100-SXM4-80GB
exclusive-a100-x8
    exclusive gpu: 8 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
exclusive-b200-x8
    exclusive gpu: 8 x 196608 MiB, 1/1 of NVIDIA-B200
exclusive-gb200-x4
    exclusive gpu: 4 x 196608 MiB, 1/1 of NVIDIA-GB200
exclusive-gb300-x4
    exclusive gpu: 4 x 294912 MiB, 1/1 of NVIDIA-GB300-NVL
exclusive-h100-x8
    exclusive gpu: 8 x 81920 MiB, 1/1 of NVIDIA-H100-80GB-HBM3
exclusive-h200-x8
    exclusive gpu: 8 x 143771 MiB, 1/1 of NVIDIA-H200
exclusive-l4-x1
    exclusive gpu: 1 x 23034 MiB, 1/1 of NVIDIA-L4
exclusive-l40s-x8
    exclusive gpu: 8 x 49152 MiB, 1/1 of NVIDIA-L40S
exclusive-mixed-models-a100x4-t4x4-other-answer
    unknown gpu
exclusive-mixed-models-a100x4-t4x4
    unknown gpu
exclusive-t4-x4
    exclusive gpu: 4 x 16384 MiB, 1/1 of NVIDIA-T4
exclusive-v100-x4
    exclusive gpu: 4 x 16384 MiB, 1/1 of Tesla-V100-SXM2-16GB
mig-mixed-1c.3g.20gb-a100-x8
    unknown gpu
mig-mixed-1g.18gb-2g.35gb-h200-x8
    mig mig-1g.18gb: 24 x 16384 MiB, 1/1 of NVIDIA-H200
    mig mig-2g.35gb: 16 x 33280 MiB, 1/1 of NVIDIA-H200
mig-mixed-1g.5gb-a100-x8
    mig mig-1g.5gb: 56 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-1g.5gb.me-a100-x8
    mig mig-1g.5gb: 48 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-1g.5gb.me: 8 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-balanced-a100-80-x8
    mig mig-1g.10gb: 16 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-80GB
    mig mig-2g.20gb: 8 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-80GB
    mig mig-3g.40gb: 8 x 40192 MiB, 1/1 of NVIDIA-A100-SXM4-80GB
mig-mixed-balanced-a100-x8
    mig mig-1g.5gb: 16 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-2g.10gb: 8 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-3g.20gb: 8 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-balanced-h100-x8
    mig mig-1g.10gb: 16 x 10240 MiB, 1/1 of NVIDIA-H100-80GB-HBM3
    mig mig-2g.20gb: 8 x 20480 MiB, 1/1 of NVIDIA-H100-80GB-HBM3
    mig mig-3g.40gb: 8 x 40960 MiB, 1/1 of NVIDIA-H100-80GB-HBM3
mig-mixed-half-of-gpus-a100-x8
    exclusive gpu: 4 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-1g.5gb: 8 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-2g.10gb: 4 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-3g.20gb: 4 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-one-gpu-empty-a100-x8
    mig mig-1g.5gb: 49 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-strategy-no-mig-a100-x8
    exclusive gpu: 8 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-mixed-suffixes-rtxpro6000-x4
    mig mig-1g.24gb: 4 x 24186 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
    mig mig-1g.24gb-me: 2 x 24186 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
    mig mig-1g.24gb.gfx: 4 x 24186 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
    mig mig-1g.24gb.me.all: 1 x 24186 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
    mig mig-2g.48gb: 1 x 48512 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
    mig mig-2g.48gb.me.all: 1 x 48512 MiB, 1/1 of NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition
mig-none-strategy-but-enabled-a100-x8
    unknown gpu
mig-single-1g.10gb-a100-80-x8
    mig gpu: 56 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-80GB
mig-single-1g.10gb-h100-x8
    mig gpu: 56 x 10240 MiB, 1/1 of NVIDIA-H100-80GB-HBM3
mig-single-1g.5gb-a100-x8
    mig gpu: 56 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-single-3g.20gb-a100-x8
    mig gpu: 16 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-single-half-of-gpus-a100-x8
    unknown gpu
mig-single-one-gpu-empty-a100-x8
    unknown gpu
mig-single-strategy-no-mig-a100-x8
    exclusive gpu: 8 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
mig-single-strategy-no-mig-t4-x4
    exclusive gpu: 4 x 16384 MiB, 1/1 of NVIDIA-T4
mig-single-two-profiles-a100-x8
    unknown gpu
mps-10-a100-x8
    mps gpu: 80 x 4096 MiB, 1/10 of NVIDIA-A100-SXM4-40GB
mps-10-renamed-a100-x8
    mps gpu.shared: 80 x 4096 MiB, 1/10 of NVIDIA-A100-SXM4-40GB
mps-10-renamed-h100-x8
    mps gpu.shared: 80 x 8192 MiB, 1/10 of NVIDIA-H100-80GB-HBM3
mps-10-renamed-h200-x8
    mps gpu.shared: 80 x 14377 MiB, 1/10 of NVIDIA-H200
mps-16-v100-x4
    mps gpu: 64 x 1024 MiB, 1/16 of Tesla-V100-SXM2-16GB
mps-17-v100-x4
    unknown gpu
mps-3-l4-x1
    mps gpu: 3 x 7678 MiB, 1/3 of NVIDIA-L4
mps-4-a100-x8
    mps gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
mps-4-allowgt1-a100-x8
    mps gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
mps-4-mig-mixed-1g.5gb-a100-x8
    nothing
mps-4-mig-mixed-no-mig-a100-x8
    unknown gpu
mps-4-mig-none-strategy-but-enabled-a100-x8
    unknown gpu
mps-4-mig-single-1g.5gb-a100-x8
    nothing
mps-4-no-mps-root-a100-x8
    unknown gpu
mps-4-packed-a100-x8
    mps gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
mps-4-renamed-a100-x8
    mps gpu.shared: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
mps-4-single-strategy-no-mig-a100-x8
    mps gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
mps-48-a100-x8
    mps gpu: 384 x 853 MiB, 1/48 of NVIDIA-A100-SXM4-40GB
mps-49-a100-x8
    unknown gpu
mps-and-timeslicing-a100-x8
    mps gpu: 80 x 4096 MiB, 1/10 of NVIDIA-A100-SXM4-40GB
switched-exclusive-to-timeslicing-4-renamed-afterwards-a100-x8
    time-slicing gpu.shared: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
switched-exclusive-to-timeslicing-4-renamed-first-5-minutes-a100-x8
    time-slicing gpu.shared: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-10-renamed-l4-x1
    time-slicing gpu.shared: 10 x 2303 MiB, 1/10 of NVIDIA-L4
timeslicing-10-t4-x1
    time-slicing gpu: 10 x 1638 MiB, 1/10 of NVIDIA-T4
timeslicing-4-a100-x8
    time-slicing gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-absent-resource-a100-x8
    exclusive gpu: 8 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
timeslicing-4-custom-rename-and-devices-a100-x8
    time-slicing gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-failgt1-a100-x8
    time-slicing gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-gb200-x4
    time-slicing gpu: 16 x 49152 MiB, 1/4 of NVIDIA-GB200
timeslicing-4-gpu-and-mig-mixed-half-a100-x8
    time-slicing gpu.shared: 16 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
    time-slicing mig-1g.5gb.shared: 32 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
    mig mig-2g.10gb: 4 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-3g.20gb: 4 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
timeslicing-4-gpu-only-mig-mixed-half-a100-x8
    time-slicing gpu: 16 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
    mig mig-1g.5gb: 8 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-2g.10gb: 4 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-3g.20gb: 4 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
timeslicing-4-mig-mixed-1g.5gb-a100-x8
    time-slicing mig-1g.5gb: 224 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-mig-single-1g.5gb-a100-x8
    time-slicing gpu: 224 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-mixed-models-a100x4-t4x4
    unknown gpu
timeslicing-4-packed-a100-x8
    time-slicing gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-1g.5gb.me-mig-mixed-a100-x8
    mig mig-1g.5gb: 48 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    time-slicing mig-1g.5gb.me.shared: 32 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-a100-x8
    time-slicing gpu.shared: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-failgt1-a100-x8
    time-slicing gpu.shared: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-mig-mixed-1g.5gb-a100-x8
    time-slicing mig-1g.5gb.shared: 224 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-mig-mixed-balanced-some-shared-a100-x8
    time-slicing mig-1g.5gb.shared: 64 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
    mig mig-2g.10gb: 8 x 9856 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
    mig mig-3g.20gb: 8 x 19968 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
timeslicing-4-renamed-mig-single-1g.5gb-a100-x8
    time-slicing gpu.shared: 224 x 1216 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
timeslicing-4-single-strategy-no-mig-a100-x8
    time-slicing gpu: 32 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
unhealthy-gpu-exclusive-a100-x8
    exclusive gpu: 7 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB
unhealthy-gpu-timeslicing-4-a100-x8
    time-slicing gpu: 31 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
unhealthy-gpu-timeslicing-4-renamed-a100-x8
    time-slicing gpu.shared: 31 x 10240 MiB, 1/4 of NVIDIA-A100-SXM4-40GB
";

/// Managed Kubernetes, mostly without GPU Feature Discovery.
pub const PROVIDER: &str = "\
gke-l4
    exclusive gpu: 2 x ? MiB, 1/1 of nvidia-l4
gke-time-sharing
    unknown gpu
gke-clients-alone
    unknown gpu
gke-mps
    unknown gpu
gke-partitioned
    unknown gpu
gke-other-plugin
    unknown gpu
gke-small-g4
    unknown gpu
eks-auto-h100
    exclusive gpu: 8 x 81920 MiB, 1/1 of h100
eks-auto-quarter-of-an-l4
    unknown gpu
eks-auto-more-than-it-has
    unknown gpu
karpenter-aws
    unknown gpu
eks-managed-group
    unknown gpu
eks-bottlerocket
    unknown gpu.shared
aks
    unknown gpu
aks-mig
    unknown mig-1g.5gb
openshift
    unknown gpu
openshift-gpu-operator
    exclusive gpu: 4 x 46068 MiB, 1/1 of NVIDIA-L40S
";
