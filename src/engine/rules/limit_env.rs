//! `limit-env`: refuses variables that set or drop the limits of MPS.

use crate::engine::line::{DecisionInput, DeviceRequest, Limits, PlacementQuery};
use crate::engine::relevance::reserved::LIMITS;
use crate::engine::rules::check::{Placed, Removal, PodContext, Trust};
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text, names, quoted};
use crate::facts::pod::{Container, EnvFrom, EnvVar, Place};

/// The rule.
pub static RULE: Rule = Rule::denies("limit-env", include_str!("limit_env.md"));

/// Takes MPS out of the choice where `CUDA_VISIBLE_DEVICES` names another device than the one that an MPS client sees,
/// which drops every limit.
pub static OTHER_DEVICE: Removal = Removal {
    rule: &RULE,
    is_absolute: false,
    verdict: None,
    removes: |query, strategy| hiding(query, strategy).is_some(),
    finding: |query, strategy| Some((format!("{}/env", hiding(query, strategy)?), visible_text())),
};

/// Looks in every container for variables that would lift the pod's own limits.
///
/// Values that are equal to what slicegate writes are its own from a first pass; lower values are stricter.
pub fn check(input: &DecisionInput<'_>, standing: PodContext<'_>, findings: &mut Findings<'_>) {
    for (place, container) in input.pod.all_containers() {
        let limits = standing.limits.iter().find(|(p, _)| *p == place);
        let limits = limits.map(|(_, limits)| limits);
        for (index, variable) in container.env().iter().enumerate() {
            if is_limit(variable.name()) && !is_within(variable, limits, standing.trust) {
                found(place, container, (index, variable), findings);
            }
        }
        sources(place, container, findings);
    }
}

/// Looks for such variables in a container that is given no limits.
pub fn in_container(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    for (index, variable) in container.env().iter().enumerate() {
        if is_limit(variable.name()) {
            found(place, container, (index, variable), findings);
        }
    }
    sources(place, container, findings);
}

/// A whole ConfigMap or Secret under a prefix that turns its keys into such variables.
fn sources(place: Place, container: &Container<'_>, findings: &mut Findings<'_>) {
    let sources = container.env_from.as_deref().unwrap_or_default();
    for (index, source) in sources.iter().enumerate() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        if !LIMITS.iter().any(|open| spells(prefix, open)) {
            continue;
        }
        let message = format!(
            "container {} takes variables from outside under the prefix {}, which spells variables that are for slicegate to set",
            container.name(),
            quoted(prefix)
        );
        let fix = "use another prefix".to_owned();
        findings.add(&RULE, format!("{place}/envFrom/{index}"), (message, fix));
    }
}

/// Whether keys below a prefix may be variables that begin so.
fn spells(prefix: &str, beginning: &str) -> bool {
    !prefix.is_empty() && (beginning.starts_with(prefix) || prefix.starts_with(beginning))
}

