//! Nodes of which nothing can be said, or whose memory nobody knows, each with the reason that names the label.

use slicegate::engine::supply::fleet::Knowledge;
use slicegate::engine::supply::{FleetBuilder, NodeView, UnknownReason};
use slicegate::engine::{Policy, Supply};

use super::{described, with_spec};

/// A node of these labels, without their prefix where that is `nvidia.com/`, that sells so many of a resource.
fn node(name: &str, labels: &str, (advertised, count): (&str, u32)) -> NodeView {
    let whole = |name: &str| match name.contains('/') {
        true => name.to_owned(),
        false => format!("nvidia.com/{name}"),
    };
    let labels = labels.split_whitespace().filter_map(|l| l.split_once('='));
    NodeView {
        name: name.to_owned(),
        labels: labels.map(|(k, v)| (whole(k), v.to_owned())).collect(),
        allocatable: vec![(whole(advertised), count.to_string())],
        ..NodeView::default()
    }
}

fn supply(policy: &Policy, nodes: impl IntoIterator<Item = NodeView>) -> Supply {
    let mut fleet = FleetBuilder::new(policy.supply.declared);
    nodes.into_iter().for_each(|node| fleet.add(node));
    fleet.build()
}

const CARD: &str = "gpu.product=A gpu.count=1 gpu.replicas=1 gpu.sharing-strategy=none";

/// For each reason what a node sells, its labels, and words that the reason holds.
const REASONS: [(UnknownReason, (&str, u32), &str, &str); 28] = [
    (
        UnknownReason::Vgpu,
        ("gpu", 1),
        "gpu.product=NVIDIA-A100-40C gpu.replicas=1 gpu.sharing-strategy=none",
        "supply.vgpu",
    ),
    (
        UnknownReason::Vgpu,
        ("mig-1g.10gb", 1),
        "vgpu.present=true gpu.product=A mig-1g.10gb.replicas=1 mig-1g.10gb.sharing-strategy=none",
        "supply.vgpu",
    ),
    (
        UnknownReason::NoneAdvertised,
        ("gpu", 0),
        CARD,
        "it advertises none",
    ),
    (
        UnknownReason::OwnName,
        ("mig-small", 7),
        "gpu.product=A-MIG-1g.10gb gpu.replicas=1 gpu.sharing-strategy=none mig-small=true",
        "the name is none",
    ),
    (
        UnknownReason::MoreThanLabelled,
        ("gpu", 2),
        CARD,
        "two models on one node",
    ),
    (
        UnknownReason::MigInvalid,
        ("gpu", 1),
        "gpu.product=A-MIG-INVALID",
        "nvidia.com/gpu.product",
    ),
    (
        UnknownReason::MigInvalid,
        ("gpu", 0),
        "gpu.product=A-MIG-INVALID gpu.count=0",
        "nvidia.com/gpu.product",
    ),
    (
        UnknownReason::MpsClients,
        ("gpu", 0),
        "gpu.product=A-SHARED gpu.replicas=49 gpu.sharing-strategy=mps gpu.memory=9 gpu.compute.major=8",
        "nvidia.com/gpu.replicas",
    ),
    (
        UnknownReason::NoProduct,
        ("gpu", 1),
        "gpu.sharing-strategy=none",
        "nvidia.com/gpu.product is missing",
    ),
    (
        UnknownReason::NoProduct,
        ("gpu", 1),
        "vgpu.present=true",
        "nvidia.com/gpu.product is missing",
    ),
    (
        UnknownReason::SliceUnlabelled,
        ("mig-1g.10gb", 1),
        "",
        "nvidia.com/gpu.product",
    ),
    (
        UnknownReason::NoSharing,
        ("gpu", 1),
        "gpu.product=A gpu.replicas=1",
        "nvidia.com/gpu.sharing-strategy is missing",
    ),
    (
        UnknownReason::NoSharing,
        ("mig-1g.10gb.shared", 1),
        "gpu.product=A",
        "nvidia.com/mig-1g.10gb.sharing-strategy is missing",
    ),
    (
        UnknownReason::UnknownSharing,
        ("gpu", 1),
        "gpu.product=A gpu.replicas=1 gpu.sharing-strategy=magic",
        "nvidia.com/gpu.sharing-strategy has a value",
    ),
    (
        UnknownReason::NoReplicas,
        ("gpu.shared", 1),
        "gpu.product=A gpu.sharing-strategy=mps",
        "nvidia.com/gpu.replicas is missing",
    ),
    (
        UnknownReason::NoMemory,
        ("gpu.shared", 1),
        "gpu.product=A gpu.replicas=4 gpu.sharing-strategy=mps gpu.compute.major=8",
        "nvidia.com/gpu.memory is missing",
    ),
    (
        UnknownReason::MigAdvertisedWhole,
        ("gpu", 1),
        "gpu.product=A gpu.replicas=0 gpu.sharing-strategy=none",
        "nvidia.com/gpu.replicas is 0",
    ),
    (
        UnknownReason::LabelledUnshared,
        ("gpu.shared", 50),
        CARD,
        "a share by its name, and its label nvidia.com/gpu.sharing-strategy says none",
    ),
    (
        UnknownReason::SharedByOne,
        ("gpu.shared", 1),
        "gpu.product=A gpu.replicas=1 gpu.sharing-strategy=mps",
        "nvidia.com/gpu.replicas is below 2",
    ),
    (
        UnknownReason::Renaming,
        ("gpu.shared", 4),
        "gpu.product=A-SHARED gpu.replicas=4 gpu.sharing-strategy=mps",
        "-SHARED",
    ),
    (
        UnknownReason::MpsOnSlices,
        ("mig-1g.10gb", 2),
        "mig-1g.10gb.product=A-MIG-1g.10gb-SHARED mig-1g.10gb.replicas=2 mig-1g.10gb.sharing-strategy=mps",
        "MPS on MIG slices",
    ),
    (
        UnknownReason::MpsClients,
        ("gpu.shared", 49),
        "gpu.product=A gpu.count=1 gpu.replicas=49 gpu.sharing-strategy=mps gpu.memory=9 gpu.compute.major=8",
        "nvidia.com/gpu.replicas",
    ),
    (
        UnknownReason::SharedUnlabelled,
        ("gpu.shared", 2),
        "",
        "no labels say how it is shared",
    ),
    (
        UnknownReason::Unlabelled,
        ("gpu", 2),
        "",
        "supply.unlabelled",
    ),
    (
        UnknownReason::GkeShares,
        ("gpu", 2),
        "cloud.google.com/gke-accelerator=nvidia-l4 cloud.google.com/gke-gpu-partition-size=1g.5gb",
        "GKE",
    ),
    (
        UnknownReason::GkeParts,
        ("gpu", 1),
        "cloud.google.com/gke-accelerator=nvidia-rtx-pro-6000",
        "G4",
    ),
    (
        UnknownReason::EksNoMemory,
        ("gpu", 1),
        "eks.amazonaws.com/instance-gpu-name=l4",
        "instance-gpu-memory is missing",
    ),
    (
        UnknownReason::EksPart,
        ("gpu", 1),
        "eks.amazonaws.com/instance-gpu-name=l4 eks.amazonaws.com/instance-gpu-memory=11000",
        "less than a whole GPU",
    ),
];

