//! The workload of a pod that runs: its controller, or the Deployment of its ReplicaSet.

use super::model::WorkloadEntry;
use crate::facts::Pod;

/// A Deployment gives this label to the pods of a ReplicaSet. The name of the ReplicaSet ends in its value.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// None for a pod without a controller, and for a mirror pod of a kubelet.
pub(super) fn of(pod: &Pod<'_>) -> Option<WorkloadEntry> {
    let controller = pod
        .owners()
        .iter()
        .find(|owner| owner.controller == Some(true))?;
    let (kind, name) = (controller.kind.as_deref()?, controller.name.as_deref()?);
    let hash = pod.label(TEMPLATE_HASH);
    let deployment = hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-'));
    let (kind, name) = match (kind, deployment) {
        ("Node", _) => return None,
        ("ReplicaSet", Some(deployment)) => ("Deployment", deployment),
        (kind, _) => (kind, name),
    };
    Some(WorkloadEntry {
        kind: kind.to_owned(),
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_pod_is_its_controllers_and_a_replica_set_is_its_deployments() {
        let said = |kind, name, controls: bool| {
            let text = format!(
                r#"{{"metadata": {{"labels": {{"pod-template-hash": "6d5f"}},
                    "ownerReferences": [{{"kind": "X", "name": "y"}},
                        {{"kind": "{kind}", "name": "{name}", "controller": {controls}}}]}}}}"#
            );
            let owner = of(&serde_json::from_str(&text).unwrap())?;
            Some(format!("{} {}", owner.kind, owner.name))
        };
        for (kind, name, expected) in [
            ("ReplicaSet", "chat-6d5f", "Deployment chat"),
            ("ReplicaSet", "chat", "ReplicaSet chat"),
            ("StatefulSet", "db", "StatefulSet db"),
            ("Job", "train-6d5f", "Job train-6d5f"),
        ] {
            assert_eq!(said(kind, name, true).as_deref(), Some(expected));
        }
        assert_eq!(said("Job", "train", false), None);
        assert_eq!(said("Node", "node-1", true), None);
    }
}
