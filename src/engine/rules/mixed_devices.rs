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
    let mut kinds = requests.iter().filter_map(|request| {
        let is_only = requests.iter().filter(|r| r.place == request.place).count() == 1;
        Some((Kind::of(request, tier, is_only)?, request))
    });
    if let Some((kind, first)) = kinds.next()
        && let Some((other_kind, other)) = kinds.find(|(other, _)| *other != kind)
    {
        let message = format!(
            "container {} asks for {} and container {} for {}",
            first.container,
            kind.words(),
            other.container,
            other_kind.words()
        );
        let fix = "split it into two pods, or ask for the same kind of device in every container";
        findings.add(&RULE, format!("{}/resources", other.place), (message, fix));
        return true;
    }
    implicit_claim(pod, findings)
}

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
    fn of(request: &DeviceRequest<'_>, tier: Option<&Tier>, is_only: bool) -> Option<Self> {
        match request.named {
            RequestedResource::Gpu | RequestedResource::Nothing => {
                (request.count > 1 || tier.is_none() || !is_only).then_some(Self::Whole)
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
        let mut quantities = container.quantities();
        let claim = quantities
            .find(|(name, quantity)| is_nvidia_class(name) && !Quantity::is_written_zero(quantity));
        if let Some((name, _)) = claim {
            let message = format!(
                "container {} asks for {name}, a DRA device, beside a GPU of the device plugin",
                container.name()
            );
            let fix = "ask for one of the two: they would be two devices";
            findings.add(&RULE, format!("{place}/resources"), (message, fix));
            found = true;
        }
    }
    found
}

fn is_nvidia_class(resource: &str) -> bool {
    let class = resource.strip_prefix(reserved::CLASS);
    class.is_some_and(|class| class.ends_with(reserved::NVIDIA_CLASS))
}
