//! Words for requests and verdicts.

use crate::engine::line::{Placement, PlacementQuery, ShareSize, Shortfall};
use crate::engine::namespaces::quota::{Forbidden, QuotaView};
use crate::engine::placement::candidates::candidate::{Candidate, Why};
use crate::engine::placement::candidates::obstacle;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::supply::{Identity, Offer};

pub(super) fn request(query: &PlacementQuery<'_, '_>) -> String {
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
    let parts = [
        size.memory.map(|bytes| mib_words(mib_ceil(bytes))),
        size.fraction.map(|f| format!("{f} of a GPU")),
        size.memory_fraction
            .map(|f| format!("{f} of a GPU's memory")),
        size.compute
            .map(|percent| format!("{percent} % of compute")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return String::new();
    }
    format!(" of {}", parts.join(" and "))
}

/// `10Gi` for whole GiB, otherwise MiB.
pub(super) fn mib_words(mib: u64) -> String {
    if mib.is_multiple_of(1024) {
        format!("{}Gi", mib / 1024)
    } else {
        format!("{mib}Mi")
    }
}

/// The offer of a candidate, and why it is not suitable.
pub(super) fn verdict(
    candidate: &Candidate<'_>,
    query: &PlacementQuery<'_, '_>,
    placement: Option<&Placement<'_>>,
) -> (String, String) {
    let Some(offer) = candidate.offer else {
        return match candidate.why {
            Why::Removed(removal) => ("any".to_owned(), removal.words()),
            _ => ("none".to_owned(), "no known node offers it".to_owned()),
        };
    };
    let why = match &candidate.why {
        Why::Short(shortfall) => short(*shortfall, offer),
        Why::Few { count, needed } => format!("{count} on a node, {needed} needed"),
        Why::Forbidden(quota, why) => forbidden(offer, quota, *why),
        Why::Fits { takes_pods } => fitting(candidate, offer, query, (*takes_pods, placement)),
        Why::Product => "not one of the products asked for".to_owned(),
        Why::Hostname => {
            "its nodes have no kubernetes.io/hostname label, so trust boundaries would not hold"
                .to_owned()
        }
        Why::Unreached(group) => obstacle::between(query, group, &offer.product).0,
        Why::Removed(_) | Why::NotOffered => String::new(),
    };
    (format!("{} on {}", offer.resource, offer.product), why)
}

fn fitting(
    candidate: &Candidate<'_>,
    offer: &Offer,
    query: &PlacementQuery<'_, '_>,
    (takes_pods, placement): (bool, Option<&Placement<'_>>),
) -> String {
    const NOT_TOGETHER: &str = "fits, but not together with the pod's other containers";
    let Some(placement) = placement else {
        return NOT_TOGETHER.to_owned();
    };
    if placement.strategy != offer.strategy {
        return if !candidate.ranks_before(query, placement) {
            format!("fits; {} comes first", placement.strategy)
        } else if takes_pods {
            NOT_TOGETHER.to_owned()
        } else {
            "fits, but its nodes take no pods now: cordoned, not ready, or gone".to_owned()
        };
    }
    let mut allocations = placement.shares.iter().map(|share| share.allocation);
    if allocations.clone().any(|own| own == offer.allocation()) {
        return "chosen".to_owned();
    }
    let placed = allocations.next().map_or("the other", |a| a.name());
    let places = if query.depends_on_places() {
        "keeps more architectures or zones, "
    } else {
        ""
    };
    format!("fits; {placed} {places}wastes less or has more of it")
}

fn short(shortfall: Shortfall, offer: &Offer) -> String {
    let missing =
        |what| format!("no {what}, which the container's NVIDIA_DRIVER_CAPABILITIES name");
    match shortfall {
        Shortfall::Memory(bytes) => {
            let requested = mib_words(mib_ceil(bytes));
            match offer.memory_mib {
                Some(mib) => format!("too small: {mib} MiB < {requested}"),
                None => format!("{}, {requested} is asked", unknown_memory(offer)),
            }
        }
        Shortfall::Fraction(f) => format!("too small: {} < {f} of a GPU", share_words(offer)),
        Shortfall::MemoryFraction(f) => {
            format!("too small: {} < {f} of a GPU's memory", share_words(offer))
        }
        Shortfall::Compute(percent) => {
            let offered = offer.compute_percent();
            format!("too small: {offered} % of compute < {percent} %")
        }
        Shortfall::Graphics => missing("graphics"),
        Shortfall::Video => missing("engine for video"),
    }
}

fn forbidden(offer: &Offer, quota: &QuotaView, why: Forbidden) -> String {
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
fn unknown_memory(offer: &Offer) -> String {
    match &offer.identity {
        Identity::Gfd(gfd) => format!(
            "its memory is not known (label {}.memory is missing or cannot be right)",
            gfd.prefix
        ),
        Identity::Listed(_) => "its memory is not known".to_owned(),
    }
}

fn share_words(offer: &Offer) -> String {
    let Some(slice) = offer.slice else {
        return format!("1/{}", offer.replicas);
    };
    let (compute, memory) = (slice.compute, slice.memory);
    let share = match offer.replicas {
        1 => String::new(),
        n => format!(", 1/{n} of it"),
    };
    format!(
        "{}/{} of compute and {}/{} of memory{share}",
        compute.0, compute.1, memory.0, memory.1
    )
}
