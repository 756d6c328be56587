//! `quota-escape`: warns where a rewrite leaves the name that a quota counts.

use crate::engine::line::DeviceRequest;
use crate::engine::namespaces::quota::QuotaPod;
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("quota-escape", include_str!("quota_escape.md"));

/// The requests whose resource gets another name: the request, the old and the new name.
fn renamed<'p>(
    placed: &Placed<'p, '_>,
) -> impl Iterator<Item = (&'p DeviceRequest<'p>, &'p str, &'p str)> {
    let requests = placed.query.requests.iter().zip(&placed.placement.shares);
    requests.filter_map(|(request, share)| {
        let (old, new) = (request.resource()?, share.allocation.name());
        (old != new).then_some((request, old, new))
    })
}

/// Warns of every rewrite from a name that a quota counts to one that no quota counts.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let query = placed.query;
    let namespace = placed.input.namespace;
    let quotas = query.quotas();
    let before = QuotaPod {
        pod: query.pod,
        is_given_affinity: false,
    };
    let after = query.quota_pod(placed.placement.strategy);
    let mut reported: Vec<(&str, &str)> = Vec::new();
    for (request, old, new) in renamed(placed) {
        let Some(quota) = quotas.iter().find(|quota| quota.counts(old, before)) else {
            continue;
        };
        if reported.contains(&(old, new)) || quotas.iter().any(|quota| quota.counts(new, after)) {
            continue;
        }
        reported.push((old, new));
        let message = format!(
            "a quota of namespace {namespace} counts {old}, none counts {new}, which this pod takes instead"
        );
        let fix = format!("the administrator adds requests.{new} to {}", quota.title());
        let path = request.resources_path();
        findings.add(&RULE, path, (message, fix));
    }
}

/// Warns of a pod that Kueue holds back and that takes another name than it was written with: Kueue makes its Workload
/// from the pod as it is created (kubernetes-sigs/kueue `pkg/controller/jobs/pod`).
pub fn queued(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    if let Some(queue) = queue(placed.query.pod)
        && let Some((request, _, new)) = renamed(placed).next()
    {
        let message = format!(
            "Kueue counts this pod by what it takes now, {new}; if {queue} does not cover that, it waits for ever"
        );
        let fix = format!("the administrator has the ClusterQueue cover {new}");
        let path = request.resources_path();
        findings.add(&RULE, path, (message, fix));
    }
}

/// Which of Kueue's queues a pod waits in, where Kueue counts the pod itself.
fn queue(pod: &Pod<'_>) -> Option<String> {
    let name = pod.label("kueue.x-k8s.io/queue-name");
    let mut gates = pod.spec.as_ref()?.scheduling_gates.iter().flatten();
    let is_held = gates.any(|gate| gate.name.as_deref() == Some("kueue.x-k8s.io/admission"));
    // Kueue counts a Job by its template, whose labels its pods have too.
    let is_jobs = || {
        pod.owners()
            .iter()
            .any(|o| o.kind.as_deref() == Some("Job"))
    };
    if !is_held && (name.is_none() || is_jobs()) {
        return None;
    }
    Some(match name {
        Some(name) => format!("the ClusterQueue of queue {}", quoted(name)),
        None => "its ClusterQueue".to_owned(),
    })
}
