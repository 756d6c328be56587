//! A release of the chart on a whole cluster: it runs, it is changed, and it leaves nothing behind.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::{Cluster, pods_of};
use super::fleet::{self, Fleet};
use super::helm::{Helm, RELEASE, chart};
use super::stage::{Stage, WHOLE};
use super::wait::seconds;

const SYSTEM: &str = "slicegate-system";
const REGISTRATION: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/slicegate";

pub fn a_release_runs_is_upgraded_and_leaves_nothing_behind(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    let Some(helm) = Helm::find(stage, &cluster.plane().kubeconfig) else {
        return;
    };
    cluster.make_nodes(&Fleet::of(&[("node", fleet::WHOLE_A10, 3)]).nodes());
    let before = everything(&cluster);

    let wait = ["--create-namespace", "--wait", "--timeout=60s"];
    let installed = helm.release("install", &wait, "").good();
    assert!(
        installed
            .out
            .contains("pod-security.kubernetes.io/enforce=restricted"),
        "the namespace that Helm makes has no level yet: {}",
        installed.out
    );
    running(&cluster, 2);
    // What slicegate writes there is not the chart's to take away.
    let bundle = json!({"webhooks": [{"name": "validate.slicegate.dev", "clientConfig": {"caBundle": "YQ=="}}]}).to_string();
    let path = ["patch", "validatingwebhookconfiguration", "slicegate", "-p"];
    let patch = [&path[..], &[bundle.as_str(), "--field-manager=slicegate"]].concat();
    cluster.kubectl.run(&patch).good();
    let level = "pod-security.kubernetes.io/enforce=restricted";
    let labelled = ["label", "namespace", SYSTEM, level];
    cluster.kubectl.run(&labelled).good();

    // What Helm leaves to people, before each upgrade.
    let definitions = format!("{}/crds", chart());
    let apply = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "-f",
        &definitions,
    ];
    cluster.kubectl.run(&apply).good();
    let wait = ["--wait", "--timeout=60s"];
    let upgraded = helm
        .release(
            "upgrade",
            &wait,
            "{replicas: 3, logFormat: text, policy: {mode: dry-run}}",
        )
        .good();
    assert!(!upgraded.out.contains("kubectl label"), "{}", upgraded.out);
    running(&cluster, 3);
    let registration = cluster.get(REGISTRATION);
    assert_eq!(
        registration["webhooks"][0]["clientConfig"]["caBundle"],
        "YQ=="
    );
    let policy = "/apis/slicegate.dev/v1alpha1/sharingpolicies/default";
    assert_eq!(cluster.get(policy)["spec"]["mode"], "dry-run");
    helm.release("upgrade", &wait, "{replicas: 1}").good();
    let answer = cluster.api().send("GET", policy, None);
    assert_eq!(answer.status, 404, "with the value the policy goes");

    helm.run(
        &["uninstall", RELEASE[0], RELEASE[1], RELEASE[2], "--wait"],
        "",
    )
    .good();
    cluster.wait_for("the pods to be gone", seconds(45), || {
        let pods = cluster.pods(SYSTEM).len();
        (pods == 0).then_some(()).ok_or(format!("{pods} are left"))
    });
    let left: Vec<String> = everything(&cluster).difference(&before).cloned().collect();
    let surprising: Vec<&String> = left.iter().filter(|o| !stays(o)).collect();
    assert!(surprising.is_empty(), "{surprising:#?}");
}

/// Waits until exactly so many run, each on a node of its own.
#[track_caller]
fn running(cluster: &Cluster, count: usize) {
    cluster.wait_for("the replicas to run", seconds(45), || {
        let pods = cluster.list(&pods_of(SYSTEM));
        let is_running = |pod: &&Value| pod["status"]["phase"] == "Running";
        let nodes: BTreeSet<String> = pods
            .iter()
            .filter(is_running)
            .map(|pod| pod["spec"]["nodeName"].to_string())
            .collect();
        let good = pods.len() == count && nodes.len() == count;
        let events = cluster.reasons(SYSTEM);
        good.then_some(())
            .ok_or(format!("{} on {nodes:?}\n{events}", pods.len()))
    });
}

/// What is there by design: the namespace with what Kubernetes itself puts into it, and definitions with their data.
fn stays(object: &str) -> bool {
    let kubernetes_own = [
        "configmap/kube-root-ca.crt",
        "serviceaccount/default",
        "namespace/slicegate-system",
        "customresourcedefinition.apiextensions.k8s.io/sharingpolicies.slicegate.dev",
    ];
    kubernetes_own.contains(&object) || is_record(object)
}

/// What the control plane writes down of its own accord.
fn is_record(object: &str) -> bool {
    [
        "event/",
        "event.events.k8s.io/",
        "lease.coordination.k8s.io/",
        "apiservice.",
    ]
    .iter()
    .any(|kind| object.starts_with(kind))
}

/// The names of all objects of all kinds that can be listed.
#[track_caller]
fn everything(cluster: &Cluster) -> BTreeSet<String> {
    let listed = ["api-resources", "--verbs=list", "-o", "name"];
    let kinds = cluster.kubectl.run(&listed).good().out;
    let kinds: Vec<&str> = kinds.lines().collect();
    let get = [
        "get",
        &kinds.join(","),
        "-A",
        "-o",
        "name",
        "--ignore-not-found",
    ];
    let names = cluster.kubectl.run(&get).good().out;
    names.lines().map(str::to_owned).collect()
}