fn found(
    place: Place,
    container: &Container<'_>,
    (index, variable): (usize, &EnvVar<'_>),
    findings: &mut Findings<'_>,
) {
    let (whose, fix) = match variable.name() {
        PIPE => (
            "the device plugin",
            "remove it; the plugin sets it where the container gets an MPS share",
        ),
        _ => (
            "slicegate",
            "remove it; ask with slicegate.dev/gpu-memory or slicegate.dev/gpu-compute",
        ),
    };
    let message = format!(
        "container {} sets {}, which is for {whose} to set",
        container.name(),
        variable.name()
    );
    findings.add(
        &RULE,
        format!("{place}/env/{index}"),
        (message, fix.to_owned()),
    );
}

/// Where an MPS client finds its daemon; the device plugin sets it (NVIDIA/k8s-device-plugin
/// `internal/plugin/server.go`).
const PIPE: &str = "CUDA_MPS_PIPE_DIRECTORY";

fn is_limit(name: &str) -> bool {
    LIMITS.iter().any(|open| name.starts_with(open))
}

fn is_within(variable: &EnvVar<'_>, limits: Option<&Limits>, trust: Trust) -> bool {
    let Some(value) = variable.literal() else {
        return false;
    };
    match variable.name() {
        names::MPS_MEMORY => {
            let mib = value.strip_prefix("0=").and_then(|v| v.strip_suffix('M'));
            let mib = mib.and_then(whole).filter(|mib| *mib > 0);
            mib.is_some_and(|mib| {
                trust == Trust::Unjudged || limits.is_some_and(|l| mib <= l.mib_cap)
            })
        }
        names::MPS_THREADS => {
            let requested = |l: &Limits| l.percent.filter(|_| trust == Trust::None);
            let cap = limits.map(|l| u64::from(requested(l).unwrap_or(l.percent_cap)));
            let percent = whole(value).filter(|p| (1..=100).contains(p));
            percent.is_some_and(|p| trust == Trust::Unjudged || cap.is_some_and(|cap| p <= cap))
        }
        _ => false,
    }
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Says which of the visible devices a process uses.
pub(crate) const VISIBLE_ORDINALS: &str = "CUDA_VISIBLE_DEVICES";

/// The container whose `CUDA_VISIBLE_DEVICES` names an ordinal that an MPS client does not see.
fn hiding(query: &PlacementQuery<'_, '_>, strategy: Strategy) -> Option<Place> {
    if strategy != Strategy::Mps {
        return None;
    }
    let place = |w: &DeviceRequest<'_>| w.place;
    let set = |place: &Place| query.pod.at(*place).is_some_and(hides_its_device);
    query.requests.iter().map(place).find(set)
}

/// Whether a container's `CUDA_VISIBLE_DEVICES` names an ordinal other than the one it sees under MPS.
pub fn hides_its_device(container: &Container<'_>) -> bool {
    let hides = |v: &EnvVar<'_>| v.name() == VISIBLE_ORDINALS && v.literal() != Some("0");
    let mut sources = container.env_from.iter().flatten();
    let may_hide = |s: &EnvFrom<'_>| {
        let prefix = s.prefix.as_deref().unwrap_or_default();
        !prefix.is_empty() && VISIBLE_ORDINALS.starts_with(prefix)
    };
    container.env().iter().any(hides) || sources.any(may_hide)
}

/// Warns of a `CUDA_VISIBLE_DEVICES` that begins with a device the container does not see, where it drops no limit:
/// CUDA reads the list up to the first entry that it does not know.
pub fn unseen_device(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed { query, placement, .. } = *placed;
    let strategy = placement.strategy;
    if strategy == Strategy::Mps {
        return;
    }
    for request in query.requests {
        let Some(container) = query.pod.at(request.place) else {
            continue;
        };
        // CUDA shows a process one slice.
        let seen = if strategy == Strategy::Mig {
            1
        } else {
            request.count
        };
        let mut set = container.env().iter().enumerate();
        let set = set.rfind(|(_, v)| v.name() == VISIBLE_ORDINALS);
        let Some((index, value)) = set.and_then(|(index, v)| Some((index, v.literal()?))) else {
            continue;
        };
        let first = value.split(',').next().unwrap_or_default().trim();
        let is_uuid = ["GPU-", "MIG-"].iter().any(|open| first.starts_with(open));
        if !is_uuid && whole(first).is_none_or(|ordinal| ordinal < seen) {
            continue;
        }
        let message = format!(
            "container {} has CUDA_VISIBLE_DEVICES {}, and the devices it gets are numbered from 0",
            container.name(),
            quoted(value)
        );
        let fix = "remove the variable: a container sees no devices but its own".to_owned();
        findings.warn(&RULE, format!("{}/env/{index}", request.place), (message, fix));
    }
}

/// The finding where only MPS is left.
pub fn visible_text() -> Text {
    (
        "CUDA_VISIBLE_DEVICES names a device that an MPS client does not see, which drops every limit".to_owned(),
        "remove the variable, or set it to 0".to_owned(),
    )
}
