//! The Service that the API server calls, and whether somebody stands behind it.

use serde_json::Value;

use super::registration::{Kind, OURS};
use crate::doctor::alike::{counted, name};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;

/// The port that webhooks name unless they say otherwise.
const HTTPS: u64 = 443;

/// Whether both webhooks are called by URL, so that no Service is.
fn is_past_it(assessment: &Assessment<'_>) -> bool {
    [Kind::Mutating, Kind::Validating].into_iter().all(|kind| {
        let ours = kind.client(assessment).ok().flatten();
        ours.is_some_and(|client| client["url"].is_string())
    })
}

pub(super) fn service(assessment: &Assessment<'_>) -> Findings {
    if is_past_it(assessment) {
        return Ok(vec![Finding::ok(
            "not used: the webhooks are called by URL",
        )]);
    }
    let namespace = &assessment.gathered.namespace;
    let Some(service) = seen(&assessment.gathered.service)? else {
        return Ok(vec![
            Finding::fail(
                format!("there is no Service {OURS} in {namespace}, so nobody can call slicegate"),
                "apply it again: helm upgrade, or the file below",
            )
            .run("kubectl apply -f webhook-config/40-service.yaml"),
        ]);
    };
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let mut ports = ports.filter_map(|p| p["port"].as_u64());
    let finding = if ports.any(|port| port == HTTPS) {
        Finding::ok(format!("{OURS}.{namespace}.svc, port {HTTPS}"))
    } else {
        Finding::fail(
            format!("Service {OURS} has no port {HTTPS}, which the webhooks are called on"),
            "apply it again: helm upgrade, or the file below",
        )
        .run("kubectl apply -f webhook-config/40-service.yaml")
    };
    Ok(vec![finding])
}

pub(super) fn endpoints(assessment: &Assessment<'_>) -> Findings {
    if is_past_it(assessment) {
        return Ok(vec![Finding::ok(
            "not used: the webhooks are called by URL",
        )]);
    }
    if matches!(assessment.gathered.service, Ok(None)) {
        return Ok(vec![Finding::unseen(
            "not checked: there is no Service",
            "make the Service first",
        )]);
    }
    let slices = seen(&assessment.gathered.endpoints)?
        .iter()
        .filter(|slice| {
            slice["metadata"]["labels"]["kubernetes.io/service-name"] == OURS || name(slice) == OURS
        });
    let all: Vec<&Value> = slices
        .filter_map(|slice| slice["endpoints"].as_array())
        .flatten()
        .collect();
    // Absent means ready.
    let is_ready = |endpoint: &&&Value| endpoint["conditions"]["ready"] != false;
    let ready = all.iter().filter(is_ready).count();
    let namespace = &assessment.gathered.namespace;
    let look = format!(
        "kubectl -n {namespace} get pods,endpointslices -l app.kubernetes.io/name=slicegate"
    );
    let finding = match (ready, all.len()) {
        (0, 0) => Finding::fail(
            "the Service has no pod behind it",
            "see whether pods run and the Service's selector takes them",
        )
        .run(look),
        (0, some) => Finding::fail(
            format!("none of {some} addresses is ready"),
            "see why its pods are not ready: their log says what is missing",
        )
        .run(format!(
            "kubectl -n {namespace} logs -l app.kubernetes.io/name=slicegate --tail=20"
        )),
        (ready, _) => Finding::ok(format!("{} ready", counted(ready, "pod"))),
    };
    Ok(vec![finding])
}
