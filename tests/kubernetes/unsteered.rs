//! What slicegate does not steer, pinned: where its guarantee ends, and where it holds against those who reach for it.

use serde_json::{Value, json};

use super::cluster::{Cluster, is_bound, is_unschedulable, pods_of, state};
use super::control_plane::{Options, Parts};
use super::fleet;
use super::names::{self, NAMELESS};
use super::stage::{Stage, Standard, pod};
use super::wait::seconds;
use super::webhook::Webhook;

const BOUNDARY: &str = "slicegate.dev/trust-boundary";

/// The node on which everybody here wants to be.
const NODE: &str = "mps-a100-1";

pub fn a_share_of_a_namespace_that_is_off_may_sit_beside_those_of_a_boundary(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    cluster.create(&pods_of("explicitly-off"), &share_by_hand("outsider"));
    is_beside(cluster, "explicitly-off");
}

pub fn where_the_policy_labels_outsiders_a_boundary_keeps_away_from_them(stage: &mut Stage) {
    let standard = occupied(stage);
    let cluster = &standard.cluster;
    let dry = format!("{}?dryRun=All", pods_of("explicitly-off"));
    let label =
        || cluster.create(&dry, &share_by_hand("probe"))["metadata"]["labels"][BOUNDARY].take();
    let change = ("outsiders: none", "outsiders: label");
    standard.webhook.tell_policy(cluster, change, || {
        let seen = label();
        (seen == "explicitly-off")
            .then_some(())
            .ok_or(seen.to_string())
    });
    cluster.create(&pods_of("explicitly-off"), &share_by_hand("outsider"));
    is_kept_away(cluster, "explicitly-off", "outsider");
    let change = ("outsiders: label", "outsiders: none");
    standard.webhook.tell_policy(cluster, change, || {
        let seen = label();
        seen.is_null().then_some(()).ok_or(seen.to_string())
    });
}

pub fn with_slicegate_gone_pods_are_created_as_they_are_written(stage: &mut Stage) {
    let options = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    let ours = ["inference", "unregistered"];
    cluster.make_namespaces(names::ALL.iter().filter(|n| ours.contains(&n.name)));
    cluster.create("/api/v1/nodes", &fleet::MPS_A100.node(NODE));
    let webhook = Webhook::install(&cluster);
    let [before, as_written] = ours.map(|namespace| {
        let made = cluster.create(&pods_of(namespace), &share("before"));
        made["spec"].clone()
    });
    assert_ne!(before, as_written);
    drop(webhook);
    let after = cluster.create(&pods_of("inference"), &share("after"));
    assert_eq!(after["spec"], as_written);
}

pub fn a_share_from_before_the_opt_in_may_get_a_boundary_for_a_neighbour(stage: &mut Stage) {
    let standard = stage.standard();
    let cluster = &standard.cluster;
    cluster.create(&pods_of("joins"), &share_by_hand("early"));
    is_beside(cluster, "joins");
    let annotate = [
        "annotate",
        "namespace",
        "joins",
        "slicegate.dev/mode=enforce",
    ];
    cluster.kubectl.run(&annotate).good();
    let dry = format!("{}?dryRun=All", pods_of("joins"));
    cluster.wait_for("the namespace to be enforced", seconds(20), || {
        // While one webhook knows it and the other does not, a pod may be refused for a moment.
        let seen = cluster.try_create(&dry, &share_by_hand("probe")).body;
        let label = &seen["metadata"]["labels"][BOUNDARY];
        (label == "joins").then_some(()).ok_or(seen.to_string())
    });
    cluster.create(&pods_of("inference"), &share("resident"));
    is_beside(cluster, "inference");
    // From now on the boundaries are known, and the same namespace's next pod finds no place there.
    cluster.create(&pods_of("joins"), &share_by_hand("late"));
    is_kept_away(cluster, "joins", "late");
    let annotate = ["annotate", "namespace", "joins", "slicegate.dev/mode-"];
    cluster.kubectl.run(&annotate).good();
    cluster.wait_for("the namespace to be off", seconds(20), || {
        let seen = cluster.try_create(&dry, &share_by_hand("probe"));
        let is_bare = seen.body["metadata"]["labels"].is_null();
        (seen.is_good() && is_bare)
            .then_some(())
            .ok_or(seen.body.to_string())
    });
}

pub fn a_forged_owner_does_not_bring_a_share_beside_another_boundary(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let owner = cluster.create(
        "/apis/apps/v1/namespaces/batch/daemonsets",
        &json!({
        "metadata": {"name": "owner"},
        "spec": {"selector": {"matchLabels": {"app": "owner"}}, "template": {
            "metadata": {"labels": {"app": "owner"}},
            "spec": {"nodeSelector": {"test.example/nowhere": "true"},
                "containers": [{"name": "main", "image": "example/app:1"}]}}}}),
    );
    let mut forged = share_by_hand("forged");
    forged["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet",
        "name": "owner", "uid": owner["metadata"]["uid"], "controller": true}]);
    cluster.create(&pods_of("batch"), &forged);
    is_kept_away(cluster, "batch", "forged");
}

