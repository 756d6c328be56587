//! Whether slicegate is there at all.

use serde_json::Value;

use super::registration::{self, MUTATING};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::name;
use crate::doctor::text::counted;
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::names::is_dns_label;

/// The other namespace that the API server calls.
fn elsewhere<'s>(assessment: &'s Assessment<'_>) -> Option<&'s str> {
    if !matches!(assessment.gathered.deployment, Ok(None)) {
        return None;
    }
    let client = MUTATING.client(assessment).ok()??;
    let namespace = client["service"]["namespace"].as_str()?;
    (namespace != assessment.gathered.namespace && is_dns_label(namespace)).then_some(namespace)
}

/// Nothing of slicegate is in its namespace, so that most checks have nothing to look at.
pub(super) fn is_not_here(assessment: &Assessment<'_>) -> bool {
    is_absent(assessment) || elsewhere(assessment).is_some()
}

/// Nothing of slicegate is in the cluster: no Deployment, Service, registration or guard.
fn is_absent(assessment: &Assessment<'_>) -> bool {
    let gathered = assessment.gathered;
    let is_ours = |object: &Value| name(object).starts_with("slicegate-");
    let has_no_guard = gathered.guard.iter().all(|(_, found)| {
        found
            .as_ref()
            .is_ok_and(|objects| !objects.iter().flatten().any(is_ours))
    });
    matches!(gathered.deployment, Ok(None))
        && matches!(gathered.service, Ok(None))
        && has_no_guard
        && registration::callers(assessment).is_ok_and(|callers| callers.is_empty())
}

pub(super) fn installed(assessment: &Assessment<'_>) -> Observation<Finding> {
    let own = &assessment.gathered.namespace;
    if let Some(namespace) = elsewhere(assessment) {
        let message =
            format!("slicegate is not in {own}: the API server is told to call it in {namespace}");
        let command = format!("slicegate doctor --namespace {namespace}");
        let fix = Fix::by("name that namespace", command);
        return Ok(Finding::fail(message, fix));
    }
    if !is_absent(assessment) {
        assessment.gathered.deployment.as_ref()?;
        return Ok(Finding::ok(format!("in {own}")));
    }
    let count = |mode| assessment.in_mode(mode).map_or(0, |names| names.len());
    let waiting = match count(Mode::Enforce) + count(Mode::DryRun) {
        0 => String::new(),
        some => format!(
            "; {} opted in, and nothing acts on it",
            counted(some, "namespace")
        ),
    };
    let fix = "name your image in webhook-config/30-deployment.yaml and apply the folder, or install the chart \
        (docs/install.md); where it runs in another namespace, name that with --namespace";
    let message = format!("slicegate is not installed in {own}{waiting}");
    let fix = Fix::by(fix, "kubectl apply -f webhook-config/");
    Ok(Finding::fail(message, fix))
}