#[test]
fn every_reason_names_what_is_wrong_and_says_what_to_do() {
    for (why, advertised, labels, words) in REASONS {
        let supply = supply(&with_spec("{}"), [node("n", labels, advertised)]);
        let [unknown] = supply.groups[0].unknown.as_slice() else {
            panic!("{labels} is read as {:?}", described(&supply));
        };
        assert_eq!(unknown.why, why, "{labels}");
        let said = unknown.message();
        assert!(said.contains(words), "{said}");
        assert!(!said.contains('{') && why.fix().len() > 20, "{said}");
        assert_eq!(supply.knowledge, Knowledge::AllUnknown);
    }
}

#[test]
fn a_vgpu_is_what_the_policy_calls_it_and_never_more_than_the_node_makes_of_it() {
    let whole = "gpu.replicas=1 gpu.sharing-strategy=none gpu.memory=10240";
    let sliced = "gpu.replicas=4 gpu.sharing-strategy=time-slicing gpu.memory=10240";
    let mps = "gpu.replicas=4 gpu.sharing-strategy=mps gpu.memory=10240 gpu.compute.major=8";
    for (word, sharing, product, line) in [
        (
            "time-slicing",
            whole,
            "NVIDIA-A100-10C",
            "time-slicing gpu: 1 x 10240 MiB, 1/1 of NVIDIA-A100-10C",
        ),
        (
            "mig",
            whole,
            "NVIDIA-A100-2-10C",
            "mig gpu: 1 x 10240 MiB, 1/1 of NVIDIA-A100-2-10C",
        ),
        (
            "exclusive",
            whole,
            "NVIDIA-A100-10C",
            "exclusive gpu: 1 x 10240 MiB, 1/1 of NVIDIA-A100-10C",
        ),
        ("unknown", sliced, "NVIDIA-A100-10C-SHARED", "unknown gpu"),
        (
            "mig",
            sliced,
            "NVIDIA-A100-10C-SHARED",
            "time-slicing gpu: 1 x 2560 MiB, 1/4 of NVIDIA-A100-10C",
        ),
        (
            "exclusive",
            sliced,
            "NVIDIA-A100-10C-SHARED",
            "time-slicing gpu: 1 x 2560 MiB, 1/4 of NVIDIA-A100-10C",
        ),
        (
            "exclusive",
            mps,
            "NVIDIA-A100-10C-SHARED",
            "mps gpu: 1 x 2560 MiB, 1/4 of NVIDIA-A100-10C",
        ),
        ("time-slicing", mps, "NVIDIA-A100-10C-SHARED", "unknown gpu"),
    ] {
        let policy = with_spec(&format!("{{supply: {{vgpu: {word}}}}}"));
        let labels = format!("{sharing} gpu.product={product} vgpu.present=true");
        let supply = supply(&policy, [node("n", &labels, ("gpu", 1))]);
        assert_eq!(described(&supply), [line], "{word}");
    }
    let policy = with_spec("{supply: {vgpu: mig}}");
    let labels = format!("{whole} gpu.product=NVIDIA-A100-2-10C");
    let supply = supply(&policy, [node("n", &labels, ("gpu", 1))]);
    assert_eq!(
        supply.offers[0].compute_percent(),
        28,
        "two slices of seven"
    );
}

