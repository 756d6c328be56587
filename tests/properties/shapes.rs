//! Every shape a GPU node has: what the stock device plugin and GPU Feature Discovery make of each way to share.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::hardware::{MODELS, Model, Profile};
use super::truth::{Kind, Truth};

/// How a node's GPUs are handed out.
#[derive(Clone, Debug)]
pub enum Shape {
    Exclusive {
        unhealthy: u64,
    },
    Shared {
        kind: Kind,
        replicas: u32,
        renamed: bool,
    },
    /// All GPUs cut alike, sold as `nvidia.com/gpu`; perhaps time-sliced.
    Single {
        profile: usize,
        each: u64,
        slicing: Option<(u32, bool)>,
    },
    /// Slices under names of their own, some time-sliced, beside whole GPUs.
    Mixed {
        slices: Vec<(usize, u64, bool)>,
        whole: u64,
        slicing: Option<(u32, bool)>,
    },
    /// No labels of GFD at all.
    Unlabelled {
        renamed: bool,
    },
    /// A second model beside the first; labels speak of one.
    TwoModels {
        replicas: u32,
        renamed: bool,
    },
    /// `MIG-INVALID`, whatever is still on offer.
    Invalid {
        left: u64,
    },
    /// GPUs in MIG mode under strategy none: advertised whole, usable by nobody.
    Uncut,
    /// GKE's labels, with its own sharing or without.
    Gke {
        shared: bool,
    },
    /// EKS Auto Mode's labels; a part of a GPU or a whole one.
    Eks {
        part: bool,
    },
    /// A virtual machine's vGPU that only one label tells from a card.
    Vgpu,
    /// A memory label in bytes.
    Inflated {
        replicas: u32,
    },
    /// Labels, and nothing on offer.
    Silent,
    NoGpu,
}

/// Labels, allocatable resources and the truth about them.
#[derive(Default)]
pub struct Made {
    pub labels: BTreeMap<String, String>,
    pub allocatable: BTreeMap<String, u64>,
    pub truth: BTreeMap<String, Truth>,
}

const GPU: &str = "nvidia.com/gpu";

pub fn shape() -> BoxedStrategy<Shape> {
    let slicing = || proptest::option::weighted(0.35, (select(vec![2_u32, 4, 10]), any::<bool>()));
    let layout = proptest::collection::vec((0..6_usize, 1..5_u64, any::<bool>()), 1..4);
    prop_oneof![
        6 => (0..2_u64).prop_map(|unhealthy| Shape::Exclusive { unhealthy }),
        6 => (select(vec![4_u32, 2, 10, 7, 3]), any::<bool>())
            .prop_map(|(replicas, renamed)| Shape::Shared { kind: Kind::TimeSlicing, replicas, renamed }),
        8 => (select(vec![4_u32, 2, 10, 3, 7, 16, 17, 48, 49]), any::<bool>())
            .prop_map(|(replicas, renamed)| Shape::Shared { kind: Kind::Mps, replicas, renamed }),
        5 => (0..6_usize, 1..5_u64, slicing()).prop_map(|(profile, each, slicing)| Shape::Single { profile, each, slicing }),
        8 => (layout, 0..3_u64, slicing()).prop_map(|(slices, whole, slicing)| Shape::Mixed { slices, whole, slicing }),
        1 => any::<bool>().prop_map(|renamed| Shape::Unlabelled { renamed }),
        2 => (select(vec![1_u32, 4]), any::<bool>()).prop_map(|(replicas, renamed)| Shape::TwoModels { replicas, renamed }),
        1 => (0..3_u64).prop_map(|left| Shape::Invalid { left }),
        1 => Just(Shape::Uncut),
        1 => any::<bool>().prop_map(|shared| Shape::Gke { shared }),
        1 => any::<bool>().prop_map(|part| Shape::Eks { part }),
        1 => prop_oneof![
            Just(Shape::Vgpu),
            select(vec![1_u32, 4]).prop_map(|replicas| Shape::Inflated { replicas }),
            Just(Shape::Silent),
        ],
        1 => Just(Shape::NoGpu),
    ]
        .boxed()
}

