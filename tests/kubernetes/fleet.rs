//! Nodes of every shape, with the labels that GPU feature discovery gives them, and what they really hand out.

use serde_json::{Map, Value, json};

/// How a node hands its GPUs out.
#[derive(Clone, Copy)]
pub enum Sells {
    /// Whole devices.
    Whole,
    /// Shares with limits, under the name for shares.
    Mps { replicas: u64 },
    /// Turns, under the name for shares.
    TimeSliced { replicas: u64 },
    /// Turns under the name of whole devices: all that tells is the product's name and the labels.
    TimeSlicedAsWhole { replicas: u64 },
    /// Slices: profile, how many on the node, MiB of each.
    Mig(&'static [(&'static str, u64, u64)]),
    /// Something under the name of whole devices, and no label says what.
    Silent,
}

/// A kind of node.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The product, as NVIDIA names it.
    pub product: &'static str,
    /// MiB of one device.
    pub memory: u64,
    /// Family and compute capability.
    pub family: (&'static str, u64, u64),
    /// Devices on the node.
    pub gpus: u64,
    /// How they are handed out.
    pub sells: Sells,
    /// Whether it has the taint that keeps pods without GPU away.
    pub tainted: bool,
}

/// What one unit of a resource on a node really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// In slicegate's words.
    pub strategy: &'static str,
    /// MiB of a unit.
    pub memory: u64,
    /// How many the node has.
    pub count: u64,
}

impl Offer {
    /// Whether a device has several users.
    pub fn is_shared(&self) -> bool {
        matches!(self.strategy, "mps" | "time-slicing")
    }
}

const AMPERE: (&str, u64, u64) = ("ampere", 8, 0);

/// Eight whole H100, as in a machine for training.
pub const WHOLE_H100: Shape = Shape {
    product: "NVIDIA-H100-80GB-HBM3",
    memory: 81559,
    family: ("hopper", 9, 0),
    gpus: 8,
    sells: Sells::Whole,
    tainted: true,
};

/// Four whole A10.
pub const WHOLE_A10: Shape = Shape {
    product: "NVIDIA-A10",
    memory: 23028,
    family: ("ampere", 8, 6),
    gpus: 4,
    sells: Sells::Whole,
    tainted: false,
};

/// Eight A100 in quarters of 20 GiB.
pub const MPS_A100: Shape = Shape {
    product: "NVIDIA-A100-SXM4-80GB",
    memory: 81920,
    family: AMPERE,
    gpus: 8,
    sells: Sells::Mps { replicas: 4 },
    tainted: true,
};

/// Two L40S in halves.
pub const MPS_L40S: Shape = Shape {
    product: "NVIDIA-L40S",
    memory: 46068,
    family: ("ada-lovelace", 8, 9),
    gpus: 2,
    sells: Sells::Mps { replicas: 2 },
    tainted: false,
};

/// One L40S in six shares.
pub const MPS_ONE: Shape = Shape {
    gpus: 1,
    sells: Sells::Mps { replicas: 6 },
    ..MPS_L40S
};

/// Two L4, each for four in turn.
pub const TURNS_L4: Shape = Shape {
    product: "NVIDIA-L4",
    memory: 23034,
    family: ("ada-lovelace", 8, 9),
    gpus: 2,
    sells: Sells::TimeSliced { replicas: 4 },
    tainted: true,
};

/// One L4 for four in turn.
pub const TURNS_ONE: Shape = Shape {
    gpus: 1,
    ..TURNS_L4
};

/// Four A10G for four in turn, under the name of whole ones.
pub const TURNS_A10G: Shape = Shape {
    product: "NVIDIA-A10G",
    memory: 23028,
    family: ("ampere", 8, 6),
    gpus: 4,
    sells: Sells::TimeSlicedAsWhole { replicas: 4 },
    tainted: false,
};

/// Four A100 in slices.
pub const SLICED_A100: Shape = Shape {
    product: "NVIDIA-A100-SXM4-80GB",
    memory: 81920,
    family: AMPERE,
    gpus: 4,
    sells: Sells::Mig(&[
        ("1g.10gb", 8, 9728),
        ("2g.20gb", 4, 19968),
        ("3g.40gb", 4, 40192),
    ]),
    tainted: true,
};

/// Four GPUs of a node without labels.
pub const SILENT: Shape = Shape {
    product: "",
    memory: 0,
    family: ("", 0, 0),
    gpus: 4,
    sells: Sells::Silent,
    tainted: false,
};

const SHARED: &str = "nvidia.com/gpu.shared";
const WHOLE: &str = "nvidia.com/gpu";

