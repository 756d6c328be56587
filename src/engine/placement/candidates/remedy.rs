//! The fix that would let the nearest candidate serve a pod.

use crate::engine::line::{PlacementQuery, Shortfall};
use crate::engine::namespaces::quota::Forbidden;
use crate::engine::placement::candidates::obstacle::Obstacle;
use crate::engine::placement::candidates::words::mib_words;
use crate::engine::placement::candidates::{Candidate, Why};
use crate::engine::supply::Offer;

/// The most products that a message names.
const MOST_PRODUCTS: usize = 5;

/// What the author of the pod can do about the nearest candidate, if there is something.
pub(super) fn of(
    query: &PlacementQuery<'_, '_>,
    nearest: &Candidate<'_>,
    all: &[Candidate<'_>],
) -> Option<String> {
    let offer = nearest.offer?;
    Some(match &nearest.why {
        Why::Short(_, lack) => less(*lack, all)?,
        Why::Few { count, .. } => {
            format!("ask for at most {count} of {} in one pod", offer.resource)
        }
        Why::Unreached(group) => Obstacle::between(query, group).fix(&offer.product),
        Why::Product => format!("write slicegate.dev/gpu-products: {}", products(all)),
        Why::Hostname => {
            "the administrator gives its nodes the label kubernetes.io/hostname".to_owned()
        }
        Why::Forbidden(quota, Forbidden::Resource) => format!(
            "the administrator allows some requests.{} in {}",
            offer.resource,
            quota.title()
        ),
        Why::Forbidden(quota, Forbidden::Affinity) => {
            format!(
                "the administrator allows some such pods in {}",
                quota.title()
            )
        }
        Why::Fits { .. } => "split the pod, or ask for less in its other containers".to_owned(),
        Why::Ruled(_) | Why::Nobody => return None,
    })
}

/// The largest size that offers have which are only too small.
fn less(lack: Shortfall, all: &[Candidate<'_>]) -> Option<String> {
    let alike = all.iter().filter(|candidate| match candidate.why {
        Why::Short(_, other) => other == lack && candidate.is_reached(),
        _ => false,
    });
    let offers = alike.filter_map(|candidate| candidate.offer);
    match lack {
        Shortfall::Graphics => Some("leave graphics and display out of NVIDIA_DRIVER_CAPABILITIES, or name a tier that offers time-slicing or exclusive".to_owned()),
        Shortfall::Video => Some("leave video out of NVIDIA_DRIVER_CAPABILITIES, or ask for a larger slice or a whole GPU".to_owned()),
        Shortfall::Memory => {
            Some(match offers.filter_map(|offer| offer.memory_mib).max() {
                Some(most) => format!(
                    "ask for at most {} with slicegate.dev/gpu-memory",
                    mib_words(most)
                ),
                None => {
                    "ask for a part of a GPU with slicegate.dev/gpu-fraction, or have the label nvidia.com/gpu.memory of its nodes corrected"
                        .to_owned()
                }
            })
        }
        Shortfall::Fraction | Shortfall::MemoryFraction => {
            let most = format!("0.{:04}", offers.filter_map(part).max()?);
            let most = most.trim_end_matches('0');
            Some(format!(
                "ask for at most {most} with slicegate.dev/gpu-fraction, or for memory alone"
            ))
        }
        Shortfall::Compute => {
            let most = offers.map(Offer::compute_percent).max()?;
            Some(format!(
                "ask for at most {most} with slicegate.dev/gpu-compute"
            ))
        }
    }
}

/// The fraction of a device that a share is, in ten-thousandths, rounded down. None for a whole device.
fn part(offer: &Offer) -> Option<u32> {
    let of_slice = |(part, of): (u32, u32)| 10_000 * part / (of * offer.replicas).max(1);
    let part = match offer.slice {
        None => of_slice((1, 1)),
        Some(slice) => of_slice(slice.compute).min(of_slice(slice.memory)),
    };
    (1..10_000).contains(&part).then_some(part)
}

fn products(all: &[Candidate<'_>]) -> String {
    let mut products: Vec<&str> = Vec::new();
    let fitting = all.iter().filter(|c| matches!(c.why, Why::Product));
    for offer in fitting.filter_map(|candidate| candidate.offer) {
        if products.len() < MOST_PRODUCTS && !products.contains(&offer.product.as_str()) {
            products.push(&offer.product);
        }
    }
    products.join(",")
}
