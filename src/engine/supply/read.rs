//! Reads what a node hands out from its labels and allocatable resources.
//!
//! The shapes are those NVIDIA's device plugin and GPU Feature Discovery v0.20.0 write. The labels that look
//! helpful and mislead are left alone: `mps.capable` and `mig.strategy` say what is configured, `gpu.memory`
//! is the whole device under sharing, `gpu.count` counts GPUs that are in MIG mode as well.

use super::catalog;
use super::offer::{GfdIdentity, Identity, Offer, Slice};
use super::provider;
use crate::engine::policy::Unlabelled;
use crate::engine::strategy::Strategy;
use crate::engine::words::{GPU, GPU_SHARED, SHARED_SUFFIX, mig_profile};

/// Looks a label up.
pub trait Labels {
    /// The value of a label.
    fn label(&self, key: &str) -> Option<&str>;

    /// The least that a label may be which is a plain number. Only for what is never worse by being more.
    fn at_least(&self, key: &str) -> Option<u64> {
        self.label(key)?.parse().ok()
    }
}

/// What one resource of a node is: supply, or why nothing can be said about it.
pub type Reading = Result<Offer, &'static str>;

/// What one GPU resource of a node is, given how many of it the node has.
pub fn resource(
    labels: &dyn Labels,
    resource: &str,
    count: u64,
    unlabelled: Unlabelled,
) -> Reading {
    match mig_profile(resource) {
        Some(profile) => mixed_slice(labels, resource, profile),
        None if labels.label("nvidia.com/gpu.product").is_none() => {
            provider::whole_device(labels, resource, count, unlabelled)
        }
        None => device(labels, resource, count),
    }
}

/// `nvidia.com/gpu` or `nvidia.com/gpu.shared` of a node with GFD labels.
fn device(labels: &dyn Labels, resource: &str, count: u64) -> Result<Offer, &'static str> {
    let value = labels.label("nvidia.com/gpu.product").unwrap_or_default();
    let name = ProductName::parse(value);
    if name.profile == Some("INVALID") {
        return Err("GPU Feature Discovery calls its MIG configuration invalid");
    }
    let identity = identity(labels, GPU, "nvidia.com/gpu.product", value)?;
    // GFD says 0 of GPUs in MIG mode that are sold whole, one of each.
    let replicas = identity.replicas.max(1);
    if let Some(gpus) = number(labels, "nvidia.com/gpu.count")
        && count > gpus.saturating_mul(u64::from(replicas))
    {
        return Err("it has more GPUs than its labels describe: two models on one node");
    }
    let strategy = strategy(&identity, name.profile.is_some(), resource, name.shared)?;
    if strategy == Strategy::Mps {
        mps_limits(labels, &identity)?;
    }
    let slice = name
        .profile
        .map(|p| Sliced::find(labels, name.base, p, GPU));
    Ok(offer(resource, name.base, strategy, identity, slice, None))
}

/// A MIG resource under strategy `mixed`.
fn mixed_slice(labels: &dyn Labels, resource: &str, profile: &str) -> Result<Offer, &'static str> {
    let prefix = resource.strip_suffix(SHARED_SUFFIX).unwrap_or(resource);
    let own_key = format!("{prefix}.product");
    // The slice's product label is missing where it would be longer than a label may be.
    let (key, value) = match labels.label(&own_key) {
        Some(value) => (own_key.as_str(), value),
        None => (
            "nvidia.com/gpu.product",
            labels
                .label("nvidia.com/gpu.product")
                .ok_or("a MIG resource without labels")?,
        ),
    };
    let name = ProductName::parse(value);
    let identity = identity(labels, prefix, key, value)?;
    // Without its own product label a shared slice's suffix is not seen; an unshared one has none.
    let unseen = key != own_key && identity.sharing != "none";
    let shared = name.shared || (unseen && !resource.ends_with(SHARED_SUFFIX));
    let strategy = strategy(&identity, true, resource, shared)?;
    let slice = Sliced::find(labels, name.base, profile, prefix);
    let device = number(labels, "nvidia.com/gpu.memory");
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
    product_key: &str,
    product_value: &str,
) -> Result<GfdIdentity, &'static str> {
    let sharing = match labels.label(&format!("{prefix}.sharing-strategy")) {
        Some("none") => "none",
        Some("time-slicing") => "time-slicing",
        Some("mps") => "mps",
        Some(_) => return Err("its sharing-strategy label has a value nobody knows"),
        None => return Err("its sharing-strategy label is missing"),
    };
    let replicas = number(labels, &format!("{prefix}.replicas"))
        .and_then(|n| u32::try_from(n).ok())
        .ok_or("its replicas label is missing or no number")?;
    Ok(GfdIdentity {
        prefix: prefix.to_owned(),
        product_key: product_key.to_owned(),
        product_value: product_value.to_owned(),
        sharing,
        replicas,
        memory_label: labels
            .at_least(&format!("{prefix}.memory"))
            .filter(|mib| *mib > 0),
    })
}

