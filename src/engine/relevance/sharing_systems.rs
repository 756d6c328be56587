//! Resources, annotations and labels by which pods use other GPU-sharing systems; a closed list that `slicegate
//! catalog` prints.
//!
//! Sources: Project-HAMi/HAMi `pkg/device/nvidia/device.go`, kai-scheduler/KAI-Scheduler `docs/gpu-sharing`,
//! run-ai/fake-gpu-operator `internal/common/constants`, volcano-sh/volcano `pkg/scheduler/api/devices/nvidia/vgpu`,
//! NexusGPU/tensor-fusion `pkg/constants`. A scheduler's name alone requests nothing and is not listed.

use crate::engine::line::takes_gpu;
use crate::engine::vocabulary::{ForeignSystem, Policy, Quantity, names};
use crate::facts::{Pairs, Pod};

/// One name of one or more systems.
#[derive(Debug)]
pub struct SystemName {
    /// Its field.
    pub kind: KeyKind,
    /// The key; a trailing `*` stands for any ending.
    pub key: &'static str,
    /// The systems that read it.
    pub systems: &'static [ForeignSystem],
    /// Whether it makes a share of a stock GPU without a stock resource beside it.
    pub takes_a_share: bool,
}

/// The field of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A resource name; a quantity of 0 requests nothing.
    Resource,
    /// An annotation's key.
    Annotation,
    /// A label's key.
    Label,
}

impl KeyKind {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Annotation => "annotation",
            Self::Label => "label",
        }
    }

    /// The JSON pointer of such a name in a pod.
    pub fn pointer(self, key: &str) -> String {
        match self {
            Self::Resource => "/spec/containers".to_owned(),
            Self::Annotation => names::annotation_pointer(key),
            Self::Label => names::label_pointer(key),
        }
    }
}

use ForeignSystem::{Hami, Kai, RunAi, TensorFusion, Volcano};
use KeyKind::{Annotation, Label, Resource};

const fn beside(kind: KeyKind, key: &'static str, systems: &'static [ForeignSystem]) -> SystemName {
    SystemName {
        kind,
        key,
        systems,
        takes_a_share: false,
    }
}

const fn share(kind: KeyKind, key: &'static str, systems: &'static [ForeignSystem]) -> SystemName {
    SystemName {
        takes_a_share: true,
        ..beside(kind, key, systems)
    }
}

/// The closed list.
pub static SYSTEM_NAMES: [SystemName; 28] = [
    beside(Resource, "nvidia.com/gpumem", &[Hami]),
    beside(Resource, "nvidia.com/gpumem-percentage", &[Hami]),
    beside(Resource, "nvidia.com/gpucores", &[Hami]),
    beside(Resource, "nvidia.com/priority", &[Hami]),
    beside(Annotation, "nvidia.com/use-gputype", &[Hami, Volcano]),
    beside(Annotation, "nvidia.com/nouse-gputype", &[Hami, Volcano]),
    beside(Annotation, "nvidia.com/use-gpuuuid", &[Hami]),
    beside(Annotation, "nvidia.com/nouse-gpuuuid", &[Hami]),
    beside(Annotation, "nvidia.com/vgpu-mode", &[Hami]),
    beside(Annotation, "nvidia.com/numa-bind", &[Hami]),
    beside(Annotation, "hami.io/gpu-scheduler-policy", &[Hami]),
    beside(Annotation, "hami.io/node-scheduler-policy", &[Hami]),
    share(Annotation, "gpu-fraction", &[Kai, RunAi]),
    share(Annotation, "gpu-memory", &[Kai, RunAi]),
    share(Annotation, "gpu-fraction-num-devices", &[Kai, RunAi]),
    share(Annotation, "gpu-fraction-container-name", &[Kai, RunAi]),
    share(Annotation, "nvidia.com/container.*", &[Kai, RunAi]),
    share(Annotation, "nvidia.com/mig-*", &[RunAi]),
    share(Label, "runai-gpu-group*", &[Kai, RunAi]),
    beside(Resource, "volcano.sh/vgpu-number", &[Volcano]),
    beside(Resource, "volcano.sh/vgpu-memory", &[Volcano]),
    beside(Resource, "volcano.sh/vgpu-memory-percentage", &[Volcano]),
    beside(Resource, "volcano.sh/vgpu-cores", &[Volcano]),
    beside(Resource, "volcano.sh/gpu-memory", &[Volcano]),
    beside(Resource, "volcano.sh/gpu-number", &[Volcano]),
    beside(Annotation, "volcano.sh/vgpu-mode", &[Volcano]),
    share(Label, "tensor-fusion.ai/enabled", &[TensorFusion]),
    share(Annotation, "tensor-fusion.ai/*", &[TensorFusion]),
];

/// The first bytes of the names, one bit each. Hardly any key begins like one.
pub const FIRST_BYTES: u128 = {
    let (mut bits, mut index) = (0, 0);
    while index < SYSTEM_NAMES.len() {
        bits |= 1 << (SYSTEM_NAMES[index].key.as_bytes()[0] & 127);
        index += 1;
    }
    bits
};

/// A name found in a pod.
#[derive(Debug)]
pub struct SystemRequest<'p> {
    /// The name.
    pub name: &'static SystemName,
    /// The key in the pod.
    pub key: &'p str,
}

/// The names in the pod that request a part of a stock GPU from another system.
pub fn system_requests<'p>(
    pod: &'p Pod<'p>,
    takes_stock_gpu: bool,
) -> impl Iterator<Item = SystemRequest<'p>> {
    let annotations = pod.annotations().into_iter().flat_map(Pairs::iter);
    let labels = pod.labels().into_iter().flat_map(Pairs::iter);
    let resources = pod.containers().flat_map(|(_, c)| c.quantities());
    annotations
        .map(|pair| (Annotation, pair))
        .chain(labels.map(|pair| (Label, pair)))
        .chain(resources.map(|pair| (Resource, pair)))
        .filter_map(move |(kind, (key, value))| {
            let name = find(kind, key)?;
            let is_off = match kind {
                Resource => Quantity::parse(value).is_ok_and(Quantity::is_zero),
                Annotation | Label => value == "false",
            };
            let counts = (takes_stock_gpu || name.takes_a_share) && !is_off;
            counts.then_some(SystemRequest { name, key })
        })
}

/// Whether a pod belongs to a system to which the policy leaves its pods.
pub fn is_left_alone(pod: &Pod<'_>, policy: &Policy) -> bool {
    system_requests(pod, takes_gpu(pod)).any(|request| policy.leaves_alone(request.name.systems))
}

/// The name that a key is in its field.
pub fn find(kind: KeyKind, key: &str) -> Option<&'static SystemName> {
    let first = *key.as_bytes().first()?;
    if FIRST_BYTES >> (first & 127) & 1 == 0 {
        return None;
    }
    SYSTEM_NAMES.iter().find(|name| {
        name.kind == kind
            && match name.key.strip_suffix('*') {
                Some(prefix) => key.starts_with(prefix),
                None => key == name.key,
            }
    })
}
