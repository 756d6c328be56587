//! Whether slicegate is there at all.

use serde_json::Value;

use super::registration::{self, Kind, OURS};
use crate::doctor::alike::{counted, name};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::names::is_dns_label;

/// The namespace that the API server is told to call instead.
fn elsewhere<'s>(assessment: &'s Assessment<'_>) -> Option<&'s str> {
    if !matches!(assessment.gathered.deployment, Ok(None)) {
        return None;
    }
    let client = Kind::Mutating.client(assessment).ok()??;
    let namespace = client["service"]["namespace"].as_str()?;
    (namespace != assessment.gathered.namespace && is_dns_label(namespace)).then_some(namespace)
}

/// Nothing of it is here, so that nothing else is worth a word.
pub(in super::super) fn is_not_here(assessment: &Assessment<'_>) -> bool {
    is_absent(assessment) || elsewhere(assessment).is_some()
}

/// Nothing of it is anywhere: no Deployment, no Service, nobody is told to ask it, and no guard.
fn is_absent(assessment: &Assessment<'_>) -> bool {
    let gathered = assessment.gathered;
    let is_ours = |object: &Value| name(object).starts_with(&format!("{OURS}-"));
    let guard = gathered.guard.iter().all(|(_, found)| match found {
        Ok(objects) => !objects.iter().flatten().any(is_ours),
        Err(_) => false,
    });
    matches!(gathered.deployment, Ok(None))
        && matches!(gathered.service, Ok(None))
        && guard
        && registration::nobody_calls(assessment) == Ok(true)
}

pub(super) fn installed(assessment: &Assessment<'_>) -> Findings {
    let own = &assessment.gathered.namespace;
    if let Some(namespace) = elsewhere(assessment) {
        let message =
            format!("slicegate is not in {own}: the API server is told to call it in {namespace}");
        let finding = Finding::fail(message, "name that namespace");
        return Ok(vec![
            finding.run(format!("slicegate doctor --namespace {namespace}")),
        ]);
    }
    if !is_absent(assessment) {
        assessment
            .gathered
            .deployment
            .as_ref()
            .map_err(Clone::clone)?;
        return Ok(vec![Finding::ok(format!("in {own}"))]);
    }
    let said = |mode| assessment.in_mode(mode).map_or(0, |names| names.len());
    let waiting = match said(Mode::Enforce) + said(Mode::DryRun) {
        0 => String::new(),
        some => format!(
            "; {} opted in, and nothing acts on it",
            counted(some, "namespace")
        ),
    };
    let fix = "name your image in webhook-config/30-deployment.yaml and apply the folder, or install the chart \
        (docs/install.md); where it runs in another namespace, name that with --namespace";
    let message = format!("slicegate is not installed in {own}{waiting}");
    Ok(vec![
        Finding::fail(message, fix).run("kubectl apply -f webhook-config/"),
    ])
}
