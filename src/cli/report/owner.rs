//! What made a pod that runs: its controller, and of a ReplicaSet the Deployment.

use serde_json::Value;

use super::WorkloadEntry;

/// The label by which a Deployment tells the pods of its ReplicaSets apart; the ReplicaSet's name ends in its value.
const TEMPLATE_HASH: &str = "/metadata/labels/pod-template-hash";

/// None for a pod that stands for itself, and for one that a kubelet made of a file.
pub(super) fn of(pod: &Value) -> Option<WorkloadEntry> {
    let owners = pod.pointer("/metadata/ownerReferences")?.as_array()?;
    let controller = owners.iter().find(|owner| owner["controller"] == true)?;
    let (kind, name) = (controller["kind"].as_str()?, controller["name"].as_str()?);
    let hash = pod.pointer(TEMPLATE_HASH).and_then(Value::as_str);
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
    use serde_json::json;

    use super::of;

    #[test]
    fn a_pod_is_its_controllers_and_a_replica_set_is_its_deployments() {
        let pod = |kind: &str, name: &str, controls: bool| {
            json!({"metadata": {"labels": {"pod-template-hash": "6d5f"},
                "ownerReferences": [{"kind": "X", "name": "y"},
                    {"kind": kind, "name": name, "controller": controls}]}})
        };
        let said = |kind, name, controls| {
            let owner = of(&pod(kind, name, controls))?;
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
