//! The Deployment: whether it runs, survives the loss of a node, and has its rights, and what it reads.

use super::starting;
use crate::cel::guard::says;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::{Observation, Right, Unseen};
use crate::doctor::objects::condition;

const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";

pub(super) fn namespace(assessment: &Assessment<'_>) -> Observation<Finding> {
    let own = &assessment.gathered.namespace;
    let Some(namespace) = assessment.gathered.own_namespace.as_ref()? else {
        return Ok(Finding::fail(
            format!("there is no namespace {own}"),
            "install slicegate, or name its namespace with --namespace",
        ));
    };
    let level = namespace["metadata"]["labels"][POD_SECURITY].as_str();
    if level == Some("restricted") {
        return Ok(Finding::ok(format!("{own}, with Pod Security restricted")));
    }
    let message = format!(
        "{own} is not under Pod Security restricted ({})",
        level.unwrap_or("no level")
    );
    let fix =
        "whoever may create pods there may read slicegate's keys; its own pods meet that level";
    let command = format!("kubectl label namespace {own} {POD_SECURITY}=restricted --overwrite");
    Ok(Finding::warn(message, fix).run(command))
}

pub(super) fn deployment(assessment: &Assessment<'_>) -> Observation<Finding> {
    let namespace = &assessment.gathered.namespace;
    let Some(deployment) = assessment.gathered.deployment.as_ref()? else {
        return Ok(Finding::warn(
            format!("there is no Deployment slicegate in {namespace}"),
            "install slicegate, name its namespace with --namespace, or, if it runs elsewhere, look \
             at it there",
        ));
    };
    let describe = format!(
        "kubectl -n {namespace} describe deployment,pods -l app.kubernetes.io/name=slicegate"
    );
    let failure = condition(deployment, "ReplicaFailure");
    if let (true, Some(problem)) = (failure["status"] == "True", failure["message"].as_str()) {
        let message = format!("no pod can be made: {problem}");
        let fix = "its pods cannot be created: remove what is in the way";
        return Ok(Finding::fail(message, fix).run(describe));
    }
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or(0);
    if wanted == 0 {
        let fix = Fix::by("scale it up", scale(namespace));
        return Ok(Finding::fail("scaled to 0 replicas", fix));
    }
    let count = format!("{ready} of {wanted} replicas ready");
    if ready >= wanted {
        return Ok(Finding::ok(count));
    }
    let (finding, message, fix): (fn(String, Fix) -> Finding, _, _) = if ready == 0 {
        let message = format!("none of {wanted} replicas is ready");
        (Finding::fail, message, "see why its pods do not start")
    } else {
        (Finding::warn, count, "see why the others do not start")
    };
    Ok(match starting::obstacle(assessment, deployment) {
        Some((why, fix)) => finding(format!("{message}; {why}"), fix),
        None => finding(message, Fix::by(fix, describe)),
    })
}

fn scale(namespace: &str) -> String {
    format!("kubectl -n {namespace} scale deployment slicegate --replicas=2")
}

pub(super) fn availability(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let Some(deployment) = assessment.gathered.deployment.as_ref()? else {
        return Ok(vec![not_here()]);
    };
    let mut findings = Vec::new();
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    if wanted < 2 {
        findings.push(Finding::warn(
            format!("{wanted} replica: while it restarts, enforced namespaces get no GPU pods"),
            Fix::by("run two or more", scale(&assessment.gathered.namespace)),
        ));
    }
    let template = &deployment["spec"]["template"];
    let mut budgets = assessment.gathered.budgets.as_ref()?.iter();
    let is_covered = budgets.any(|budget| {
        let selector = &budget["spec"]["selector"]["matchLabels"];
        selector.is_object() && says(&template["metadata"]["labels"], selector)
    });
    if !is_covered {
        findings.push(Finding::warn(
            "no PodDisruptionBudget: draining nodes may stop all replicas at once",
            "apply the one of webhook-config/30-deployment.yaml",
        ));
    }
    let class = template["spec"]["priorityClassName"].as_str();
    if class.is_none_or(str::is_empty) {
        findings.push(Finding::warn(
            "no priority class: other pods may push it off a full node",
            "set priorityClassName: system-cluster-critical in the Deployment",
        ));
    }
    let message = format!("{wanted} replicas, a PodDisruptionBudget and a priority class");
    Ok(or_ok(findings, message))
}

pub(super) fn sources(assessment: &Assessment<'_>) -> Observation<Finding> {
    let Some(settings) = assessment.settings.as_ref()? else {
        return Ok(not_here());
    };
    let mut files = vec!["nodes", "namespaces"];
    files.retain(|flag| settings.has(flag));
    if files.is_empty() {
        return Ok(Finding::ok("it watches nodes and namespaces itself"));
    }
    let map = files.iter().find_map(|flag| settings.config_map(flag));
    let source = map.map_or("files".to_owned(), |(name, _)| format!("ConfigMap {name}"));
    Ok(Finding::warn(
        format!(
            "it reads {} from {source}: changes in the cluster reach it only when somebody writes \
             them there",
            files.join(" and ")
        ),
        format!(
            "take --{} from the Deployment's arguments, so that it watches them, or write the file \
             anew after each change",
            files.join(" and --")
        ),
    ))
}

pub(super) fn rights(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let Some(settings) = assessment.settings.as_ref()? else {
        return Ok(vec![not_here()]);
    };
    if !settings.asks_the_cluster() {
        let message = "none are needed: it reads files and asks the API server nothing";
        return Ok(vec![Finding::ok(message)]);
    }
    let asked = &assessment.gathered.rights;
    if asked.is_empty() {
        return Err(Unseen::unasked("what slicegate may do"));
    }
    let mut missing: Vec<&Right> = Vec::new();
    for (right, is_allowed) in asked {
        if !*is_allowed.as_ref()? {
            missing.push(right);
        }
    }
    let account = &settings.account;
    let mut findings = Vec::new();
    for same in missing.chunk_by(|a, b| a.object() == b.object()) {
        let Some(first) = same.first() else { continue };
        let verbs: Vec<&str> = same.iter().map(|right| right.verb).collect();
        findings.push(Finding::fail(
            format!(
                "ServiceAccount {account} may not {} {}, which it needs {}",
                verbs.join(", "),
                first.object(),
                first.why
            ),
            "apply slicegate's ClusterRole, Role and their bindings again",
        ));
    }
    let message = format!("ServiceAccount {account} has all {} it needs", asked.len());
    Ok(or_ok(findings, message))
}

/// What checks say without a Deployment; the check of the Deployment explains it.
pub(super) fn not_here() -> Finding {
    Finding::ok("nothing to see: there is no Deployment slicegate here")
}
