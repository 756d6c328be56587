//! Deleted nodes as text, for the next process.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::deleted_nodes::DeletedNode;
use crate::engine::supply::NodeView;
use crate::facts::Node;

/// The most bytes; a ConfigMap holds 1 MiB.
const LARGEST: usize = 600 << 10;

/// The nodes as Node objects, the last deleted first, as many as there is room for.
pub fn write(deleted: &[DeletedNode]) -> String {
    let mut deleted: Vec<&DeletedNode> = deleted.iter().collect();
    deleted.sort_by(|a, b| (b.since, &a.node.name).cmp(&(a.since, &b.node.name)));
    let mut length = 0;
    let entries = deleted.into_iter().map(|DeletedNode { node, since }| {
        json!({"since": since, "node": object(node)}).to_string()
    });
    let entries = entries.take_while(|entry| {
        length += entry.len() + ",\n".len();
        length <= LARGEST
    });
    format!("[{}]", entries.collect::<Vec<_>>().join(",\n"))
}

/// Reads what [`write`] wrote.
pub fn read(text: &str) -> Result<Vec<DeletedNode>, serde_json::Error> {
    #[derive(Deserialize)]
    struct NodeRecord<'a> {
        since: u64,
        #[serde(borrow)]
        node: &'a RawValue,
    }
    let entries: Vec<NodeRecord<'_>> = serde_json::from_str(text)?;
    let deleted = entries.into_iter().map(|NodeRecord { since, node }| {
        let node: Node<'_> = serde_json::from_str(node.get())?;
        let node = NodeView::of_node(&node);
        Ok(DeletedNode { node, since })
    });
    deleted.collect()
}

fn object(node: &NodeView) -> Value {
    let taints = node.taints.iter();
    let taints = taints.map(|t| json!({"key": t.key, "value": t.value, "effect": t.effect}));
    let allocatable = node.allocatable.iter();
    let allocatable = allocatable.map(|(name, quantity)| (name.clone(), quantity.as_str().into()));
    json!({
        "metadata": {"name": node.name, "labels": node.labels},
        "spec": {"taints": taints.collect::<Vec<_>>()},
        "status": {"allocatable": allocatable.collect::<Map<_, _>>()},
    })
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, read, write};
    use crate::engine::supply::{NodeView, Presence, Taint};
    use crate::server::state::deleted_nodes::DeletedNode;

    fn deleted(name: &str, since: u64) -> DeletedNode {
        let taint = Taint {
            key: "nvidia.com/gpu".to_owned(),
            value: "present".to_owned(),
            effect: "NoSchedule".to_owned(),
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let node = NodeView {
            name: name.to_owned(),
            labels: [pair("nvidia.com/gpu.product", "NVIDIA-L4")].into(),
            allocatable: vec![pair("cpu", "8"), pair("nvidia.com/gpu", "1")],
            taints: vec![taint],
            available: true,
            presence: Presence::There,
        };
        DeletedNode { node, since }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = vec![deleted("b", 2), deleted("a", 1)];
        assert_eq!(read(&write(&all)).unwrap(), all);
        assert_eq!(read(&write(&[])).unwrap(), []);
        assert!(read("{").is_err());
    }

    #[test]
    fn the_last_deleted_are_written_if_there_is_no_room_for_all() {
        let all: Vec<DeletedNode> = (0..5000)
            .map(|n| deleted(&format!("node-{n}"), n))
            .collect();
        let text = write(&all);
        assert!(text.len() <= LARGEST + 1, "{}", text.len());
        let kept = read(&text).unwrap();
        assert!(kept.len() > 1000);
        assert_eq!(kept[0], all[4999]);
    }
}
