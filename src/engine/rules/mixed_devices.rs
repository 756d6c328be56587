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
        Some((kind(request, tier, is_only)?, request))
    });
    if let Some((first_kind, first)) = kinds.next()
        && let Some((kind, request)) = kinds.find(|(kind, _)| *kind != first_kind)
    {
        let (first, other) = (first.container, request.container);
        let message =
            format!("container {first} asks for {first_kind} and container {other} for {kind}");
        let fix = "split it into two pods, or ask for the same kind of device in every container";
        let path = request.resources_path();
        findings.add(&RULE, path, (message, fix));
        return true;
    }
    implicit_claim(pod, findings)
}

/// The kind of device that a container requests; none where the tier still chooses.
///
/// More than one device in a container is whole devices, whether one name counts them or two.
fn kind(request: &DeviceRequest<'_>, tier: Option<&Tier>, is_only: bool) -> Option<&'static str> {
    match request.named {
        RequestedResource::Gpu | RequestedResource::Nothing => {
            (request.count > 1 || tier.is_none() || !is_only).then_some("whole GPUs")
        }
        RequestedResource::Shared | RequestedResource::SharedSlice(_) => Some("a share of a GPU"),
        RequestedResource::Slice(_) => Some("a MIG slice"),
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
