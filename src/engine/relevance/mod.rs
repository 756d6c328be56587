//! Relevance: whether a pod concerns GPUs at all, from one list of indicators for Rust and CEL.
//!
//! Where it is false, no rule finds anything and the decision is untouched. The API server evaluates the CEL before it
//! calls a webhook, and [`decide`](crate::engine::decide) evaluates the Rust first. New indicators belong into
//! `indicators.rs`.

pub mod host_paths;
pub mod indicators;
pub mod injecting;
pub mod pod_limits;
pub mod reserved;
pub mod sharing_systems;

use crate::engine::relevance::indicators::{At, says};
use crate::engine::relevance::sharing_systems::KeyKind;
use crate::engine::vocabulary::names;
use crate::facts::Pod;
use crate::facts::affinity::SelectedKeys;
use crate::facts::pod::{Container, ContainerKind};
use crate::facts::text::{Pairs, Text};
use crate::json::{Cut, Raw};

/// The most entries, in all lists and maps together, that are read one by one.
///
/// With more, the API server would stop evaluating the expression and, with `failurePolicy: Ignore`, skip the webhook.
pub(crate) const MOST_ENTRIES: usize = 1000;
/// The same for containers.
pub(crate) const MOST_CONTAINERS: usize = 100;
/// Longer texts are not compared: their length is the cost of an expression.
pub(crate) const LONGEST: usize = 256;

/// Whether a pod has any indicator.
pub fn concerns_gpus(pod: &Pod<'_>) -> bool {
    // The likeliest indicators of a GPU pod come first.
    lists(pod).any(sizes)
        || marked(pod)
        || is_crowded(pod)
        || lists(pod).any(reaches)
        || reaches_out(pod)
        || keeps_away(pod)
}

fn lists<'p, 'a>(pod: &'p Pod<'a>) -> impl Iterator<Item = &'p Container<'a>> {
    let all = [
        ContainerKind::Main,
        ContainerKind::Init,
        ContainerKind::Ephemeral,
    ];
    all.into_iter().flat_map(|kind| pod.list(kind))
}

/// Whether the pod is too large to be read, which is an indicator too.
fn is_crowded(pod: &Pod<'_>) -> bool {
    pod.cut != Cut::Nothing || lists(pod).count() > MOST_CONTAINERS || entries(pod) > MOST_ENTRIES
}

/// How many entries the pod has in all lists and maps that are read.
pub fn entries(pod: &Pod<'_>) -> usize {
    let pairs = |pairs: Option<&Pairs<'_>>| pairs.map_or(0, |p| p.0.len());
    let of_container = |container: &Container<'_>| {
        let resources = container.resources.as_ref();
        container.env().len()
            + container.env_from.as_ref().map_or(0, Vec::len)
            + container.volume_mounts.as_ref().map_or(0, Vec::len)
            + pairs(resources.and_then(|r| r.limits.as_ref()))
            + pairs(resources.and_then(|r| r.requests.as_ref()))
    };
    let volumes = pod.spec.as_ref().and_then(|s| s.volumes.as_ref());
    let of_pod = pairs(pod.annotations())
        + pairs(pod.labels())
        + volumes.map_or(0, Vec::len)
        + entries_repelled(pod);
    of_pod + lists(pod).map(of_container).sum::<usize>()
}

/// Whether an entry with this key may be an indicator in any of the maps.
pub fn may_matter(key: &str) -> bool {
    let places = [KeyKind::Annotation, KeyKind::Label, KeyKind::Resource];
    indicators::may_say(key) && places.into_iter().any(|kind| says(At::Key(kind), key))
}

/// By annotations and labels.
fn marked(pod: &Pod<'_>) -> bool {
    let keys = |pairs: Option<&Pairs<'_>>, at: At| {
        let mut pairs = pairs.into_iter().flat_map(Pairs::iter);
        pairs.any(|(key, _)| says(at, key))
    };
    keys(pod.annotations(), At::Key(KeyKind::Annotation))
        || keys(pod.labels(), At::Key(KeyKind::Label))
}

/// By the pod's own fields.
fn reaches_out(pod: &Pod<'_>) -> bool {
    let Some(spec) = &pod.spec else { return false };
    let class = spec.runtime_class_name.as_deref();
    let hosts = spec.volumes.iter().flatten();
    let mut hosts = hosts.filter_map(|v| v.host_path.as_ref());
    class.is_some_and(|class| says(At::RuntimeClass, class))
        || hosts.any(|host| says(At::HostPath, text(host.path.as_ref())))
}

/// By required anti-affinity.
fn keeps_away(pod: &Pod<'_>) -> bool {
    let mut terms = pod.required_anti_affinity().iter();
    terms.any(|term| match SelectedKeys::read(*term) {
        Some(keys) => keys.iter().any(|key| says(At::Repelled, key)),
        None => term.get().contains(names::PREFIX),
    })
}

/// How many terms and keys its required anti-affinity has. In a term that is not read whole every byte counts as a
/// key: it is either small or too large.
pub fn entries_repelled(pod: &Pod<'_>) -> usize {
    let terms = pod.required_anti_affinity().iter();
    let keys = |term: &Raw<'_>| match SelectedKeys::read(*term) {
        Some(keys) => keys.iter().count(),
        None => term.get().len(),
    };
    terms.map(|term| 1 + keys(term)).sum()
}

/// By resources.
fn sizes(container: &Container<'_>) -> bool {
    let resource = At::Key(KeyKind::Resource);
    let named = container.resources.iter();
    let mut named = named
        .flat_map(|r| [&r.limits, &r.requests])
        .flatten()
        .flat_map(Pairs::iter);
    named.any(|(name, _)| says(resource, name))
}

/// By variables and mounts.
fn reaches(container: &Container<'_>) -> bool {
    let mut sources = container.env_from.iter().flatten();
    let mut mounts = container.volume_mounts.iter().flatten();
    container.env().iter().any(|v| says(At::Variable, v.name()))
        || sources.any(|s| says(At::Prefix, text(s.prefix.as_ref())))
        || mounts.any(|m| {
            says(At::MountPath, text(m.mount_path.as_ref()))
                || says(At::SubPath, text(m.sub_path.as_ref()))
                || says(At::SubPath, text(m.sub_path_expr.as_ref()))
        })
}

fn text<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", |t| &**t)
}
