//! `limit-env`: refuses variables that set or drop the limits of MPS.

use crate::engine::line::{DecisionInput, Limits};
use crate::engine::relevance::reserved::LIMITS;
use crate::engine::rules::check::{Placed, PodContext, Removal, Trust};
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text, names, quoted};
use crate::facts::pod::{Container, EnvFrom, EnvVar, Place};

/// The rule.
pub static RULE: Rule = Rule::denies("limit-env", include_str!("limit_env.md"));

/// Takes MPS out of the choice where `CUDA_VISIBLE_DEVICES` names another device than the one that an MPS client sees,
/// which drops every limit.
pub static OTHER_DEVICE: Removal = Removal::new(
    &RULE,
    |query, strategy| strategy == Strategy::Mps && query.find_container(hides_its_device).is_some(),
    |query, _| {
        let place = query.find_container(hides_its_device)?;
        Some((format!("{place}/env"), visible_text()))
    },
);

/// Looks in every container for variables that would lift the pod's own limits.
///
/// Values that are equal to what slicegate writes are its own from a first pass; lower values are stricter.
pub fn check(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    for (place, container) in input.pod.all_containers() {
        let limits = context.limits.iter().find(|(p, _)| *p == place);
        let limits = limits.map(|(_, limits)| limits);
        variables(place, container, limits, context.trust, findings);
    }
}

/// Looks for such variables in a container that is given no limits.
pub fn in_container(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    variables(place, container, None, Trust::None, findings);
}

fn variables(
    place: Place,
    container: &Container<'_>,
    limits: Option<&Limits>,
    trust: Trust,
    findings: &mut Findings<'_>,
) {
    let of = container.name();
    for (index, variable) in container.env().iter().enumerate() {
        let name = variable.name();
        let is_limit = LIMITS.iter().any(|open| name.starts_with(open));
        if !is_limit || is_within(variable, limits, trust) {
            continue;
        }
        let (whose, fix) = if name == PIPE {
            (
                "the device plugin",
                "remove it; the plugin sets it where the container gets an MPS share",
            )
        } else {
            (
                "slicegate",
                "remove it; ask with slicegate.dev/gpu-memory or slicegate.dev/gpu-compute",
            )
        };
        let message = format!("container {of} sets {name}, which is for {whose} to set");
        findings.add(&RULE, format!("{place}/env/{index}"), (message, fix));
    }
    // A whole ConfigMap or Secret under a prefix that turns its keys into such variables.
    for (index, source) in container.env_from().iter().enumerate() {
        let prefix = source.prefix();
        let spells = |open: &&str| open.starts_with(prefix) || prefix.starts_with(*open);
        if !prefix.is_empty() && LIMITS.iter().any(spells) {
            let message = format!(
                "container {of} takes variables from outside under the prefix {}, which spells variables that are for slicegate to set",
                quoted(prefix)
            );
            let path = format!("{place}/envFrom/{index}");
            findings.add(&RULE, path, (message, "use another prefix"));
        }
    }
}

/// Where an MPS client finds its daemon; the device plugin sets it (NVIDIA/k8s-device-plugin
/// `internal/plugin/server.go`).
const PIPE: &str = "CUDA_MPS_PIPE_DIRECTORY";

fn is_within(variable: &EnvVar<'_>, limits: Option<&Limits>, trust: Trust) -> bool {
    let Some(value) = variable.literal() else {
        return false;
    };
    let (written, cap) = match variable.name() {
        names::MPS_MEMORY => {
            let mib = value.strip_prefix("0=").and_then(|v| v.strip_suffix('M'));
            (mib.and_then(whole), limits.map(|l| l.mib_cap))
        }
        names::MPS_THREADS => {
            let requested = |l: &Limits| l.percent.filter(|_| trust == Trust::None);
            let cap = limits.map(|l| requested(l).unwrap_or(l.percent_cap));
            (whole(value).filter(|p| *p <= 100), cap.map(u64::from))
        }
        _ => return false,
    };
    let within = |value| trust == Trust::Unjudged || cap.is_some_and(|cap| value <= cap);
    written.is_some_and(|value| value > 0 && within(value))
}

fn whole(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Says which of the visible devices a process uses.
pub(crate) const VISIBLE_ORDINALS: &str = "CUDA_VISIBLE_DEVICES";

/// Whether a container's `CUDA_VISIBLE_DEVICES` names an ordinal other than the one it sees under MPS.
pub fn hides_its_device(container: &Container<'_>) -> bool {
    let hides = |v: &EnvVar<'_>| v.name() == VISIBLE_ORDINALS && v.literal() != Some("0");
    let may_hide =
        |s: &EnvFrom<'_>| !s.prefix().is_empty() && VISIBLE_ORDINALS.starts_with(s.prefix());
    container.env().iter().any(hides) || container.env_from().iter().any(may_hide)
}

/// Warns of a `CUDA_VISIBLE_DEVICES` that begins with a device the container does not see, where it drops no limit:
/// CUDA reads the list up to the first entry that it does not know.
pub fn unseen_device(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed {
        query, placement, ..
    } = *placed;
    if placement.strategy == Strategy::Mps {
        return;
    }
    for request in query.requests {
        let env = query.pod.at(request.place).map(Container::env);
        let mut env = env.unwrap_or_default().iter().enumerate();
        let Some((index, variable)) = env.rfind(|(_, v)| v.name() == VISIBLE_ORDINALS) else {
            continue;
        };
        let value = variable.literal().unwrap_or("0");
        let first = value.split(',').next().unwrap_or_default().trim();
        let is_uuid = ["GPU-", "MIG-"].iter().any(|open| first.starts_with(open));
        // CUDA shows a process one slice.
        let is_mig = placement.strategy == Strategy::Mig;
        let seen = if is_mig { 1 } else { request.count };
        if !is_uuid && whole(first).is_none_or(|ordinal| ordinal < seen) {
            continue;
        }
        let message = format!(
            "container {} has CUDA_VISIBLE_DEVICES {}, and the devices it gets are numbered from 0",
            request.container,
            quoted(value)
        );
        let fix = "remove the variable: a container sees no devices but its own";
        let path = format!("{}/env/{index}", request.place);
        findings.warn(&RULE, path, (message, fix));
    }
}

/// The finding where only MPS is left.
pub fn visible_text() -> Text {
    (
        "CUDA_VISIBLE_DEVICES names a device that an MPS client does not see, which drops every limit".to_owned(),
        "remove the variable, or set it to 0".to_owned(),
    )
}
