//! Words for requests and shortfalls.

use crate::engine::line::{PlacementQuery, ShareSize, Shortfall};
use crate::engine::namespaces::quota::{Forbidden, QuotaView};
use crate::engine::supply::offer::mib_ceil;
use crate::engine::supply::{Identity, Offer, Slice};

/// The requests of the pod, in a few words.
pub fn request_words(query: &PlacementQuery<'_, '_>) -> String {
    let Some(request) = query.requests.first() else {
        return "the pod".to_owned();
    };
    let what = match (request.fixed_resource(), request.count) {
        (Some(resource), count) => format!("{count} {resource}"),
        (None, 1) => "one GPU or share".to_owned(),
        (None, count) => format!("{count} whole GPUs"),
    };
    let size = size(&request.size);
    let others = match query.requests.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    format!("container {}'s {what}{size}{others}", request.container)
}

fn size(size: &ShareSize) -> String {
    let mut parts = Vec::new();
    if let Some(bytes) = size.memory {
        parts.push(mib_words(mib_ceil(bytes)));
    }
    if let Some(fraction) = size.fraction {
        parts.push(format!("{fraction} of a GPU"));
    }
    if let Some(fraction) = size.memory_fraction {
        parts.push(format!("{fraction} of a GPU's memory"));
    }
    if let Some(percent) = size.compute {
        parts.push(format!("{percent} % of compute"));
    }
    match parts.as_slice() {
        [] => String::new(),
        _ => format!(" of {}", parts.join(" and ")),
    }
}

/// `10Gi` for whole GiB, otherwise MiB.
pub fn mib_words(mib: u64) -> String {
    match mib.is_multiple_of(1024) {
        true => format!("{}Gi", mib / 1024),
        false => format!("{mib}Mi"),
    }
}

/// The shortfall of an offer, in words.
pub(super) fn short(size: &ShareSize, offer: &Offer, lack: Shortfall) -> String {
    match lack {
        Shortfall::Memory => {
            let requested = size
                .memory
                .map_or_else(String::new, |b| mib_words(mib_ceil(b)));
            match offer.memory_mib {
                Some(mib) => format!("too small: {mib} MiB < {requested}"),
                None => format!("{}, {requested} is asked", nobody_knows(offer)),
            }
        }
        Shortfall::Fraction => {
            let requested = size.fraction.map_or_else(String::new, |f| f.to_string());
            format!("too small: {} < {requested} of a GPU", share_words(offer))
        }
        Shortfall::MemoryFraction => {
            let requested = size
                .memory_fraction
                .map_or_else(String::new, |f| f.to_string());
            format!(
                "too small: {} < {requested} of a GPU's memory",
                share_words(offer)
            )
        }
        Shortfall::Compute => {
            let requested = size.compute.unwrap_or(0);
            format!(
                "too small: {} % of compute < {requested} %",
                offer.compute_percent()
            )
        }
        Shortfall::Graphics => {
            "no graphics, which the container's NVIDIA_DRIVER_CAPABILITIES name".to_owned()
        }
        Shortfall::Video => {
            "no engine for video, which the container's NVIDIA_DRIVER_CAPABILITIES name".to_owned()
        }
    }
}

/// Why a quota excludes an offer.
pub(super) fn forbidden(offer: &Offer, quota: &QuotaView, why: Forbidden) -> String {
    let quota = quota.title();
    match why {
        Forbidden::Resource => {
            format!("{quota} of the namespace allows no {}", offer.resource)
        }
        Forbidden::Affinity => format!(
            "{quota} of the namespace allows no pod with affinity across namespaces, as shared pods have"
        ),
    }
}

/// Says that the memory of an offer is unknown, and which label is missing.
fn nobody_knows(offer: &Offer) -> String {
    match &offer.identity {
        Identity::Gfd(gfd) => {
            let label = format!("{}.memory", gfd.prefix);
            format!("its memory is not known (label {label} is missing or cannot be right)")
        }
        Identity::Listed(_) => "its memory is not known".to_owned(),
    }
}

fn share_words(offer: &Offer) -> String {
    match offer.slice {
        None => format!("1/{}", offer.replicas),
        Some(Slice {
            compute, memory, ..
        }) => {
            let share = match offer.replicas {
                1 => String::new(),
                n => format!(", 1/{n} of it"),
            };
            format!(
                "{}/{} of compute and {}/{} of memory{share}",
                compute.0, compute.1, memory.0, memory.1
            )
        }
    }
}
