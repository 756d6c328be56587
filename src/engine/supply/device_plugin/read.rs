//! Reads what a node advertises from its labels and allocatable resources.
//!
//! It expects labels as NVIDIA's device plugin and GPU Feature Discovery v0.20.0 write them. Some labels mislead and
//! are not read: `mps.capable` and `mig.strategy` say what is configured, `gpu.memory`
//! is the whole device under sharing, `gpu.count` counts GPUs that are in MIG mode as well.

use super::provider;
use super::vgpu;
use crate::engine::supply::catalog;
use crate::engine::supply::labels::{Labels, number};
use crate::engine::supply::offer::{GfdIdentity, Identity, Offer, Reading, Slice};
use crate::engine::supply::why::UnknownReason;
use crate::engine::vocabulary::names::{GPU, SHARED_SUFFIX, labels_of, mig_profile};
use crate::engine::vocabulary::{Declared, Strategy, Vgpu};

const GPU_PRODUCT: &str = "nvidia.com/gpu.product";

/// What one GPU resource of a node is, given how many of it the node has.
pub fn resource(labels: &dyn Labels, resource: &str, count: u64, declared: Declared) -> Reading {
    match mig_profile(resource) {
        Some(profile) => mixed_slice(labels, resource, profile, declared.vgpu),
        None if labels.label(GPU_PRODUCT).is_none() => {
            provider::whole_device(labels, resource, count, declared)
        }
        None => device(labels, resource, count, declared.vgpu),
    }
}

/// Whether GFD describes GPUs of a node.
pub fn is_described(labels: &dyn Labels) -> bool {
    labels.label(GPU_PRODUCT).is_some()
}

/// `nvidia.com/gpu` or `nvidia.com/gpu.shared` of a node with GFD labels.
fn device(labels: &dyn Labels, resource: &str, count: u64, vgpu: Vgpu) -> Reading {
    let value = labels.label(GPU_PRODUCT).unwrap_or_default();
    let name = ProductName::parse(value);
    if name.profile == Some("INVALID") {
        return Err(UnknownReason::MigInvalid);
    }
    let mut identity = identity(labels, GPU, (GPU_PRODUCT, value), &name)?;
    let strategy = strategy(&identity, name.profile.is_some(), resource, name.shared);
    // GFD writes 0 for GPUs in MIG mode that are advertised whole, one of each.
    let replicas = identity.replicas.max(1);
    if let Some(gpus) = number(labels, "nvidia.com/gpu.count")
        && count > gpus.saturating_mul(u64::from(replicas))
        && strategy != Err(UnknownReason::LabelledUnshared)
    {
        return Err(UnknownReason::MoreThanLabelled);
    }
    let mut strategy = strategy?;
    if strategy == Strategy::Mps {
        mps_limits(labels, &identity)?;
    }
    let mut slice = name
        .profile
        .map(|p| Sliced::find(labels, name.base, p, GPU));
    let profile = catalog::VgpuProfile::of(name.base);
    if profile.is_some() || vgpu::is_labelled(labels) {
        strategy = vgpu::strategy(strategy, vgpu)?;
        identity.by_vgpu_label = profile.is_none() && vgpu != Vgpu::Exclusive;
        let backed = profile.filter(|_| strategy == Strategy::Mig);
        slice = slice.or_else(|| Sliced::of_vgpu(backed?));
    }
    Ok(offer(resource, name.base, strategy, identity, slice, None))
}