/// The strategy, where labels and resource name agree on one.
fn strategy(
    identity: &GfdIdentity,
    mig: bool,
    resource: &str,
    shared_suffix: bool,
) -> Result<Strategy, &'static str> {
    let renamed = resource.ends_with(SHARED_SUFFIX);
    match (identity.sharing, identity.replicas) {
        ("none", 1) if !renamed && !shared_suffix => Ok(if mig {
            Strategy::Mig
        } else {
            Strategy::Exclusive
        }),
        ("none", 0) => Err("its labels say replicas 0: GPUs in MIG mode that are sold whole"),
        ("none", _) => Err("its labels say unshared, its resource or product says shared"),
        (_, 0 | 1) => Err("its labels say shared, with fewer than two replicas"),
        // GFD adds -SHARED exactly where the resource keeps its name.
        _ if renamed == shared_suffix => {
            Err("its product label and its resource disagree on whether sharing was renamed")
        }
        ("mps", _) if mig => Err("MPS on MIG slices, which the device plugin does not support"),
        ("mps", _) => Ok(Strategy::Mps),
        _ => Ok(Strategy::TimeSlicing),
    }
}

/// The device plugin refuses more MPS replicas than the driver serves clients: 48, or 16 before compute capability 7.5.
fn mps_limits(labels: &dyn Labels, identity: &GfdIdentity) -> Result<(), &'static str> {
    let capability = (
        number(labels, "nvidia.com/gpu.compute.major").unwrap_or(0),
        number(labels, "nvidia.com/gpu.compute.minor").unwrap_or(0),
    );
    let clients = if capability >= (7, 5) { 48 } else { 16 };
    if identity.replicas > clients {
        return Err("it has more MPS replicas than the driver serves clients");
    }
    if identity.memory_label.is_none() {
        return Err("an MPS node without the memory label: no limit could be set");
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
            Some(sliced) => device_mib.or(sliced.device_mib),
        },
        replicas: identity.replicas.max(1),
        slice: sliced.map(|s| s.slice),
        identity: Identity::Gfd(identity),
    }
}

/// What the catalogue, else the labels and the name, say of a MIG profile.
struct Sliced {
    slice: Slice,
    memory_mib: Option<u64>,
    device_mib: Option<u64>,
}

impl Sliced {
    fn find(labels: &dyn Labels, product: &str, profile: &str, prefix: &str) -> Self {
        if let Some(product) = catalog::product(product)
            && let Some(found) = catalog::profile(product, profile)
        {
            return Self {
                slice: Slice {
                    compute: (found.compute, product.compute_slices),
                    memory: (found.memory, product.memory_slices),
                },
                memory_mib: found.mib,
                device_mib: product.profiles.iter().filter_map(|p| p.mib).max(),
            };
        }
        // A product newer than the catalogue: count what is certain, compute slices of seven and as many of eight.
        let named = catalog::parse(profile).map_or(0, |(compute, _)| compute);
        let compute = number(labels, &format!("{prefix}.slices.gi"))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(named);
        Self {
            slice: Slice {
                compute: (compute.min(7), 7),
                memory: (compute.min(8), 8),
            },
            memory_mib: None,
            device_mib: None,
        }
    }
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

/// A label that is a plain number.
pub(super) fn number(labels: &dyn Labels, key: &str) -> Option<u64> {
    labels.label(key)?.parse().ok()
}

/// Whether a resource can only come from a device plugin that renamed shared GPUs.
pub(super) fn is_renamed(resource: &str) -> bool {
    resource == GPU_SHARED || resource.ends_with(SHARED_SUFFIX)
}
