//! The Deployment: whether its pods run, survive the loss of a node and have their rights, and what they read.

use serde_json::Value;

use crate::cel::guard::says;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::{Observation, Right, Unseen};
use crate::doctor::objects::{condition, items, name, namespace as namespace_of};

const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";

pub(super) fn namespace(assessment: &Assessment<'_>) -> Observation<Finding> {
    let own = &assessment.gathered.namespace;
    let Some(namespace) = assessment.gathered.own_namespace.as_ref()? else {
        let fix = "install slicegate, or name its namespace with --namespace";
        return Ok(Finding::fail(format!("there is no namespace {own}"), fix));
    };
    let level = namespace["metadata"]["labels"][POD_SECURITY].as_str();
    if level == Some("restricted") {
        return Ok(Finding::ok(format!("{own}, with Pod Security restricted")));
    }
    let level = level.unwrap_or("no level");
    let message = format!("{own} is not under Pod Security restricted ({level})");
    let fix =
        "whoever may create pods there may read slicegate's keys; its own pods meet that level";
    let command = format!("kubectl label namespace {own} {POD_SECURITY}=restricted --overwrite");
    Ok(Finding::warn(message, Fix::by(fix, command)))
}

pub(super) fn deployment(assessment: &Assessment<'_>) -> Observation<Finding> {
    let namespace = &assessment.gathered.namespace;
    let Some(deployment) = assessment.gathered.deployment.as_ref()? else {
        let message = format!("there is no Deployment slicegate in {namespace}");
        let fix = "install slicegate, name its namespace with --namespace, or, if it runs elsewhere, look at it there";
        return Ok(Finding::warn(message, fix));
    };
    let describe = format!(
        "kubectl -n {namespace} describe deployment,pods -l app.kubernetes.io/name=slicegate"
    );
    let failure = condition(deployment, "ReplicaFailure");
    if let (true, Some(problem)) = (failure["status"] == "True", failure["message"].as_str()) {
        let message = format!("no pod can be made: {problem}");
        let fix = "its pods cannot be created: remove what is in the way";
        return Ok(Finding::fail(message, Fix::by(fix, describe)));
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
    Ok(match obstacle(assessment, deployment) {
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
    let (words, flags) = (files.join(" and "), files.join(" and --"));
    let message = format!(
        "it reads {words} from {source}: changes in the cluster reach it only when somebody writes them there"
    );
    let fix = format!(
        "take --{flags} from the Deployment's arguments, so that it watches them, or write the file anew after each \
         change"
    );
    Ok(Finding::warn(message, fix))
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
        let (verbs, object, why) = (verbs.join(", "), first.object(), first.why);
        findings.push(Finding::fail(
            format!("ServiceAccount {account} may not {verbs} {object}, which it needs {why}"),
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

/// What to do about a pod's reason.
fn fix_of(reason: &str) -> &'static str {
    match reason {
        "Unschedulable" => {
            "make room or take away what keeps it off the nodes; the message names it"
        }
        "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" => {
            "build the image, push it where the nodes can pull it, and name it in the Deployment \
             (docs/install.md#the-image)"
        }
        "CrashLoopBackOff" | "Error" => "its log says why it ends",
        "OOMKilled" => "give it more memory: resources.limits.memory in the Deployment",
        "CreateContainerConfigError" => {
            "make what the message names: a Secret or ConfigMap that its volumes or variables need"
        }
        _ => "see why it is not ready: its log says what it waits for",
    }
}

/// Why the first pod of the Deployment that gives a reason is not ready, and how to mend that.
fn obstacle(assessment: &Assessment<'_>, deployment: &Value) -> Option<(String, Fix)> {
    let own = &assessment.gathered.namespace;
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let pods = assessment.gathered.pods.as_ref().ok()?.iter();
    let mut ours =
        pods.filter(|pod| namespace_of(pod) == own && says(&pod["metadata"]["labels"], labels));
    let (pod, (reason, message)) = ours.find_map(|pod| Some((name(pod), reason(pod)?)))?;
    let why = if message.is_empty() {
        format!("{pod}: {reason}")
    } else {
        format!("{pod}: {reason}: {message}")
    };
    let command = if ["CrashLoopBackOff", "Error", "OOMKilled"].contains(&reason) {
        format!("kubectl -n {own} logs {pod} --previous --tail=50")
    } else {
        format!("kubectl -n {own} describe pod {pod}")
    };
    Some((why, Fix::by(fix_of(reason), command)))
}

/// The reason and the message of a pod that is not ready.
fn reason(pod: &Value) -> Option<(&str, &str)> {
    let scheduled = condition(pod, "PodScheduled");
    if scheduled["status"] == "False" {
        return reason_of(scheduled);
    }
    items(&pod["status"]["containerStatuses"]).find_map(|status| {
        let last = &status["lastState"]["terminated"];
        if last["reason"] == "OOMKilled" {
            return reason_of(last);
        }
        reason_of(&status["state"]["waiting"])
            // Reasons of every pod at first.
            .filter(|(reason, _)| !["ContainerCreating", "PodInitializing"].contains(reason))
            .or_else(|| reason_of(&status["state"]["terminated"]))
    })
}

fn reason_of(state: &Value) -> Option<(&str, &str)> {
    let message = state["message"].as_str().unwrap_or_default();
    Some((state["reason"].as_str()?, message))
}
