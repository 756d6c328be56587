//! Relevance: whether a pod concerns GPUs at all, from one list of indicators for Rust and CEL.
//!
//! Where it is false, no rule finds anything and the decision is untouched. The API server evaluates the CEL before it
//! calls a webhook, and [`decide`](crate::engine::decide) evaluates the Rust first. New indicators belong into
//! `indicators.rs`.

pub mod host_paths;
pub mod indicators;
pub mod injecting;
pub mod pod_size;
pub mod reserved;
pub mod sharing_systems;

use crate::engine::vocabulary::names;
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::Container;
use crate::facts::text::{Pairs, Text};
use crate::json::{Cut, Raw};
use indicators::{
    ANNOTATION, HOST_PATH, Indicators, LABEL, MOUNT_PATH, PREFIX, REPELLED, RESOURCE,
    RUNTIME_CLASS, SUB_PATH, VARIABLE,
};

pub use indicators::may_matter;

/// The most entries, in all lists and maps together, that are read one by one.
///
/// With more, the API server would stop evaluating the expression and, with `failurePolicy: Ignore`, skip the webhook.
pub(crate) const MOST_ENTRIES: usize = 1000;
/// The same for containers.
pub(crate) const MOST_CONTAINERS: usize = 100;

/// Whether a pod has any indicator.
pub fn concerns_gpus(pod: &Pod<'_>) -> bool {
    let containers = || pod.all_containers().map(|(_, container)| container);
    // The likeliest indicators of a GPU pod come first.
    containers().any(requests_gpu)
        || has_key(pod.annotations(), &ANNOTATION)
        || has_key(pod.labels(), &LABEL)
        || is_oversize(pod)
        || containers().any(reaches_gpus)
        || has_class_or_host_path(pod)
        || pod.required_anti_affinity().iter().any(is_repelled)
}

/// Whether the pod is too large to be read, which is an indicator too.
fn is_oversize(pod: &Pod<'_>) -> bool {
    pod.cut != Cut::Nothing
        || pod.all_containers().count() > MOST_CONTAINERS
        || pod_size::entries(pod) > MOST_ENTRIES
}

fn has_key(pairs: Option<&Pairs<'_>>, indicators: &Indicators) -> bool {
    let mut keys = pairs.into_iter().flat_map(Pairs::iter);
    keys.any(|(key, _)| indicators.include(key))
}

fn requests_gpu(container: &Container<'_>) -> bool {
    container
        .quantities()
        .any(|(name, _)| RESOURCE.include(name))
}

/// By variables and mounts.
fn reaches_gpus(container: &Container<'_>) -> bool {
    let mut sources = container.env_from().iter();
    let mut mounts = container.mounts().iter();
    container.env().iter().any(|v| VARIABLE.include(v.name()))
        || sources.any(|s| PREFIX.include(s.prefix()))
        || mounts.any(|m| {
            MOUNT_PATH.include(m.path())
                || SUB_PATH.include(text(&m.sub_path))
                || SUB_PATH.include(text(&m.sub_path_expr))
        })
}

fn has_class_or_host_path(pod: &Pod<'_>) -> bool {
    let class = pod.runtime_class().unwrap_or_default();
    let mut hosts = pod.volumes().iter().filter_map(|v| v.host_path.as_ref());
    RUNTIME_CLASS.include(class) || hosts.any(|host| HOST_PATH.include(text(&host.path)))
}

fn is_repelled(term: &Raw<'_>) -> bool {
    match PodAffinityTerm::read(*term) {
        Some(term) => term.selected_keys().any(|key| REPELLED.include(key)),
        None => term.get().contains(names::PREFIX),
    }
}

fn text<'t>(text: &'t Option<Text<'_>>) -> &'t str {
    text.as_deref().unwrap_or_default()
}
