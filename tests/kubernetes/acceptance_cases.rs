//! The acceptance cases on a cluster with all that is shipped, guard included: created by somebody who may edit, put on
//! nodes, judged by another program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use slicegate::config::documents;

use super::cluster::{Cluster, pods_of};
use super::control_plane::{Options, Parts};
use super::opt_in;
use super::replica::Replica;
use super::rights;
use super::runner::note;
use super::runner::report::Report;
use super::runner::shared;
use super::stage::{Stage, pod};
use super::wait::seconds;
use super::webhook;

/// Cases that nothing refuses yet, and what will.
const OPEN: [(&str, &str); 0] = [];

/// Whose pods the cases are. An administrator would be no test of the guard, which lets those adopt who have the right.
const DEVELOPER: &str = "casey";

pub fn nothing_unsafe_gets_in_that_is_not_known(stage: &mut Stage) {
    let Some(folder) = stage.given(shared::acceptance()) else {
        return;
    };
    stage.clear();
    let options = Options {
        plugins: "",
        parts: Parts::Scheduling,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    let _replica = install(&cluster, &folder.join("world/policy.yaml"));
    let kubeconfig = let_edit(&cluster);
    let programs = cluster.kubectl.program.parent().expect("a folder");
    let output = Command::new("python3")
        .arg(folder.join("run_cluster.py"))
        .arg(programs)
        .arg("--kubeconfig")
        .arg(&kubeconfig)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 runs");
    let report = Report::of(&output);
    note(report.to_string());
    let known: BTreeSet<String> = OPEN.iter().map(|(id, _)| (*id).to_owned()).collect();
    let new: Vec<&String> = report.is_unsafe.difference(&known).collect();
    assert!(new.is_empty(), "something unsafe got in: {new:?}");
    let closed: Vec<&String> = known.difference(&report.is_unsafe).collect();
    assert!(
        closed.is_empty(),
        "these are refused now, take them off the list: {closed:?}"
    );
    assert!(report.all > 150, "only {} cases were run", report.all);
    assert!(report.passed * 100 >= report.all * 98);
}

/// Applies the manifests and runs what they would, under that policy. Nothing differs but the address: no kubelet is
/// here to give the Service a pod.
#[track_caller]
fn install(cluster: &Cluster, policy: &Path) -> Replica {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let manifests = manifests.display().to_string();
    cluster.kubectl.run(&["apply", "-f", &manifests]).good();
    let definition = ["wait", "crd", "--all", "--for=condition=Established"];
    cluster.kubectl.run(&definition).good();
    let text = fs::read_to_string(policy).expect("a policy");
    let mut policy = documents::parse("policy", &text).documents.remove(0).value;
    policy["metadata"]["name"] = "default".into();
    cluster.kubectl.apply(&policy.to_string());
    let registered = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
    let unregister = ["delete", registered, "slicegate"];
    cluster.kubectl.run(&unregister).good();

    let mut replica = rights::as_deployed(cluster);
    replica.wait_until_ready(cluster);
    webhook::register_at(cluster, replica.port, None);
    cluster.wait_for("the guard to be current", seconds(40), || {
        let is_current = replica.metric("slicegate_guard_current") == Some(1.0);
        is_current.then_some(()).ok_or_else(|| replica.tail())
    });
    wait_for_the_guard(cluster);
    replica
}

/// Waits until the guard refuses, where no webhook is asked, and takes receipts away.
#[track_caller]
fn wait_for_the_guard(cluster: &Cluster) {
    let account = json!({"metadata": {"name": "default"}});
    cluster.try_create("/api/v1/namespaces/kube-system/serviceaccounts", &account);
    let mut canary = pod("canary", &json!({}));
    canary["metadata"]["labels"] = json!({"slicegate.dev/strategy": "mps"});
    let path = format!("{}?dryRun=All", pods_of("kube-system"));
    cluster.wait_for("the guard", seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
        let refused = answer.message().contains("[protected-metadata]");
        refused.then_some(()).ok_or(answer.body.to_string())
    });
    let mut canary = pod("canary", &json!({}));
    canary["metadata"]["annotations"] = json!({"slicegate.dev/decision": "{}"});
    let path = format!("{}?dryRun=All", pods_of("default"));
    cluster.wait_for("receipts to be taken away", seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
        let gone = answer.is_good() && answer.body["metadata"].get("annotations").is_none();
        gone.then_some(()).ok_or(answer.body.to_string())
    });
}

/// What the program needs besides to set its stage: namespaces, nodes that are alive, runtime classes.
const STAGING: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: staging}
rules:
- {apiGroups: [''], resources: [namespaces, nodes], verbs: [create, patch, delete]}
- {apiGroups: [''], resources: [nodes/status], verbs: [patch]}
- {apiGroups: [node.k8s.io], resources: [runtimeclasses], verbs: [create, delete]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create, patch, delete]}
";

/// The kubeconfig of somebody with the rights of Kubernetes' own role `edit`, and those to set the stage.
#[track_caller]
fn let_edit(cluster: &Cluster) -> PathBuf {
    cluster.kubectl.apply(STAGING);
    let subject =
        json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEVELOPER}]);
    for role in ["edit", "staging"] {
        let role_ref =
            json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
        let binding = json!({"metadata": {"name": role}, "roleRef": role_ref, "subjects": subject});
        cluster.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            &binding,
        );
    }
    let kubeconfig = opt_in::kubeconfig(cluster, cluster.plane().folder.path(), DEVELOPER);
    let may = |verb: &str, group: &str, resource: &str, subresource: &str| {
        let asked = json!({"namespace": "default", "verb": verb, "group": group,
            "resource": resource, "subresource": subresource});
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": DEVELOPER, "resourceAttributes": asked}});
        let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        cluster.create(reviews, &review)["status"]["allowed"] == true
    };
    cluster.wait_for("edit to have its rights", seconds(20), || {
        may("create", "", "pods", "")
            .then_some(())
            .ok_or("not yet".to_owned())
    });
    assert!(!may("adopt", "slicegate.dev", "pods", ""));
    assert!(!may("create", "", "pods", "binding") && !may("patch", "", "pods", "status"));
    kubeconfig
}
