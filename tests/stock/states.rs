//! Nodes that are not there, not ready or being changed: supply all the same, ranked last.

use slicegate::engine::supply::fleet::Knowledge;
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::facts::Node;

use super::{described, with_spec};
use slicegate::engine::Supply;

const EXCLUSIVE: &str = r#""nvidia.com/gpu.product":"NVIDIA-L4","nvidia.com/gpu.count":"2","nvidia.com/gpu.replicas":"1","nvidia.com/gpu.sharing-strategy":"none","nvidia.com/gpu.memory":"23034""#;

/// One L4 node with more labels, a spec and conditions.
fn node(labels: &str, spec: &str, conditions: &str) -> Supply {
    let text = format!(
        r#"{{"metadata":{{"name":"n","labels":{{{EXCLUSIVE}{labels}}}}},"spec":{{{spec}}},"status":{{"allocatable":{{"nvidia.com/gpu":"2"}},"conditions":[{conditions}]}}}}"#
    );
    let node: Node<'_> = serde_json::from_str(&text).expect("a node");
    let mut fleet = FleetBuilder::new(with_spec("{}").supply.declared);
    fleet.add(NodeView::of_node(&node));
    fleet.build()
}

fn is_available(supply: &Supply) -> bool {
    assert_eq!(
        described(supply),
        ["exclusive gpu: 2 x 23034 MiB, 1/1 of NVIDIA-L4"],
        "what it hands out is known whatever its state"
    );
    supply.groups[0].available
}

#[test]
fn a_ready_node_is_available() {
    assert!(is_available(&node(
        "",
        "",
        r#"{"type":"Ready","status":"True"}"#
    )));
    assert!(
        is_available(&node("", "", "")),
        "conditions may be left out of a file"
    );
}

#[test]
fn a_cordoned_node_is_supply_that_is_not_available() {
    assert!(!is_available(&node("", r#""unschedulable":true"#, "")));
}

#[test]
fn a_node_that_is_not_ready_or_has_not_been_heard_of_is_supply_that_is_not_available() {
    for status in ["False", "Unknown"] {
        let ready = format!(
            r#"{{"type":"DiskPressure","status":"True"}},{{"type":"Ready","status":"{status}"}}"#
        );
        assert!(!is_available(&node("", "", &ready)), "{status}");
    }
}

#[test]
fn a_node_in_a_change_of_mig_is_supply_that_is_not_available() {
    for (state, available) in [
        ("success", true),
        ("pending", false),
        ("rebooting", false),
        ("failed", false),
    ] {
        let label = format!(r#","nvidia.com/mig.config.state":"{state}""#);
        assert_eq!(is_available(&node(&label, "", "")), available, "{state}");
    }
}

#[test]
fn a_taint_of_a_passing_condition_makes_a_node_unavailable_and_is_none_to_tolerate() {
    for key in [
        "node.kubernetes.io/unreachable",
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disrupted",
    ] {
        let taint = format!(r#""taints":[{{"key":"{key}","effect":"NoSchedule"}}]"#);
        let supply = node("", &taint, "");
        assert!(!is_available(&supply), "{key}");
        assert_eq!(supply.groups[0].taints, [], "{key}");
    }
}

#[test]
fn only_taints_that_keep_pods_off_count() {
    let taints = r#""taints":[{"key":"a","effect":"PreferNoSchedule"},{"key":"b","value":"c","effect":"NoExecute"}]"#;
    let supply = node("", taints, "");
    assert!(is_available(&supply));
    let keys: Vec<&str> = supply.groups[0]
        .taints
        .iter()
        .map(|t| t.key.as_str())
        .collect();
    assert_eq!(keys, ["b"]);
}

#[test]
fn a_pool_is_read_like_a_node_and_has_a_hostname() {
    let policy = with_spec(
        r#"
  supply:
    pools:
    - name: l4
      labels: {nvidia.com/gpu.product: NVIDIA-L4-SHARED, nvidia.com/gpu.count: "1", nvidia.com/gpu.replicas: "3", nvidia.com/gpu.sharing-strategy: mps, nvidia.com/gpu.memory: "23034", nvidia.com/gpu.compute.major: "8", nvidia.com/gpu.compute.minor: "9"}
      allocatable: {nvidia.com/gpu: "3"}
      taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}, {key: soft, effect: PreferNoSchedule}]"#,
    );
    let mut fleet = FleetBuilder::new(policy.supply.declared);
    for pool in &policy.supply.pools {
        fleet.add(NodeView::of_pool(pool));
    }
    let supply = fleet.build();
    assert_eq!(
        described(&supply),
        ["mps gpu: 3 x 7678 MiB, 1/3 of NVIDIA-L4"]
    );
    let group = &supply.groups[0];
    assert!(group.has_hostname && group.available);
    assert_eq!(group.taints.len(), 1);
}

#[test]
fn a_fleet_knows_what_it_can_say() {
    let knowledge = |supply: Supply| supply.knowledge;
    assert_eq!(knowledge(node("", "", "")), Knowledge::Known);
    let build = |node: Option<NodeView>| {
        let mut fleet = FleetBuilder::new(with_spec("{}").supply.declared);
        node.into_iter().for_each(|node| fleet.add(node));
        fleet.build()
    };
    assert_eq!(knowledge(build(None)), Knowledge::NoGpuNodes);
    let silent = NodeView {
        allocatable: vec![("nvidia.com/gpu".to_owned(), "1".to_owned())],
        ..NodeView::default()
    };
    assert_eq!(knowledge(build(Some(silent))), Knowledge::AllUnknown);
}

#[test]
fn a_share_is_compared_in_nominal_slices_and_not_in_what_is_left_of_them() {
    let policy = with_spec("{}");
    let path = super::folder("stock").join("mig-mixed-balanced-a100-80-x8.yaml");
    let supply = super::read(&path, &policy);
    let percent: Vec<(&str, u32)> = supply
        .offers
        .iter()
        .map(|o| (o.resource.as_str(), o.compute_percent()))
        .collect();
    assert_eq!(
        percent,
        [
            ("nvidia.com/mig-1g.10gb", 14),
            ("nvidia.com/mig-2g.20gb", 28),
            ("nvidia.com/mig-3g.40gb", 42)
        ]
    );
}