impl Shape {
    /// Every resource it hands out, and what one of it is.
    pub fn offers(&self) -> Vec<(String, Offer)> {
        let shares = |name: &str, strategy, replicas: u64| {
            let memory = self.memory / replicas;
            let count = self.gpus * replicas;
            vec![(
                name.to_owned(),
                Offer {
                    strategy,
                    memory,
                    count,
                },
            )]
        };
        match self.sells {
            Sells::Whole => shares(WHOLE, "exclusive", 1),
            Sells::Mps { replicas } => shares(SHARED, "mps", replicas),
            Sells::TimeSliced { replicas } => shares(SHARED, "time-slicing", replicas),
            Sells::TimeSlicedAsWhole { replicas } => shares(WHOLE, "time-slicing", replicas),
            Sells::Silent => shares(WHOLE, "unknown", 1),
            Sells::Mig(profiles) => profiles
                .iter()
                .map(|&(profile, count, memory)| {
                    let strategy = "mig";
                    let offer = Offer {
                        strategy,
                        memory,
                        count,
                    };
                    (format!("nvidia.com/mig-{profile}"), offer)
                })
                .collect(),
        }
    }

    /// What one unit of a resource is here.
    pub fn offer(&self, resource: &str) -> Option<Offer> {
        let mut offers = self.offers().into_iter();
        offers.find(|(name, _)| name == resource).map(|(_, o)| o)
    }

    /// A node of this shape.
    pub fn node(&self, name: &str) -> Value {
        let mut labels = self.labels();
        labels.insert("kubernetes.io/hostname".to_owned(), json!(name));
        labels.insert("kubernetes.io/os".to_owned(), json!("linux"));
        labels.insert("kubernetes.io/arch".to_owned(), json!("amd64"));
        let mut resources = json!({"cpu": "64", "memory": "512Gi", "pods": "250"});
        for (resource, offer) in self.offers() {
            resources[resource] = json!(offer.count.to_string());
        }
        let taint = json!([{"key": WHOLE, "value": "present", "effect": "NoSchedule"}]);
        let taints = if self.tainted { taint } else { json!([]) };
        json!({"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints},
            "status": {"capacity": resources, "allocatable": resources}})
    }

    fn labels(&self) -> Map<String, Value> {
        let (family, major, minor) = self.family;
        let (product, replicas, strategy) = match self.sells {
            Sells::Silent => return Map::new(),
            Sells::Whole => (self.product.to_owned(), 1, "none"),
            Sells::Mps { replicas } => (self.product.to_owned(), replicas, "mps"),
            Sells::TimeSliced { replicas } => (self.product.to_owned(), replicas, "time-slicing"),
            Sells::TimeSlicedAsWhole { replicas } => {
                (format!("{}-SHARED", self.product), replicas, "time-slicing")
            }
            // No whole device is left.
            Sells::Mig(_) => (self.product.to_owned(), 0, "none"),
        };
        let mig = matches!(self.sells, Sells::Mig(_));
        let mut labels = Map::new();
        let mut label = |key: &str, value: String| {
            labels.insert(format!("nvidia.com/{key}"), Value::String(value));
        };
        label("gpu.product", product);
        label("gpu.count", self.gpus.to_string());
        label("gpu.replicas", replicas.to_string());
        label("gpu.sharing-strategy", strategy.to_owned());
        label("gpu.memory", self.memory.to_string());
        label("gpu.family", family.to_owned());
        label("gpu.compute.major", major.to_string());
        label("gpu.compute.minor", minor.to_string());
        label("gpu.mode", "compute".to_owned());
        label("mps.capable", (strategy == "mps").to_string());
        label("mig.capable", mig.to_string());
        if mig {
            label("mig.strategy", "mixed".to_owned());
        }
        for (resource, offer) in self.offers().iter().filter(|_| mig) {
            let profile = resource.trim_start_matches("nvidia.com/mig-");
            let slices = profile.split('g').next().unwrap_or_default().to_owned();
            let of = |what: &str| format!("mig-{profile}.{what}");
            label(&of("product"), format!("{}-MIG-{profile}", self.product));
            label(&of("count"), offer.count.to_string());
            label(&of("replicas"), "1".to_owned());
            label(&of("sharing-strategy"), "none".to_owned());
            label(&of("memory"), offer.memory.to_string());
            label(&of("slices.gi"), slices.clone());
            label(&of("slices.ci"), slices);
        }
        labels
    }
}

/// Nodes by name.
#[derive(Default)]
pub struct Fleet(pub Vec<(String, Shape)>);

impl Fleet {
    /// So many nodes of each shape, named after it.
    pub fn of(kinds: &[(&str, Shape, usize)]) -> Self {
        let mut nodes = Vec::new();
        for (name, shape, count) in kinds {
            nodes.extend((1..=*count).map(|number| (format!("{name}-{number}"), *shape)));
        }
        Self(nodes)
    }

    /// As objects.
    pub fn nodes(&self) -> Vec<Value> {
        self.0
            .iter()
            .map(|(name, shape)| shape.node(name))
            .collect()
    }

    /// The shape of a node.
    #[track_caller]
    pub fn shape(&self, node: &str) -> &Shape {
        let found = self.0.iter().find(|(name, _)| name == node);
        found.map(|(_, shape)| shape).expect("a node of the fleet")
    }
}
