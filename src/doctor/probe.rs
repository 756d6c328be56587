//! Pods that are offered to the API server and never created, because whoever refuses them says his name.
//!
//! One asks in an enforced namespace for what cannot be: the webhooks are asked first, and where they are silent the
//! guard refuses it. One bears a label of slicegate's in its own namespace, about which only the guard is asked.

use serde_json::{Value, json};

use super::assessment::Assessment;
use super::gathered::{Aim, Probe, ProbeAnswer, ProbeResult};
use crate::engine::Severity;
use crate::engine::rules::protected_metadata;
use crate::engine::vocabulary::{Mode, names};

/// Where nobody may create pods the next namespace is tried, up to so many.
const MOST: usize = 10;

/// All probes, the best first: of an aim, one that was answered is enough.
pub(super) fn all(assessment: &Assessment<'_>) -> Vec<Probe> {
    let mut probes = Vec::new();
    let in_mode = |mode| assessment.in_mode(mode).unwrap_or_default();
    let denies_labels = denies_labels(assessment);
    let of = |aim, namespaces: Vec<&str>, pod: fn() -> Value| {
        let namespaces = namespaces.into_iter().take(MOST);
        namespaces
            .map(|namespace| Probe {
                aim,
                namespace: namespace.to_owned(),
                pod: pod(),
            })
            .collect::<Vec<Probe>>()
    };
    let enforced = in_mode(Mode::Enforce);
    let is_enforced = !enforced.is_empty();
    probes.extend(of(Aim::Webhook, enforced, impossible));
    if !is_enforced {
        // In dry-run it is warned of.
        probes.extend(of(Aim::Webhook, in_mode(Mode::DryRun), impossible));
        if denies_labels {
            probes.extend(of(Aim::Webhook, in_mode(Mode::Off), labelled));
        }
    }
    if denies_labels {
        probes.extend(of(
            Aim::Guard,
            vec![&assessment.gathered.namespace],
            labelled,
        ));
    }
    probes
}

/// Whether the policy has slicegate's labels refused where it is off.
pub(super) fn denies_labels(assessment: &Assessment<'_>) -> bool {
    assessment.policy().is_ok_and(|policy| {
        policy.mode != Mode::Off && policy.severity(&protected_metadata::RULE) == Severity::Deny
    })
}

/// An ask that is no quantity: no policy can turn that rule off.
fn impossible() -> Value {
    let mut pod = pod();
    pod["metadata"]["annotations"] = json!({names::GPU_MEMORY: "slicegate-doctor"});
    let resources = json!({"limits": {names::GPU: "1"}});
    pod["spec"]["containers"][0]["resources"] = resources;
    pod
}

/// A label that closes nodes for others, on a pod without GPU.
fn labelled() -> Value {
    let mut pod = pod();
    pod["metadata"]["labels"] = json!({names::STRATEGY: "mps"});
    pod
}

/// A pod that Pod Security takes anywhere, so that nobody but slicegate has a reason to refuse it.
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

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answerer {
    /// slicegate.
    Webhook,
    /// A policy of the guard.
    Guard,
    /// Nobody: the API server called slicegate in vain, and says why.
    InVain,
    /// Who asks may not create pods there.
    Rights,
    /// Somebody else refused it.
    Other,
}

impl ProbeResult {
    /// Whether the answer shows who is asked about pods. Otherwise the namespace was no place to try it.
    pub fn is_telling(&self) -> bool {
        match &self.answer {
            ProbeAnswer::Taken(_) => true,
            ProbeAnswer::Refused(words) => {
                !matches!(answerer(words), Answerer::Rights | Answerer::Other)
            }
        }
    }
}

/// Who refused a pod in these words.
pub(super) fn answerer(refusal: &str) -> Answerer {
    let by_webhook = ["mutate.slicegate.dev", "validate.slicegate.dev"];
    if refusal.contains("failed calling webhook") && refusal.contains(".slicegate.dev\"") {
        Answerer::InVain
    } else if by_webhook
        .iter()
        .any(|name| refusal.contains(&format!("admission webhook \"{name}\" denied the request")))
    {
        Answerer::Webhook
    } else if refusal.contains("ValidatingAdmissionPolicy 'slicegate-") {
        Answerer::Guard
    } else if refusal.contains("cannot create resource \"pods\"") {
        Answerer::Rights
    } else {
        Answerer::Other
    }
}

#[cfg(test)]
mod tests {
    use super::{Answerer, answerer};

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
                Answerer::InVain,
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
            assert_eq!(answerer(words), who, "{words}");
        }
    }
}
