//! The owner of a pod: its controller, and the Deployment above a ReplicaSet.

use super::Pod;
use super::pod::OwnerReference;

/// A Deployment gives this label to the pods of a ReplicaSet. The name of the ReplicaSet ends in its value.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// A workload that makes pods, in the namespace of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'p> {
    /// `Deployment`, `StatefulSet`, ...
    pub kind: &'p str,
    /// Its name.
    pub name: &'p str,
}

impl<'a> Pod<'a> {
    /// The controller that manages the pod. The author of a pod may name any. None for a mirror pod, which belongs to
    /// its node.
    pub fn controller(&self) -> Option<&OwnerReference<'a>> {
        let mut owners = self.owners().iter();
        let controller = owners.find(|owner| owner.controller == Some(true))?;
        (controller.kind.as_deref() != Some("Node")).then_some(controller)
    }

    /// The workload that the pod is one of, as its controller and its labels name it; none without a controller.
    pub fn owner(&self) -> Option<Owner<'_>> {
        let controller = self.controller()?;
        let (kind, name) = (controller.kind.as_deref()?, controller.name.as_deref()?);
        let hash = self.label(TEMPLATE_HASH);
        let deployment = hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-'));
        Some(match (kind, deployment) {
            ("ReplicaSet", Some(name)) => Owner {
                kind: "Deployment",
                name,
            },
            _ => Owner { kind, name },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::Pod;

    #[test]
    fn a_pod_is_its_controllers_and_a_replica_set_is_its_deployments() {
        let said = |kind, name, controls: bool| {
            let text = format!(
                r#"{{"metadata": {{"labels": {{"pod-template-hash": "6d5f"}},
                    "ownerReferences": [{{"kind": "X", "name": "y"}},
                        {{"kind": "{kind}", "name": "{name}", "controller": {controls}}}]}}}}"#
            );
            let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
            let owner = pod.owner()?;
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
