//! The Service that the API server calls, and its ready pods.

use serde_json::Value;

use super::registration::REGISTRATIONS;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{SLICEGATE, items, name};
use crate::doctor::text::{counted, logs};

/// The port that webhooks call by default.
const HTTPS: u64 = 443;

/// What the checks say if the API server calls both webhooks by URL.
fn not_used(assessment: &Assessment<'_>) -> Option<Finding> {
    let are_called_by_url = REGISTRATIONS
        .iter()
        .all(|registration| registration.url(assessment).is_some());
    are_called_by_url.then(|| Finding::ok("not used: the webhooks are called by URL"))
}

pub(super) fn service(assessment: &Assessment<'_>) -> Observation<Finding> {
    if let Some(finding) = not_used(assessment) {
        return Ok(finding);
    }
    let namespace = &assessment.gathered.namespace;
    let fail = |message| {
        let fix = "apply it again: helm upgrade, or the file below";
        let fix = Fix::by(fix, "kubectl apply -f webhook-config/40-service.yaml");
        Ok(Finding::fail(message, fix))
    };
    let Some(service) = assessment.gathered.service.as_ref()? else {
        return fail(format!(
            "there is no Service {SLICEGATE} in {namespace}, so nobody can call slicegate"
        ));
    };
    if !items(&service["spec"]["ports"]).any(|port| port["port"] == HTTPS) {
        return fail(format!(
            "Service {SLICEGATE} has no port {HTTPS}, which the webhooks are called on"
        ));
    }
    let message = format!("{SLICEGATE}.{namespace}.svc, port {HTTPS}");
    Ok(Finding::ok(message))
}

pub(super) fn endpoints(assessment: &Assessment<'_>) -> Observation<Finding> {
    if let Some(finding) = not_used(assessment) {
        return Ok(finding);
    }
    if matches!(assessment.gathered.service, Ok(None)) {
        let message = "not checked: there is no Service";
        return Ok(Finding::unseen(message, "make the Service first"));
    }
    let is_ours = |slice: &&Value| {
        let service = &slice["metadata"]["labels"]["kubernetes.io/service-name"];
        service == SLICEGATE || name(slice) == SLICEGATE
    };
    let slices = assessment.gathered.endpoints.as_ref()?.iter();
    let endpoints = slices
        .filter(is_ours)
        .flat_map(|slice| items(&slice["endpoints"]));
    // Absent means ready.
    let (ready, others): (Vec<&Value>, Vec<&Value>) =
        endpoints.partition(|endpoint| endpoint["conditions"]["ready"] != false);
    let namespace = &assessment.gathered.namespace;
    if !ready.is_empty() {
        let message = format!("{} ready", counted(ready.len(), "pod"));
        return Ok(Finding::ok(message));
    }
    if others.is_empty() {
        let fix = "see whether pods run and the Service's selector takes them";
        let command = format!(
            "kubectl -n {namespace} get pods,endpointslices -l app.kubernetes.io/name=slicegate"
        );
        let fix = Fix::by(fix, command);
        return Ok(Finding::fail("the Service has no pod behind it", fix));
    }
    let message = format!("none of {} addresses is ready", others.len());
    let fix = "see why its pods are not ready: their log says what is missing";
    Ok(Finding::fail(message, Fix::by(fix, logs(namespace, 20))))
}
