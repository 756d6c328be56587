//! The Deployment: whether it runs, whether one node's failure ends it, and what it reads.

use serde_json::Value;

use super::starting;
use crate::cel::guard::says;
use crate::doctor::alike::name;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;

const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";

pub(super) fn namespace(assessment: &Assessment<'_>) -> Findings {
    let own = &assessment.gathered.namespace;
    let Some(namespace) = seen(&assessment.gathered.own_namespace)? else {
        return Ok(vec![Finding::fail(
            format!("there is no namespace {own}"),
            "install slicegate, or name its namespace with --namespace",
        )]);
    };
    let level = namespace["metadata"]["labels"][POD_SECURITY].as_str();
    let finding = match level {
        Some("restricted") => Finding::ok(format!("{own}, with Pod Security restricted")),
        _ => Finding::warn(
            format!(
                "{own} is not under Pod Security restricted ({})",
                level.unwrap_or("no level")
            ),
            "whoever may create pods there may read slicegate's keys; its own pods meet that level",
        )
        .run(format!(
            "kubectl label namespace {own} {POD_SECURITY}=restricted --overwrite"
        )),
    };
    Ok(vec![finding])
}

pub(super) fn deployment(assessment: &Assessment<'_>) -> Findings {
    let namespace = &assessment.gathered.namespace;
    let Some(deployment) = seen(&assessment.gathered.deployment)? else {
        return Ok(vec![Finding::warn(
            format!("there is no Deployment slicegate in {namespace}"),
            "install slicegate, name its namespace with --namespace, or, if it runs elsewhere, look \
             at it there",
        )]);
    };
    let (wanted, ready) = replicas(deployment);
    let described = format!(
        "kubectl -n {namespace} describe deployment,pods -l app.kubernetes.io/name=slicegate"
    );
    if let Some(problem) = condition(deployment, "ReplicaFailure", "True") {
        let fix = "its pods cannot be created: remove what is in the way";
        let finding = Finding::fail(format!("no pod can be made: {problem}"), fix);
        return Ok(vec![finding.run(described)]);
    }
    let finding = match (wanted, ready) {
        (0, _) => Finding::fail("scaled to 0 replicas", "scale it up").run(format!(
            "kubectl -n {namespace} scale deployment slicegate --replicas=2"
        )),
        _ if ready < wanted => {
            let finding = match ready {
                0 => Finding::fail(
                    format!("none of {wanted} replicas is ready"),
                    "see why its pods do not start",
                ),
                _ => Finding::warn(
                    format!("{ready} of {wanted} replicas ready"),
                    "see why the others do not start",
                ),
            };
            match starting::obstacle(assessment, deployment) {
                Some(obstacle) => Finding {
                    message: format!("{}; {}", finding.message, obstacle.why),
                    fix: Some(obstacle.fix.to_owned()),
                    command: Some(obstacle.command),
                    ..finding
                },
                None => finding.run(described),
            }
        }
        _ => Finding::ok(format!("{ready} of {wanted} replicas ready")),
    };
    Ok(vec![finding])
}

fn replicas(deployment: &Value) -> (u64, u64) {
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = deployment["status"]["readyReplicas"].as_u64();
    (wanted, ready.unwrap_or(0))
}

/// What a condition says, where it has that status.
fn condition<'d>(deployment: &'d Value, kind: &str, status: &str) -> Option<&'d str> {
    let mut conditions = deployment["status"]["conditions"].as_array()?.iter();
    let found = conditions.find(|c| c["type"] == kind && c["status"] == status)?;
    found["message"].as_str()
}

pub(super) fn availability(assessment: &Assessment<'_>) -> Findings {
    let namespace = &assessment.gathered.namespace;
    let Some(deployment) = seen(&assessment.gathered.deployment)? else {
        return Ok(vec![not_here()]);
    };
    let mut findings = Vec::new();
    let (wanted, _) = replicas(deployment);
    if wanted < 2 {
        let finding = Finding::warn(
            format!("{wanted} replica: while it restarts, enforced namespaces get no GPU pods"),
            "run two or more",
        );
        findings.push(finding.run(format!(
            "kubectl -n {namespace} scale deployment slicegate --replicas=2"
        )));
    }
    let template = &deployment["spec"]["template"];
    let labels = &template["metadata"]["labels"];
    let covers = |budget: &Value| {
        let selector = &budget["spec"]["selector"]["matchLabels"];
        selector.is_object() && says(labels, selector)
    };
    if !seen(&assessment.gathered.budgets)?.iter().any(covers) {
        findings.push(Finding::warn(
            "no PodDisruptionBudget: draining nodes may stop all replicas at once",
            "apply the one of webhook-config/30-deployment.yaml",
        ));
    }
    if template["spec"]["priorityClassName"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        findings.push(Finding::warn(
            "no priority class: other pods may push it off a full node",
            "set priorityClassName: system-cluster-critical in the Deployment",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!(
            "{wanted} replicas, a PodDisruptionBudget and a priority class"
        )));
    }
    Ok(findings)
}

pub(super) fn sources(assessment: &Assessment<'_>) -> Findings {
    let Some(settings) = seen(&assessment.settings)? else {
        return Ok(vec![not_here()]);
    };
    let files: Vec<&str> = ["nodes", "namespaces"]
        .into_iter()
        .filter(|flag| settings.has(flag))
        .collect();
    let map = |flag: &&str| {
        let mounted = settings.mounted(settings.flag(flag)?)?;
        match mounted.0 {
            super::super::settings::Source::ConfigMap(name) => Some(name.clone()),
            super::super::settings::Source::Secret(_) => None,
        }
    };
    let finding = match files.first() {
        None => Finding::ok("it watches nodes and namespaces itself"),
        Some(_) => Finding::warn(
            format!(
                "it reads {} from {}: changes in the cluster reach it only when somebody writes \
                 them there",
                files.join(" and "),
                files
                    .iter()
                    .find_map(map)
                    .map_or("files".to_owned(), |m| format!("ConfigMap {m}"))
            ),
            format!(
                "take --{} from the Deployment's arguments, so that it watches them, or write the \
                 file anew after each change",
                files.join(" and --")
            ),
        ),
    };
    Ok(vec![finding])
}

/// Said where there is no Deployment: the check of that name says what it means.
pub(super) fn not_here() -> Finding {
    Finding::ok("nothing to see: there is no Deployment slicegate here")
}

/// The object of that name.
pub(super) fn named<'o>(objects: &'o [Value], wanted: &str) -> Option<&'o Value> {
    objects.iter().find(|object| name(object) == wanted)
}
