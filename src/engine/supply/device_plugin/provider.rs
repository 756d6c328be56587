//! GPU nodes without GFD labels: what the labels of GKE and EKS Auto Mode say about them.
//!
//! Elsewhere `nvidia.com/gpu` without GFD labels may be a whole GPU, a time slice, an MPS share, a MIG slice or
//! a vGPU, so such a node serves no tier until the policy says what it is.

use crate::engine::supply::device_plugin::vgpu;
use crate::engine::supply::labels::{Labels, number};
use crate::engine::supply::offer::Reading;
use crate::engine::supply::offer::{Identity, Offer};
use crate::engine::supply::why::UnknownReason;
use crate::engine::vocabulary::names::is_renamed;
use crate::engine::vocabulary::{Declared, Strategy, Unlabelled};

const GFD_PRODUCT: &str = "nvidia.com/gpu.product";
// Set without a product where the product is too long for a label, such as slices advertised as nvidia.com/gpu.
const GFD_SHARING: &str = "nvidia.com/gpu.sharing-strategy";
// GoogleCloudPlatform/container-engine-accelerators: every mode advertises plain nvidia.com/gpu; the clients label
// alone means time-sharing.
const GKE_PRODUCT: &str = "cloud.google.com/gke-accelerator";
const GKE_SHARING: [&str; 4] = [
    "cloud.google.com/gke-gpu-sharing-strategy",
    "cloud.google.com/gke-max-shared-clients-per-gpu",
    "cloud.google.com/gke-gpu-partition-size",
    "gke-no-default-nvidia-gpu-device-plugin",
];
// aws-samples and the EKS user guide: Auto Mode exposes no time-slicing, MIG or DRA.
const EKS_PRODUCT: &str = "eks.amazonaws.com/instance-gpu-name";
const EKS_MEMORY: &str = "eks.amazonaws.com/instance-gpu-memory";
const EKS_COUNT: &str = "eks.amazonaws.com/instance-gpu-count";
/// Below this an instance's GPU is a part of one: half an L4 reports 11 GB, a whole T4 16 GB.
const EKS_SMALLEST_WHOLE_MIB: u64 = 14_000;

/// `nvidia.com/gpu` of a node without GFD labels.
pub(super) fn whole_device(
    labels: &dyn Labels,
    resource: &str,
    count: u64,
    declared: Declared,
) -> Reading {
    if is_renamed(resource) {
        return Err(UnknownReason::SharedUnlabelled);
    }
    if vgpu::is_labelled(labels) {
        return Err(UnknownReason::NoProduct);
    }
    if let Some(product) = labels.label(GKE_PRODUCT) {
        return gke(labels, product);
    }
    if let Some(product) = labels.label(EKS_PRODUCT) {
        return eks(labels, product, count);
    }
    if labels.label(GFD_SHARING).is_some() {
        return Err(UnknownReason::NoProduct);
    }
    match declared.unlabelled {
        Unlabelled::Unknown => Err(UnknownReason::Unlabelled),
        Unlabelled::Exclusive => {
            let absent = [GFD_PRODUCT, GFD_SHARING, GKE_PRODUCT, EKS_PRODUCT]
                .into_iter()
                .chain(GKE_SHARING);
            Ok(exclusive(
                "unknown",
                None,
                absent.map(|key| (key, None)).collect(),
            ))
        }
    }
}

fn gke(labels: &dyn Labels, product: &str) -> Reading {
    if GKE_SHARING.iter().any(|key| labels.label(key).is_some()) {
        return Err(UnknownReason::GkeShares);
    }
    if product == "nvidia-rtx-pro-6000" {
        return Err(UnknownReason::GkeParts);
    }
    let own = [(GKE_PRODUCT, Some(product.to_owned())), (GFD_PRODUCT, None)];
    let absent = GKE_SHARING.into_iter().map(|key| (key, None));
    Ok(exclusive(
        product,
        None,
        own.into_iter().chain(absent).collect(),
    ))
}

fn eks(labels: &dyn Labels, product: &str, count: u64) -> Reading {
    if number(labels, EKS_COUNT).is_some_and(|gpus| count > gpus) {
        return Err(UnknownReason::EksShares);
    }
    let Some(mib) = number(labels, EKS_MEMORY) else {
        return Err(UnknownReason::EksNoMemory);
    };
    if mib < EKS_SMALLEST_WHOLE_MIB {
        return Err(UnknownReason::EksPart);
    }
    let own = vec![
        (EKS_PRODUCT, Some(product.to_owned())),
        (EKS_MEMORY, Some(mib.to_string())),
        (GFD_PRODUCT, None),
        (GKE_PRODUCT, None),
    ];
    Ok(exclusive(product, Some(mib), own))
}

fn exclusive(
    product: &str,
    memory_mib: Option<u64>,
    identity: Vec<(&'static str, Option<String>)>,
) -> Offer {
    Offer {
        strategy: Strategy::Exclusive,
        resource: crate::engine::vocabulary::names::GPU.to_owned(),
        product: product.to_owned(),
        memory_mib,
        device_mib: memory_mib,
        replicas: 1,
        slice: None,
        identity: Identity::Listed(identity),
    }
}