pub fn a_node_name_that_contradicts_its_owner_brings_no_share_beside_another_boundary(
    stage: &mut Stage,
) {
    let cluster = &occupied(stage).cluster;
    let mut forged = share("forged");
    forged["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet",
        "name": "owner", "uid": "u", "controller": true}]);
    forged["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["whole-h100-1"]}]}]}}});
    forged["spec"]["nodeName"] = NODE.into();
    let answer = cluster.try_create(&pods_of("batch"), &forged);
    assert_eq!(answer.status, 403, "{}", answer.body);
    let said = answer.message();
    assert!(said.contains("[node-name]"), "{said}");
}

pub fn a_forged_label_is_refused_where_slicegate_enforces(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let answer = cluster.try_create(&pods_of("batch"), &forged_label("forged"));
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(
        answer.message().contains("[boundary-not-yours]"),
        "{}",
        answer.message()
    );
}

pub fn a_forged_label_is_refused_where_slicegate_is_off_as_well(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let mut decoy = pod("decoy", &json!({}));
    decoy["metadata"]["labels"] = json!({BOUNDARY: "inference"});
    for pod in [forged_label("forged"), decoy] {
        let answer = cluster.try_create(&pods_of("explicitly-off"), &pod);
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(
            answer.message().contains("[protected-metadata]"),
            "{}",
            answer.message()
        );
    }
}

pub fn anti_affinity_that_closes_nodes_is_refused_wherever_slicegate_is_asked(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let closing = closing("closing");
    for namespace in ["explicitly-off", "batch"] {
        let answer = cluster.try_create(&pods_of(namespace), &closing);
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(
            answer.message().contains("[reserved-selector]"),
            "{}",
            answer.message()
        );
    }
    // Where slicegate is not asked and no guard is there, one such pod keeps everybody's GPU pods off the node.
    cluster.create(&pods_of("kube-system"), &closing);
    cluster.create(&pods_of("inference"), &share("late"));
    is_kept_away(cluster, "inference", "late");
    cluster.delete(&format!("{}/closing", pods_of("kube-system")));
    cluster.bound_pods("inference", 2, |_| true);
}

/// A pod without a GPU on the node, which every pod with slicegate's label is to be kept off.
fn closing(name: &str) -> Value {
    let mut pod = pod(name, &json!({}));
    pod["spec"]["nodeName"] = NODE.into();
    pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!([{
        "labelSelector": {"matchExpressions": [{"key": BOUNDARY, "operator": "Exists"}]},
        "namespaceSelector": {}, "topologyKey": "kubernetes.io/hostname"}]);
    pod
}

pub fn another_scheduler_gets_no_shares_where_slicegate_enforces(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let mut other = share("other");
    other["spec"]["schedulerName"] = json!("other-scheduler");
    let answer = cluster.try_create(&pods_of("batch"), &other);
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(
        answer.message().contains("[scheduler-name]"),
        "{}",
        answer.message()
    );
}

pub fn who_may_bind_pods_may_put_one_beside_a_boundary(stage: &mut Stage) {
    let cluster = &occupied(stage).cluster;
    let mut other = share_by_hand("other");
    other["spec"]["schedulerName"] = json!("other-scheduler");
    cluster.create(&pods_of("explicitly-off"), &other);
    let binding = json!({"metadata": {"name": "other"}, "target": {"kind": "Node", "name": NODE}});
    cluster.create(
        &format!("{}/other/binding", pods_of("explicitly-off")),
        &binding,
    );
    is_beside(cluster, "explicitly-off");
}

pub fn a_node_without_a_hostname_label_gets_no_shares(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    let mut wants = share("wants");
    wants["spec"]["nodeSelector"] = json!({NAMELESS: "true"});
    let answer = cluster.try_create(&pods_of("batch"), &wants);
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(
        answer.message().contains("[no-such-offer]"),
        "{}",
        answer.message()
    );
}

/// The standard cluster with a share of a boundary on the node.
#[track_caller]
fn occupied(stage: &mut Stage) -> &Standard {
    let standard = stage.standard();
    standard
        .cluster
        .create(&pods_of("inference"), &share("resident"));
    is_beside(&standard.cluster, "inference");
    standard
}

/// A pod as users write it, for the node.
fn share(name: &str) -> Value {
    on_the_node(pod(name, &json!({"nvidia.com/gpu": "1"})))
}

/// One that names the resource and tolerates the taint itself, so that it needs nobody's help.
fn share_by_hand(name: &str) -> Value {
    let mut pod = on_the_node(pod(name, &json!({"nvidia.com/gpu.shared": "1"})));
    pod["spec"]["tolerations"] = json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]);
    pod
}

fn forged_label(name: &str) -> Value {
    let mut pod = share_by_hand(name);
    pod["metadata"]["labels"] = json!({BOUNDARY: "inference"});
    pod
}

fn on_the_node(mut pod: Value) -> Value {
    pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": NODE});
    pod
}

#[track_caller]
fn is_beside(cluster: &Cluster, namespace: &str) {
    let bound = cluster.bound_pods(namespace, 1, |_| true);
    assert_eq!(bound[0]["spec"]["nodeName"], NODE);
}

/// Waits until the scheduler has found no place for a pod.
#[track_caller]
fn is_kept_away(cluster: &Cluster, namespace: &str, name: &str) {
    let path = format!("{}/{name}", pods_of(namespace));
    cluster.wait_for("the pod to find no place", seconds(20), || {
        let pod = cluster.get(&path);
        assert!(!is_bound(&pod), "{}", state(&pod));
        is_unschedulable(&pod).then_some(()).ok_or(state(&pod))
    });
}