/// A MIG resource under strategy `mixed`.
fn mixed_slice(labels: &dyn Labels, resource: &str, profile: &str, vgpu: Vgpu) -> Reading {
    let prefix = labels_of(resource);
    let own_key = format!("{prefix}.product");
    let is_own = catalog::parse(profile).is_none();
    // The slice's product label is missing where it would be longer than a label may be.
    let (key, value) = match labels.label(&own_key) {
        Some(value) => (own_key.as_str(), value),
        None if is_own => return Err(UnknownReason::OwnName),
        None => (
            GPU_PRODUCT,
            labels
                .label(GPU_PRODUCT)
                .ok_or(UnknownReason::SliceUnlabelled)?,
        ),
    };
    let name = ProductName {
        profile: Some(profile),
        ..ProductName::parse(value)
    };
    let identity = identity(labels, prefix, (key, value), &name)?;
    // Without its own product label a shared slice has no suffix, and the whole device's suffix does not describe it.
    let shared = if key == own_key {
        name.shared
    } else {
        identity.sharing != "none" && !resource.ends_with(SHARED_SUFFIX)
    };
    let mut strategy = strategy(&identity, true, resource, shared)?;
    if catalog::VgpuProfile::of(name.base).is_some() || vgpu::is_labelled(labels) {
        strategy = vgpu::strategy(strategy, vgpu)?;
    }
    let slice = Sliced::find(labels, name.base, profile, prefix);
    let device = number(labels, "nvidia.com/gpu.memory");
    let device = device.filter(|mib| *mib <= catalog::most_mib(name.base, None));
    Ok(offer(
        resource,
        name.base,
        strategy,
        identity,
        Some(slice),
        device,
    ))
}

fn identity(
    labels: &dyn Labels,
    prefix: &str,
    (product_key, product_value): (&str, &str),
    name: &ProductName<'_>,
) -> Result<GfdIdentity, UnknownReason> {
    let sharing = match labels.label(&format!("{prefix}.sharing-strategy")) {
        Some("none") => "none",
        Some("time-slicing") => "time-slicing",
        Some("mps") => "mps",
        Some(_) => return Err(UnknownReason::UnknownSharing),
        None => return Err(UnknownReason::NoSharing),
    };
    let replicas = number(labels, &format!("{prefix}.replicas"))
        .and_then(|n| u32::try_from(n).ok())
        .ok_or(UnknownReason::NoReplicas)?;
    let most = catalog::most_mib(name.base, name.profile);
    Ok(GfdIdentity {
        prefix: prefix.to_owned(),
        product_key: product_key.to_owned(),
        product_value: product_value.to_owned(),
        sharing,
        replicas,
        memory_label: labels
            .at_least(&format!("{prefix}.memory"))
            .filter(|mib| (1..=most).contains(mib)),
        by_vgpu_label: false,
    })
}

/// The strategy, where labels and resource name agree on one.
fn strategy(
    identity: &GfdIdentity,
    mig: bool,
    resource: &str,
    shared_suffix: bool,
) -> Result<Strategy, UnknownReason> {
    let renamed = resource.ends_with(SHARED_SUFFIX);
    match (identity.sharing, identity.replicas) {
        ("none", 1) if !renamed && !shared_suffix => Ok(if mig {
            Strategy::Mig
        } else {
            Strategy::Exclusive
        }),
        ("none", 0) if !renamed && !shared_suffix => Err(UnknownReason::MigAdvertisedWhole),
        ("none", _) => Err(UnknownReason::LabelledUnshared),
        (_, 0 | 1) => Err(UnknownReason::SharedByOne),
        // GFD adds -SHARED exactly where the resource keeps its name.
        _ if renamed == shared_suffix => Err(UnknownReason::Renaming),
        ("mps", _) if mig => Err(UnknownReason::MpsOnSlices),
        ("mps", _) => Ok(Strategy::Mps),
        _ => Ok(Strategy::TimeSlicing),
    }
}

