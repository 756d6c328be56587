//! Why pods of the Deployment are not ready, as they say themselves.

use serde_json::Value;

use crate::cel::guard::says;
use crate::doctor::alike::{name, namespace};
use crate::doctor::assessment::Assessment;

/// What keeps a pod from being ready.
pub(super) struct Obstacle {
    /// `ImagePullBackOff: Back-off pulling image ...`
    pub(super) why: String,
    /// What to do.
    pub(super) fix: &'static str,
    /// Shows more of it.
    pub(super) command: String,
}

/// What to do about a pod's reason.
const FIXES: &[(&str, &str)] = &[
    (
        "Unschedulable",
        "make room or take away what keeps it off the nodes; the message names it",
    ),
    ("ImagePullBackOff", IMAGE),
    ("ErrImagePull", IMAGE),
    ("InvalidImageName", IMAGE),
    ("ErrImageNeverPull", IMAGE),
    ("CrashLoopBackOff", "its log says why it ends"),
    ("Error", "its log says why it ends"),
    (
        "OOMKilled",
        "give it more memory: resources.limits.memory in the Deployment",
    ),
    (
        "CreateContainerConfigError",
        "make what the message names: a Secret or ConfigMap that its volumes or variables need",
    ),
];

const IMAGE: &str = "build the image, push it where the nodes can pull it, and name it in the Deployment \
    (docs/install.md#the-image)";
const OTHERWISE: &str = "see why it is not ready: its log says what it waits for";

/// The first pod of the Deployment that says what is in its way.
pub(super) fn obstacle(assessment: &Assessment<'_>, deployment: &Value) -> Option<Obstacle> {
    let own = &assessment.gathered.namespace;
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let pods = assessment.gathered.pods.as_ref().ok()?.iter();
    let mut ours =
        pods.filter(|pod| namespace(pod) == own && says(&pod["metadata"]["labels"], labels));
    let (pod, (reason, message)) = ours.find_map(|pod| Some((pod, reason(pod)?)))?;
    let fix = FIXES.iter().find(|(known, _)| *known == reason);
    let ends = ["CrashLoopBackOff", "Error", "OOMKilled"].contains(&reason);
    let pod = name(pod);
    Some(Obstacle {
        why: if message.is_empty() {
            format!("{pod}: {reason}")
        } else {
            format!("{pod}: {reason}: {message}")
        },
        fix: fix.map_or(OTHERWISE, |(_, fix)| fix),
        command: if ends {
            format!("kubectl -n {own} logs {pod} --previous --tail=50")
        } else {
            format!("kubectl -n {own} describe pod {pod}")
        },
    })
}

/// What a pod says of itself: reason and message.
fn reason(pod: &Value) -> Option<(&str, &str)> {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let unscheduled = conditions.find(|c| c["type"] == "PodScheduled" && c["status"] == "False");
    if let Some(condition) = unscheduled {
        return said(condition);
    }
    let statuses = pod["status"]["containerStatuses"]
        .as_array()
        .into_iter()
        .flatten();
    for status in statuses {
        let last = &status["lastState"]["terminated"];
        if last["reason"] == "OOMKilled" {
            return said(last);
        }
        let waiting = &status["state"]["waiting"];
        if let Some(found) = said(waiting).filter(|(reason, _)| !BEGINNING.contains(reason)) {
            return Some(found);
        }
        if let Some(found) = said(&status["state"]["terminated"]) {
            return Some(found);
        }
    }
    None
}

/// What every pod says at first.
const BEGINNING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

fn said(of: &Value) -> Option<(&str, &str)> {
    Some((
        of["reason"].as_str()?,
        of["message"].as_str().unwrap_or_default(),
    ))
}
