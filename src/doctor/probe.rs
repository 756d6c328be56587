//! Pods that doctor offers to the API server as a dry run, since a refusal names the one who refuses.
//!
//! A probe in an enforced namespace asks for what no policy allows: the API server asks the webhooks first, and the
//! guard refuses what they do not answer. A probe in slicegate's own namespace has a label of slicegate's: there the
//! API server asks only the guard.

use serde_json::{Value, json};

use super::assessment::Assessment;
use super::gathered::{Aim, Gathered, Probe, ProbeAnswer, ProbeResult};
use crate::engine::Severity;
use crate::engine::rules::protected_metadata;
use crate::engine::vocabulary::{Mode, names};

/// At most so many namespaces are tried for an aim, since the user may not be allowed to create pods in the first.
const MOST: usize = 10;

/// All probes, the best first: one answer for each aim is enough.
pub fn probes(gathered: &Gathered) -> Vec<Probe> {
    let assessment = Assessment::of(gathered);
    let mut probes = Vec::new();
    let mut add = |aim, namespaces: &[&str], pod: fn() -> Value| {
        probes.extend(namespaces.iter().take(MOST).map(|namespace| Probe {
            aim,
            namespace: (*namespace).to_owned(),
            pod: pod(),
        }));
    };
    let in_mode = |mode| assessment.in_mode(mode).unwrap_or_default();
    let enforced = in_mode(Mode::Enforce);
    let denies_labels = denies_labels(&assessment);
    add(Aim::Webhook, &enforced, invalid);
    if enforced.is_empty() {
        // slicegate answers with a warning in dry-run.
        add(Aim::Webhook, &in_mode(Mode::DryRun), invalid);
        if denies_labels {
            add(Aim::Webhook, &in_mode(Mode::Off), labelled);
        }
    }
    if denies_labels {
        add(Aim::Guard, &[&gathered.namespace], labelled);
    }
    probes
}

/// Whether the policy refuses slicegate's labels in namespaces that are off.
pub(super) fn denies_labels(assessment: &Assessment<'_>) -> bool {
    assessment.policy().is_ok_and(|policy| {
        policy.mode != Mode::Off && policy.severity(&protected_metadata::RULE) == Severity::Deny
    })
}

/// A request that is no quantity: no policy can turn that rule off.
fn invalid() -> Value {
    let mut pod = pod();
    pod["metadata"]["annotations"] = json!({names::GPU_MEMORY: "slicegate-doctor"});
    pod["spec"]["containers"][0]["resources"] = json!({"limits": {names::GPU: "1"}});
    pod
}

/// A label that closes nodes for others, on a pod without GPU.
fn labelled() -> Value {
    let mut pod = pod();
    pod["metadata"]["labels"] = json!({names::STRATEGY: "mps"});
    pod
}

/// A pod that Pod Security accepts at every level, so that only slicegate has a reason to refuse it.
fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": "slicegate-doctor-"},
        "spec": {
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "main", "image": "slicegate.dev/never-pulled:1",
                "securityContext": {"allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]}}}]}})
}

/// The one who answered a probe, in the order of how much the answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answerer {
    Webhook,
    /// The API server called slicegate and got no answer.
    FailedCall,
    /// A policy of the guard.
    Guard,
    /// The pod was accepted.
    Nobody,
    /// Another webhook or policy refused it.
    Other,
    /// The user may not create pods there.
    Rights,
}

impl ProbeResult {
    /// Whether the answer shows who is asked about pods. Otherwise another namespace is worth a try.
    pub fn is_telling(&self) -> bool {
        self.answerer() < Answerer::Other
    }

    pub(super) fn answerer(&self) -> Answerer {
        match &self.answer {
            ProbeAnswer::Refused(message) => refused_by(message),
            ProbeAnswer::Taken(warnings)
                if warnings.iter().any(|w| w.starts_with("slicegate ")) =>
            {
                Answerer::Webhook
            }
            ProbeAnswer::Taken(_) => Answerer::Nobody,
        }
    }

    /// The begin of the refusal; empty if the pod was accepted.
    pub(super) fn refusal(&self) -> String {
        const MOST: usize = 300;
        let ProbeAnswer::Refused(message) = &self.answer else {
            return String::new();
        };
        let line = message.lines().next().unwrap_or_default();
        match line.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
            None => line.to_owned(),
        }
    }
}

/// The one who refused a pod with this message.
fn refused_by(message: &str) -> Answerer {
    let is_denied_by = |webhook| {
        message.contains(&format!(
            "admission webhook \"{webhook}\" denied the request"
        ))
    };
    if message.contains("failed calling webhook") && message.contains(".slicegate.dev\"") {
        Answerer::FailedCall
    } else if is_denied_by("mutate.slicegate.dev") || is_denied_by("validate.slicegate.dev") {
        Answerer::Webhook
    } else if message.contains("ValidatingAdmissionPolicy 'slicegate-") {
        Answerer::Guard
    } else if message.contains("cannot create resource \"pods\"") {
        Answerer::Rights
    } else {
        Answerer::Other
    }
}

#[cfg(test)]
mod tests {
    use super::{Answerer, refused_by};

    #[test]
    fn who_refused_a_pod_is_told_by_the_words() {
        for (words, who) in [
            (
                "admission webhook \"mutate.slicegate.dev\" denied the request: slicegate: no",
                Answerer::Webhook,
            ),
            (
                "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'slicegate-stamp' with binding 'slicegate-stamp' denied request: x",
                Answerer::Guard,
            ),
            (
                "Internal error occurred: failed calling webhook \"mutate.slicegate.dev\": failed to call webhook: x509",
                Answerer::FailedCall,
            ),
            (
                "pods is forbidden: User \"a\" cannot create resource \"pods\" in API group \"\" in the namespace \"b\"",
                Answerer::Rights,
            ),
            (
                "admission webhook \"other.example\" denied the request: no",
                Answerer::Other,
            ),
            (
                "failed calling webhook \"other.example\": x",
                Answerer::Other,
            ),
        ] {
            assert_eq!(refused_by(words), who, "{words}");
        }
    }
}