impl Shape {
    /// A node with `gpus` GPUs of a model that has `mib` of memory.
    pub fn make(&self, model: &'static Model, gpus: u64, mib: u64) -> Made {
        let mut made = Made::default();
        let device = Device { model, gpus, mib };
        match self {
            Self::Exclusive { unhealthy } => {
                device.describe(&mut made, "", "none", 1);
                let truth = device.share(Kind::Exclusive, 1);
                made.sell(GPU, gpus.saturating_sub(*unhealthy), truth);
            }
            Self::Shared {
                kind,
                replicas,
                renamed,
            } => device.shared(&mut made, *kind, *replicas, *renamed),
            Self::Single {
                profile,
                each,
                slicing,
            } => device.single(&mut made, *profile, *each, *slicing),
            Self::Mixed {
                slices,
                whole,
                slicing,
            } => device.mixed(&mut made, slices, *whole, *slicing),
            Self::Unlabelled { renamed } => {
                let mut truth = Truth::unknown();
                truth.product = if *renamed { "unknown" } else { "unlabelled" }.to_owned();
                made.sell(&renamed_if(GPU, *renamed), gpus, truth);
            }
            Self::TwoModels { replicas, renamed } => {
                let renamed = *renamed && *replicas > 1;
                let word = if *replicas > 1 {
                    "time-slicing"
                } else {
                    "none"
                };
                let suffix = if *replicas > 1 && !renamed {
                    "-SHARED"
                } else {
                    ""
                };
                device.describe(&mut made, suffix, word, *replicas);
                let sold = (gpus + 1 + gpus % 3) * u64::from(*replicas);
                made.sell(&renamed_if(GPU, renamed), sold, Truth::unknown());
            }
            Self::Invalid { left } => {
                device.describe(&mut made, "-MIG-INVALID", "", 0);
                made.set("nvidia.com/gpu.count", 0);
                made.set("nvidia.com/gpu.memory", 0);
                made.sell(GPU, *left, Truth::unknown());
            }
            Self::Uncut => {
                device.describe(&mut made, "", "none", 0);
                made.sell(GPU, gpus, Truth::unknown());
            }
            Self::Gke { shared } => {
                made.set("cloud.google.com/gke-accelerator", "nvidia-l4");
                let mut truth = Truth {
                    product: "nvidia-l4".to_owned(),
                    ..device.share(Kind::Exclusive, 1)
                };
                truth.mib = None;
                if *shared {
                    made.set("cloud.google.com/gke-max-shared-clients-per-gpu", 4);
                    truth = Truth::unknown();
                }
                made.sell(GPU, gpus, truth);
            }
            Self::Eks { part } => {
                let mib = if *part { 5722 } else { 22888 };
                made.set("eks.amazonaws.com/instance-gpu-name", "l4");
                made.set("eks.amazonaws.com/instance-gpu-memory", mib);
                made.set("eks.amazonaws.com/instance-gpu-count", gpus);
                let whole = Truth {
                    product: "l4".to_owned(),
                    mib: Some(mib),
                    ..device.share(Kind::Exclusive, 1)
                };
                made.sell(GPU, gpus, if *part { Truth::unknown() } else { whole });
            }
            Self::Vgpu => {
                device.describe(&mut made, "", "none", 1);
                made.set("nvidia.com/vgpu.present", "true");
                made.sell(GPU, gpus, Truth::unknown());
            }
            Self::Inflated { replicas } => {
                let kind = if *replicas > 1 {
                    Kind::Mps
                } else {
                    Kind::Exclusive
                };
                match kind {
                    Kind::Mps => device.shared(&mut made, kind, *replicas, true),
                    _ => {
                        device.describe(&mut made, "", "none", 1);
                        made.sell(GPU, gpus, device.share(kind, 1));
                    }
                }
                made.set("nvidia.com/gpu.memory", mib << 20);
                for truth in made.truth.values_mut() {
                    (truth.mib, truth.is_told) = (None, false);
                }
            }
            Self::Silent => {
                device.describe(&mut made, "", "none", 1);
                made.sell(GPU, 0, Truth::unknown());
            }
            Self::NoGpu => {}
        }
        // Too long for a label: NFD drops it.
        made.labels.retain(|_, value| value.len() <= 63);
        made
    }
}

fn renamed_if(resource: &str, renamed: bool) -> String {
    format!("{resource}{}", if renamed { ".shared" } else { "" })
}

impl Made {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        let text = match value.into() {
            Value::String(text) => text,
            other => other.to_string(),
        };
        self.labels.insert(key.to_owned(), text);
    }

    fn sell(&mut self, resource: &str, count: u64, truth: Truth) {
        self.allocatable.insert(resource.to_owned(), count);
        self.truth.insert(resource.to_owned(), truth);
    }
}

struct Device {
    model: &'static Model,
    gpus: u64,
    mib: u64,
}

impl Device {
    /// A share of a whole device.
    fn share(&self, kind: Kind, replicas: u32) -> Truth {
        Truth {
            kind,
            product: self.model.product.to_owned(),
            mib: Some(self.mib / u64::from(replicas)),
            replicas,
            part: [(1, 1); 2],
            is_told: true,
        }
    }

    fn cut(&self, profile: &Profile, slicing: Option<(u32, bool)>) -> Truth {
        let replicas = slicing.map_or(1, |(replicas, _)| replicas);
        let kind = if slicing.is_some() {
            Kind::TimeSlicing
        } else {
            Kind::Mig
        };
        let (compute, memory) = self.model.slices.unwrap_or((1, 1));
        Truth {
            mib: Some(profile.mib / u64::from(replicas)),
            part: [(profile.slices.0, compute), (profile.slices.1, memory)],
            is_told: self.model.is_told,
            ..self.share(kind, replicas)
        }
    }

    fn describe(&self, made: &mut Made, suffix: &str, sharing: &str, replicas: u32) {
        made.set(
            "nvidia.com/gpu.product",
            format!("{}{suffix}", self.model.product),
        );
        made.set("nvidia.com/gpu.count", self.gpus);
        made.set("nvidia.com/gpu.replicas", replicas);
        made.set("nvidia.com/gpu.sharing-strategy", sharing);
        made.set("nvidia.com/gpu.memory", self.mib);
        made.set("nvidia.com/gpu.compute.major", self.model.capability.0);
        made.set("nvidia.com/gpu.compute.minor", self.model.capability.1);
        made.set("nvidia.com/mps.capable", sharing == "mps");
    }

