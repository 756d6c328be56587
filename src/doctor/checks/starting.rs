//! Why pods of the Deployment are not ready, as their status says.

use serde_json::Value;

use crate::cel::guard::says;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::Fix;
use crate::doctor::objects::{condition, items, name, namespace};

/// What to do about a pod's reason.
fn fix(reason: &str) -> &'static str {
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
pub(super) fn obstacle(assessment: &Assessment<'_>, deployment: &Value) -> Option<(String, Fix)> {
    let own = &assessment.gathered.namespace;
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let pods = assessment.gathered.pods.as_ref().ok()?.iter();
    let mut ours =
        pods.filter(|pod| namespace(pod) == own && says(&pod["metadata"]["labels"], labels));
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
    Some((why, Fix::by(fix(reason), command)))
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