/// The device plugin refuses more MPS replicas than the driver serves clients: 48, or 16 before compute capability
/// 7.5.
fn mps_limits(labels: &dyn Labels, identity: &GfdIdentity) -> Result<(), UnknownReason> {
    let capability = (
        number(labels, "nvidia.com/gpu.compute.major").unwrap_or(0),
        number(labels, "nvidia.com/gpu.compute.minor").unwrap_or(0),
    );
    let clients = if capability >= (7, 5) { 48 } else { 16 };
    if identity.replicas > clients {
        return Err(UnknownReason::MpsClients);
    }
    // With an impossible label the daemon's own limit holds: it knows the device.
    let memory = format!("{}.memory", identity.prefix);
    if identity.memory_label.is_none() && !labels.says_something(&memory) {
        return Err(UnknownReason::NoMemory);
    }
    Ok(())
}

fn offer(
    resource: &str,
    product: &str,
    strategy: Strategy,
    identity: GfdIdentity,
    sliced: Option<Sliced>,
    device_mib: Option<u64>,
) -> Offer {
    let total = identity
        .memory_label
        .or(sliced.as_ref().and_then(|s| s.memory_mib));
    Offer {
        strategy,
        resource: resource.to_owned(),
        product: product.to_owned(),
        memory_mib: total.map(|mib| mib / u64::from(identity.replicas.max(1))),
        device_mib: match &sliced {
            None => total,
            Some(sliced) => device_mib.or(sliced.device_mib).or_else(|| {
                let (part, of) = sliced.slice.memory;
                (total? * u64::from(of)).checked_div(u64::from(part))
            }),
        },
        replicas: identity.replicas.max(1),
        slice: sliced.map(|s| s.slice),
        identity: Identity::Gfd(identity),
    }
}

/// A MIG profile's sizes by the catalogue, else by the labels and the name.
struct Sliced {
    slice: Slice,
    memory_mib: Option<u64>,
    device_mib: Option<u64>,
}

impl Sliced {
    fn find(labels: &dyn Labels, product: &str, profile: &str, prefix: &str) -> Self {
        let graphics = profile.ends_with(".gfx");
        let video = has_video(labels, prefix);
        if let Some(product) = catalog::product(product)
            && let Some(found) = catalog::profile(product, profile)
        {
            return Self {
                slice: Slice {
                    compute: (found.compute, product.compute_slices),
                    memory: (found.memory, product.memory_slices),
                    graphics,
                    video,
                },
                memory_mib: found.mib,
                device_mib: product.whole_mib(),
            };
        }
        let named = catalog::parse(profile).map_or(0, |(compute, _)| compute);
        let compute = number(labels, &format!("{prefix}.slices.gi"))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(named);
        let mut sliced = Self::of_compute(compute);
        sliced.slice.graphics = graphics;
        sliced.slice.video = video;
        sliced
    }

    /// A vGPU whose name says how many slices back it.
    fn of_vgpu(profile: catalog::VgpuProfile) -> Option<Self> {
        profile.slices.map(Self::of_compute)
    }

    /// For a product outside the catalogue only this is certain: compute slices of seven, and as many memory slices of
    /// eight.
    fn of_compute(compute: u32) -> Self {
        Self {
            slice: Slice {
                compute: (compute.min(7), 7),
                memory: (compute.min(8), 8),
                graphics: false,
                video: true,
            },
            memory_mib: None,
            device_mib: None,
        }
    }
}

/// Whether a slice has an engine for video; true unless labels say that it has none.
fn has_video(labels: &dyn Labels, prefix: &str) -> bool {
    let none = |engine| number(labels, &format!("{prefix}.engines.{engine}")) == Some(0);
    !(none("decoder") && none("encoder"))
}

/// A product label taken apart.
struct ProductName<'a> {
    base: &'a str,
    profile: Option<&'a str>,
    shared: bool,
}

impl<'a> ProductName<'a> {
    fn parse(label: &'a str) -> Self {
        let unshared = label.strip_suffix("-SHARED");
        let rest = unshared.unwrap_or(label);
        let (base, profile) = match rest.rsplit_once("-MIG-") {
            Some((base, profile)) => (base, Some(profile)),
            None => (rest, None),
        };
        Self {
            base,
            profile,
            shared: unshared.is_some(),
        }
    }
}