    fn shared(&self, made: &mut Made, kind: Kind, replicas: u32, renamed: bool) {
        let suffix = if renamed { "" } else { "-SHARED" };
        self.describe(made, suffix, kind.word(), replicas);
        let clients = if self.model.capability >= (7, 5) {
            48
        } else {
            16
        };
        let truth = match kind == Kind::Mps && replicas > clients {
            true => Truth::unknown(),
            false => self.share(kind, replicas),
        };
        let count = self.gpus * u64::from(replicas);
        made.sell(&renamed_if(GPU, renamed), count, truth);
        if renamed {
            // What a live change of the name leaves behind.
            made.allocatable.insert(GPU.to_owned(), 0);
        }
    }

    fn profile(&self, index: usize) -> Option<&'static Profile> {
        let profiles = self.model.profiles;
        profiles.get(index % profiles.len().max(1))
    }

    fn single(&self, made: &mut Made, profile: usize, each: u64, slicing: Option<(u32, bool)>) {
        let Some(profile) = self.profile(profile) else {
            return self.describe(made, "", "none", 1);
        };
        let replicas = slicing.map_or(1, |(replicas, _)| replicas);
        let suffix = if slicing.is_some_and(|(_, renamed)| !renamed) {
            "-SHARED"
        } else {
            ""
        };
        let sharing = if slicing.is_some() {
            "time-slicing"
        } else {
            "none"
        };
        self.describe(
            made,
            &format!("-MIG-{}{suffix}", profile.name),
            sharing,
            replicas,
        );
        made.set("nvidia.com/gpu.count", self.gpus * each);
        made.set("nvidia.com/gpu.memory", profile.mib);
        made.set("nvidia.com/gpu.slices.gi", profile.slices.0);
        let mut truth = self.cut(profile, slicing);
        let value = made.labels.get("nvidia.com/gpu.product");
        truth.is_told &= value.is_some_and(|v| v.len() <= 63);
        let name = renamed_if(GPU, slicing.is_some_and(|(_, renamed)| renamed));
        made.sell(&name, self.gpus * each * u64::from(replicas), truth);
    }

    fn mixed(
        &self,
        made: &mut Made,
        slices: &[(usize, u64, bool)],
        whole: u64,
        slicing: Option<(u32, bool)>,
    ) {
        let whole = if self.model.profiles.is_empty() {
            self.gpus
        } else {
            whole.min(self.gpus)
        };
        // Whole GPUs are time-sliced along with the slices where the count is odd.
        let also = slicing.filter(|_| whole % 2 == 1);
        let suffix = if also.is_some_and(|(_, renamed)| !renamed) {
            "-SHARED"
        } else {
            ""
        };
        match (whole, also) {
            (0, _) => self.describe(made, "", "none", 0),
            (_, None) => self.describe(made, "", "none", 1),
            (_, Some((replicas, _))) => self.describe(made, suffix, "time-slicing", replicas),
        }
        if whole > 0 {
            let (replicas, renamed) = also.unwrap_or((1, false));
            let kind = if also.is_some() {
                Kind::TimeSlicing
            } else {
                Kind::Exclusive
            };
            let truth = self.share(kind, replicas);
            made.sell(
                &renamed_if(GPU, renamed),
                whole * u64::from(replicas),
                truth,
            );
        }
        made.set("nvidia.com/mig.strategy", "mixed");
        for (index, count, sliced) in slices {
            let Some(profile) = self.profile(*index) else {
                continue;
            };
            let slicing = slicing.filter(|_| *sliced);
            let prefix = format!("nvidia.com/mig-{}", profile.name);
            if made.labels.contains_key(&format!("{prefix}.count")) {
                continue;
            }
            let (replicas, renamed) = slicing.unwrap_or((1, true));
            let suffix = if renamed { "" } else { "-SHARED" };
            let sharing = if slicing.is_some() {
                "time-slicing"
            } else {
                "none"
            };
            let product = format!("{}-MIG-{}{suffix}", self.model.product, profile.name);
            made.set(&format!("{prefix}.product"), product);
            made.set(&format!("{prefix}.count"), *count);
            made.set(&format!("{prefix}.replicas"), replicas);
            made.set(&format!("{prefix}.sharing-strategy"), sharing);
            made.set(&format!("{prefix}.memory"), profile.mib);
            made.set(&format!("{prefix}.slices.gi"), profile.slices.0);
            let name = renamed_if(&prefix, slicing.is_some() && renamed);
            made.sell(
                &name,
                count * u64::from(replicas),
                self.cut(profile, slicing),
            );
        }
    }
}

/// The index of any model, the common ones more often.
pub fn model() -> impl Strategy<Value = &'static Model> {
    prop_oneof![3 => 0..2_usize, 2 => 0..MODELS.len()].prop_map(|index| &MODELS[index])
}
