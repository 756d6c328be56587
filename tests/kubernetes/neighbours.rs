//! What else admits pods beside slicegate: limit ranges, quotas, Pod Security, and tolerations for extended resources.

use serde_json::{Value, json};

use super::cluster::{Cluster, pods_of};
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::names;
use super::stage::{Stage, pod};
use super::wait::seconds;
use super::webhook::Webhook;

pub fn a_limit_range_that_gives_every_container_a_gpu_does_not_bring_the_old_name_back(
    stage: &mut Stage,
) {
    let standard = stage.standard();
    let range = json!({"metadata": {"name": "a-gpu-each"}, "spec": {"limits": [
        {"type": "Container", "default": {"nvidia.com/gpu": "1"}, "defaultRequest": {"nvidia.com/gpu": "1"}}]}});
    standard
        .cluster
        .create("/api/v1/namespaces/with-limits/limitranges", &range);
    let path = pods_of("with-limits");
    for (name, limits) in [
        ("without", json!({})),
        ("with", json!({"nvidia.com/gpu": "1"})),
    ] {
        let made = standard
            .cluster
            .wait_for("the limit range to count", seconds(10), || {
                let dry = format!("{path}?dryRun=All");
                let seen = standard.cluster.create(&dry, &pod("probe", &json!({})));
                let counts = seen["spec"]["containers"][0]["resources"]["limits"].is_object();
                counts.then_some(()).ok_or(seen["spec"].to_string())?;
                Ok(standard.cluster.create(&path, &pod(name, &limits)))
            });
        let resources = &made["spec"]["containers"][0]["resources"];
        let share = json!({"nvidia.com/gpu.shared": "1"});
        assert_eq!(
            *resources,
            json!({"limits": share, "requests": share}),
            "{name}"
        );
    }
    standard.cluster.bound_pods("with-limits", 2, |_| true);
}

pub fn a_quota_on_the_old_name_counts_nothing_after_the_rewrite(stage: &mut Stage) {
    let standard = stage.standard();
    let cluster = &standard.cluster;
    make_quota(cluster, "old-quota", "requests.nvidia.com/gpu");
    let one = json!({"nvidia.com/gpu": "1"});
    for name in ["first", "second", "third"] {
        let made = cluster.create(&pods_of("old-quota"), &pod(name, &one));
        let limits = &made["spec"]["containers"][0]["resources"]["limits"];
        assert_eq!(*limits, json!({"nvidia.com/gpu.shared": "1"}));
    }
    assert_eq!(used(cluster, "old-quota", "requests.nvidia.com/gpu"), "0");
}

pub fn a_quota_on_the_name_for_shares_counts_and_refuses(stage: &mut Stage) {
    let standard = stage.standard();
    let cluster = &standard.cluster;
    make_quota(cluster, "new-quota", "requests.nvidia.com/gpu.shared");
    let one = json!({"nvidia.com/gpu": "1"});
    cluster.create(&pods_of("new-quota"), &pod("first", &one));
    assert_eq!(
        used(cluster, "new-quota", "requests.nvidia.com/gpu.shared"),
        "1"
    );
    let second = cluster.try_create(&pods_of("new-quota"), &pod("second", &one));
    assert_eq!(second.status, 403, "{}", second.body);
    assert!(
        second.message().contains("exceeded quota"),
        "{}",
        second.message()
    );
}

pub fn a_pod_that_pod_security_calls_restricted_still_is_after_the_rewrite(stage: &mut Stage) {
    let standard = stage.standard();
    standard.cluster.kubectl.apply(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: careful, namespace: restricted}
spec:
  replicas: 1
  selector: {matchLabels: {app: careful}}
  template:
    metadata: {labels: {app: careful}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: main
        image: example/app:1
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {limits: {nvidia.com/gpu: 1}}
",
    );
    let pods = standard.cluster.bound_pods("restricted", 1, |_| true);
    let limits = &pods[0]["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!(*limits, json!({"nvidia.com/gpu.shared": "1"}));
}

pub fn pods_reach_tainted_nodes_without_the_plugin_for_tolerations(stage: &mut Stage) {
    let standard = stage.standard();
    let bound = on_tainted_nodes(&standard.cluster);
    assert_eq!(tolerations(&bound[0]), ["nvidia.com/gpu"]);
}

pub fn pods_reach_tainted_nodes_with_the_plugin_for_tolerations(stage: &mut Stage) {
    stage.clear();
    let options = Options {
        plugins: "ExtendedResourceToleration",
        parts: Parts::All,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    let nodes = [
        ("mps-a100", fleet::MPS_A100, 1),
        ("whole-h100", fleet::WHOLE_H100, 1),
    ];
    cluster.make_nodes(&Fleet::of(&nodes).nodes());
    let ours = ["inference", "plain"];
    cluster.make_namespaces(names::ALL.iter().filter(|n| ours.contains(&n.name)));
    let _webhook = Webhook::install(&cluster);
    let bound = on_tainted_nodes(&cluster);
    // It tolerates what was asked first, and what stood there after the rewrite as well.
    assert_eq!(
        tolerations(&bound[0]),
        ["nvidia.com/gpu", "nvidia.com/gpu.shared"]
    );
}

/// A share and a whole GPU, where every node that has one is tainted.
#[track_caller]
fn on_tainted_nodes(cluster: &Cluster) -> [Value; 2] {
    let one = json!({"nvidia.com/gpu": "1"});
    let mut whole = pod("whole", &one);
    whole["spec"]["nodeSelector"] = json!({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"});
    let mut share = pod("share", &one);
    share["spec"]["nodeSelector"] = json!({"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"});
    cluster.create(&pods_of("inference"), &share);
    cluster.create(&pods_of("plain"), &whole);
    ["inference", "plain"].map(|namespace| {
        let bound = cluster.bound_pods(namespace, 1, |_| true);
        bound.into_iter().next().expect("a pod")
    })
}

/// The resources whose taints a pod tolerates, sorted.
fn tolerations(pod: &Value) -> Vec<&str> {
    let all = pod["spec"]["tolerations"].as_array();
    let keys = all.into_iter().flatten().filter_map(|t| t["key"].as_str());
    let mut keys: Vec<&str> = keys.filter(|k| k.starts_with("nvidia.com/")).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A quota of one, once the quota controller knows it.
#[track_caller]
fn make_quota(cluster: &Cluster, namespace: &str, resource: &str) {
    let path = format!("/api/v1/namespaces/{namespace}/resourcequotas");
    cluster.create(
        &path,
        &json!({"metadata": {"name": "gpus"}, "spec": {"hard": {resource: "1"}}}),
    );
    cluster.wait_for("the quota to count", seconds(20), || {
        let quota = cluster.get(&format!("{path}/gpus"));
        let counts = quota["status"]["hard"].is_object();
        counts.then_some(()).ok_or(quota.to_string())
    });
}

#[track_caller]
fn used(cluster: &Cluster, namespace: &str, resource: &str) -> String {
    let quota = cluster.get(&format!(
        "/api/v1/namespaces/{namespace}/resourcequotas/gpus"
    ));
    quota["status"]["used"][resource]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