#[test]
fn a_memory_label_that_cannot_be_right_is_told_and_leaves_the_memory_unknown() {
    let policy = with_spec("{}");
    let whole = "gpu.product=NVIDIA-A100-SXM4-40GB gpu.replicas=1 gpu.sharing-strategy=none";
    let slice =
        "gpu.product=NVIDIA-A100-SXM4-40GB-MIG-1g.5gb gpu.replicas=1 gpu.sharing-strategy=none";
    for (labels, memory, line, is_doubted) in [
        (
            whole,
            "40960",
            "exclusive gpu: 1 x 40960 MiB, 1/1 of NVIDIA-A100-SXM4-40GB",
            false,
        ),
        (
            whole,
            "42505273344",
            "exclusive gpu: 1 x ? MiB, 1/1 of NVIDIA-A100-SXM4-40GB",
            true,
        ),
        (
            whole,
            "81920",
            "exclusive gpu: 1 x ? MiB, 1/1 of NVIDIA-A100-SXM4-40GB",
            true,
        ),
        (
            whole,
            "40Gi",
            "exclusive gpu: 1 x ? MiB, 1/1 of NVIDIA-A100-SXM4-40GB",
            true,
        ),
        // Of a slice the catalogue knows it.
        (
            slice,
            "40960",
            "mig gpu: 1 x 4864 MiB, 1/1 of NVIDIA-A100-SXM4-40GB",
            true,
        ),
    ] {
        let supply = supply(
            &policy,
            [node(
                "n",
                &format!("{labels} gpu.memory={memory}"),
                ("gpu", 1),
            )],
        );
        assert_eq!(described(&supply), [line], "{memory}");
        let doubted = &supply.groups[0].implausible_memory;
        assert_eq!(!doubted.is_empty(), is_doubted, "{memory}");
        if let [doubted] = doubted.as_slice() {
            assert!(
                doubted
                    .message()
                    .contains(&format!("nvidia.com/gpu.memory={memory}"))
            );
        }
    }
}

#[test]
fn no_stock_or_providers_node_is_doubted() {
    for folder in ["stock", "provider"] {
        for file in std::fs::read_dir(super::folder(folder)).expect("the nodes can be listed") {
            let path = file.expect("an entry").path();
            if path.extension().is_none_or(|end| end != "yaml") {
                continue;
            }
            let supply = super::read(&path, &with_spec("{}"));
            assert!(
                supply
                    .groups
                    .iter()
                    .all(|g| g.implausible_memory.is_empty()),
                "{}",
                path.display()
            );
        }
    }
}
