//! The fix that would let the nearest candidate serve a pod.

use std::mem::discriminant;

use crate::engine::line::{PlacementQuery, Shortfall};
use crate::engine::namespaces::quota::Forbidden;
use crate::engine::placement::candidates::candidate::{Candidate, Why};
use crate::engine::placement::candidates::obstacle;
use crate::engine::placement::candidates::words::mib_words;

use crate::engine::supply::Offer;

/// The most products that a message names.
const MOST_PRODUCTS: usize = 5;

/// What the author of the pod can do about the first of the candidates, if there is something.
pub(super) fn of(query: &PlacementQuery<'_, '_>, all: &[Candidate<'_>]) -> Option<String> {
    let nearest = all.first()?;
    let offer = nearest.offer?;
    Some(match &nearest.why {
        Why::Short(shortfall) => less(*shortfall, all)?,
        Why::Few { count, .. } => {
            format!("ask for at most {count} of {} in one pod", offer.resource)
        }
        Why::Unreached(group) => obstacle::between(query, group, &offer.product).1,
        Why::Product => format!("write slicegate.dev/gpu-products: {}", products(all)),
        Why::Hostname => {
            "the administrator gives its nodes the label kubernetes.io/hostname".to_owned()
        }
        Why::Forbidden(quota, why) => {
            let what = match why {
                Forbidden::Resource => format!("requests.{}", offer.resource),
                Forbidden::Affinity => "such pods".to_owned(),
            };
            format!("the administrator allows some {what} in {}", quota.title())
        }
        Why::Fits { .. } => "split the pod, or ask for less in its other containers".to_owned(),
        Why::Removed(_) | Why::NotOffered => return None,
    })
}

/// The largest size that offers have which are only too small.
fn less(shortfall: Shortfall, all: &[Candidate<'_>]) -> Option<String> {
    let alike = all.iter().filter(|candidate| match candidate.why {
        Why::Short(other) => {
            discriminant(&other) == discriminant(&shortfall) && candidate.is_reached()
        }
        _ => false,
    });
    let offers = alike.filter_map(|candidate| candidate.offer);
    Some(match shortfall {
        Shortfall::Graphics => "leave graphics and display out of NVIDIA_DRIVER_CAPABILITIES, or name a tier that offers time-slicing or exclusive".to_owned(),
        Shortfall::Video => "leave video out of NVIDIA_DRIVER_CAPABILITIES, or ask for a larger slice or a whole GPU".to_owned(),
        Shortfall::Memory(_) => match offers.filter_map(|offer| offer.memory_mib).max() {
            Some(most) => {
                format!("ask for at most {} with slicegate.dev/gpu-memory", mib_words(most))
            }
            None => "ask for a part of a GPU with slicegate.dev/gpu-fraction, or have the label nvidia.com/gpu.memory of its nodes corrected".to_owned(),
        },
        Shortfall::Fraction(_) | Shortfall::MemoryFraction(_) => {
            let most = format!("0.{:04}", offers.filter_map(part).max()?);
            let most = most.trim_end_matches('0');
            format!("ask for at most {most} with slicegate.dev/gpu-fraction, or for memory alone")
        }
        Shortfall::Compute(_) => {
            let most = offers.map(Offer::compute_percent).max()?;
            format!("ask for at most {most} with slicegate.dev/gpu-compute")
        }
    })
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
