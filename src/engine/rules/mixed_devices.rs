//! `mixed-devices`: refuses a pod that mixes kinds of devices.

use crate::engine::line::{DeviceRequest, RequestedResource};
use crate::engine::relevance::reserved;
use crate::engine::vocabulary::{Findings, Quantity, Rule, Tier};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("mixed-devices", include_str!("mixed_devices.md"));

/// Looks for two mechanisms in one pod. Returns whether it found them, whatever severity the rule has.
pub fn check(
    pod: &Pod<'_>,
    requests: &[DeviceRequest<'_>],
    tier: Option<&Tier>,
    findings: &mut Findings<'_>,
) -> bool {
    let mut first: Option<(Kind, &DeviceRequest<'_>)> = None;
    for request in requests {
        let only = requests.iter().filter(|w| w.place == request.place).count() == 1;
        let Some(kind) = Kind::of(request, tier, only) else {
            continue;
        };
        match first {
            Some((other, before)) if other != kind => {
                let message = format!(
                    "container {} asks for {} and container {} for {}",
                    before.container,
                    other.words(),
                    request.container,
                    kind.words()
                );
                findings.add(
                    &RULE,
                    format!("{}/resources", request.place),
                    (message, FIX.to_owned()),
                );
                return true;
            }
            _ => first = first.or(Some((kind, request))),
        }
    }
    implicit_claim(pod, findings)
}

const FIX: &str = "split it into two pods, or ask for the same kind of device in every container";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Share,
    Slice,
}

impl Kind {
    /// The kind that a container requests; none where the tier still chooses.
    ///
    /// More than one device in a container is whole devices, whether one name counts them or two.
    fn of(request: &DeviceRequest<'_>, tier: Option<&Tier>, only: bool) -> Option<Self> {
        match request.named {
            RequestedResource::Gpu | RequestedResource::Nothing => {
                (request.count > 1 || tier.is_none() || !only).then_some(Self::Whole)
            }
            RequestedResource::Shared | RequestedResource::SharedSlice(_) => Some(Self::Share),
            RequestedResource::Slice(_) => Some(Self::Slice),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Whole => "whole GPUs",
            Self::Share => "a share of a GPU",
            Self::Slice => "a MIG slice",
        }
    }
}

/// A device class of NVIDIA's DRA driver, requested as a resource beside one of the device plugin's.
fn implicit_claim(pod: &Pod<'_>, findings: &mut Findings<'_>) -> bool {
    let mut found = false;
    for (place, container) in pod.containers() {
        let limits = container
            .resources
            .iter()
            .flat_map(|r| [&r.limits, &r.requests]);
        let names = limits.flatten().flat_map(|pairs| pairs.iter());
        let Some((name, _)) = names.into_iter().find(|(name, q)| {
            is_nvidia_class(name) && !Quantity::parse(q).is_ok_and(Quantity::is_zero)
        }) else {
            continue;
        };
        let message = format!(
            "container {} asks for {name}, a DRA device, beside a GPU of the device plugin",
            container.name()
        );
        let fix = "ask for one of the two: they would be two devices".to_owned();
        findings.add(&RULE, format!("{place}/resources"), (message, fix));
        found = true;
    }
    found
}

fn is_nvidia_class(resource: &str) -> bool {
    resource
        .strip_prefix(reserved::CLASS)
        .is_some_and(|class| class.ends_with(reserved::NVIDIA_CLASS))
}
