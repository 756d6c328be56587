//! Nodes that are gone as text, for the process that comes after this one.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::remembered::Gone;
use crate::engine::supply::NodeView;
use crate::facts::Node;

/// A ConfigMap holds 1 MiB.
const LARGEST: usize = 600 << 10;

/// The nodes as Node objects, the last ones to go first, as many as there is room for.
pub(super) fn write(gone: &[Gone]) -> String {
    let mut gone: Vec<&Gone> = gone.iter().collect();
    gone.sort_by(|a, b| (b.since, &a.node.name).cmp(&(a.since, &b.node.name)));
    let mut text = String::from("[");
    for gone in gone {
        let entry = json!({"since": gone.since, "node": object(&gone.node)}).to_string();
        if text.len() + entry.len() > LARGEST {
            break;
        }
        if text.len() > 1 {
            text.push_str(",\n");
        }
        text.push_str(&entry);
    }
    text.push(']');
    text
}

/// Reads what was written.
pub(super) fn read(text: &str) -> Result<Vec<Gone>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Entry<'a> {
        since: u64,
        #[serde(borrow)]
        node: &'a RawValue,
    }
    let entries: Vec<Entry<'_>> = serde_json::from_str(text)?;
    let gone = entries.into_iter().map(|entry| {
        let node: Node<'_> = serde_json::from_str(entry.node.get())?;
        Ok(Gone {
            node: NodeView::of_node(&node),
            since: entry.since,
        })
    });
    gone.collect()
}

fn object(node: &NodeView) -> Value {
    let taints = node
        .taints
        .iter()
        .map(|taint| json!({"key": taint.key, "value": taint.value, "effect": taint.effect}));
    let allocatable = node.allocatable.iter();
    let allocatable: serde_json::Map<String, Value> = allocatable
        .map(|(name, quantity)| (name.clone(), quantity.as_str().into()))
        .collect();
    json!({
        "metadata": {"name": node.name, "labels": node.labels},
        "spec": {"taints": taints.collect::<Vec<_>>()},
        "status": {"allocatable": allocatable},
    })
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, read, write};
    use crate::engine::supply::Taint;
    use crate::engine::supply::{NodeView, Presence};
    use crate::server::world::remembered::Gone;

    fn gone(name: &str, since: u64) -> Gone {
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
        Gone { node, since }
    }

    #[test]
    fn what_is_written_is_read_again_as_it_was() {
        let all = vec![gone("b", 2), gone("a", 1)];
        assert_eq!(read(&write(&all)).unwrap(), all);
        assert_eq!(read(&write(&[])).unwrap(), []);
        assert!(read("{").is_err());
    }

    #[test]
    fn the_last_ones_are_written_where_there_is_not_room_for_all() {
        let all: Vec<Gone> = (0..5000).map(|n| gone(&format!("node-{n}"), n)).collect();
        let text = write(&all);
        assert!(text.len() <= LARGEST + 1, "{}", text.len());
        let kept = read(&text).unwrap();
        assert!(kept.len() > 1000);
        assert_eq!(kept[0], all[4999]);
    }
}
