//! Fleets in which no node is like another.

use std::collections::BTreeMap;

use slicegate::engine::Policy;
use slicegate::engine::supply::{FleetBuilder, NodeView, Supply};

const PRODUCTS: [(&str, u64); 10] = [
    ("NVIDIA-A100-SXM4-80GB", 81_920),
    ("NVIDIA-A100-SXM4-40GB", 40_960),
    ("NVIDIA-H100-80GB-HBM3", 81_559),
    ("NVIDIA-H200", 143_771),
    ("NVIDIA-L4", 23_034),
    ("NVIDIA-L40S", 46_068),
    ("NVIDIA-A10", 23_028),
    ("NVIDIA-A40", 46_068),
    ("Tesla-T4", 15_360),
    ("NVIDIA-B200", 183_359),
];

/// So many nodes of every way to share: all of other labels, most of another number of shares or another memory.
pub fn of(nodes: usize, policy: &Policy) -> Supply {
    let mut fleet = FleetBuilder::new(policy.supply.declared);
    (0..nodes).for_each(|index| fleet.add(node(index)));
    fleet.build()
}

fn node(index: usize) -> NodeView {
    let (product, mib) = PRODUCTS[index / 4 % PRODUCTS.len()];
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    let mut label = |key: &str, value: String| labels.insert(key.to_owned(), value);
    let name = format!("node-{index}");
    label("kubernetes.io/hostname", name.clone());
    label("example.com/serial", format!("s{}", index * 7));
    label("example.com/rack-unit", index.to_string());
    label("topology.kubernetes.io/zone", format!("z{}", index % 3));
    // Together these tell every node from every other, though each has few values.
    for place in 0..12 {
        label(
            &format!("example.com/digit-{place}"),
            (index >> place & 1).to_string(),
        );
    }
    for more in 0..30 {
        label(
            &format!("feature.example.com/f{more}"),
            (index % (more + 2) % 16).to_string(),
        );
    }
    let memory = mib - (index % 500) as u64;
    label("nvidia.com/gpu.compute.major", "9".to_owned());
    label("nvidia.com/gpu.count", "8".to_owned());
    label("nvidia.com/gpu.memory", memory.to_string());
    label(
        "slicegate.node-restriction.kubernetes.io/trust-boundary",
        "shared".to_owned(),
    );
    let (sharing, replicas, suffix, resource) = match index % 4 {
        0 => ("mps", 2 + index / 4 % 47, "", "nvidia.com/gpu.shared"),
        1 => ("time-slicing", 2 + index / 4, "", "nvidia.com/gpu.shared"),
        2 => (
            "time-slicing",
            2 + index / 4 % 9,
            "-SHARED",
            "nvidia.com/gpu",
        ),
        _ => ("none", 1, "", "nvidia.com/gpu"),
    };
    label("nvidia.com/gpu.product", format!("{product}{suffix}"));
    label("nvidia.com/gpu.sharing-strategy", sharing.to_owned());
    label("nvidia.com/gpu.replicas", replicas.to_string());
    let mut allocatable = vec![(resource.to_owned(), (8 * replicas).to_string())];
    for (profile, slices) in [("1g.10gb", 1), ("2g.20gb", 2), ("3g.40gb", 3)] {
        let key = |attribute: &str| format!("nvidia.com/mig-{profile}.{attribute}");
        label(
            &key("product"),
            format!("NVIDIA-A100-SXM4-80GB-MIG-{profile}"),
        );
        label(&key("sharing-strategy"), "none".to_owned());
        label(&key("replicas"), "1".to_owned());
        label(
            &key("memory"),
            (9_728 * slices - index as u64 % 97).to_string(),
        );
        allocatable.push((
            format!("nvidia.com/mig-{profile}"),
            (index % 50).to_string(),
        ));
    }
    NodeView {
        name,
        labels,
        allocatable,
        available: !index.is_multiple_of(11),
        ..NodeView::default()
    }
}
