//! A namespace that already runs GPUs opts in: audit names its pods, adopt labels them, and the boundary holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::certificates;
use super::cluster::{Cluster, is_bound, is_unschedulable, pods_of, state};
use super::guard;
use super::kubectl::Run;
use super::stage::{Stage, pod};
use super::wait::seconds;

const BOUNDARY: &str = "slicegate.dev/trust-boundary";

/// The node on which everybody here wants to be.
const NODE: &str = "mps-l40s-1";

pub fn audit_names_what_ran_before_the_opt_in_and_adopt_brings_it_in(stage: &mut Stage) {
    let standard = stage.standard();
    let cluster = &standard.cluster;
    settle(cluster, "joins", &by_hand("early"));
    let report = boundaries(cluster, 0);
    assert_eq!(reasons(&report, "joins", "early"), ["namespace-off"]);

    let said = slicegate(cluster, &["adopt", "joins", "--dry-run"]).good();
    let line = format!("joins/early: would be labelled {BOUNDARY}=joins\n");
    assert!(said.out.contains(&line), "{}", said.out);
    assert_eq!(label(cluster, "joins", "early"), Value::Null);
    let said = slicegate(cluster, &["adopt", "joins"]).good();
    let line = line.replace("would be labelled", "labelled");
    let total = "1 GPU pod in 1 namespace: 1 labelled, 0 had their label, 0 left alone\n";
    assert!(
        said.out.ends_with(&format!("\n{line}{total}")),
        "{}",
        said.out
    );
    assert_eq!(label(cluster, "joins", "early"), "joins");

    mode(cluster, "slicegate.dev/mode=enforce");
    // While one webhook knows the annotation and the other does not, a pod may be refused for a moment.
    let probe = || {
        let dry = format!("{}?dryRun=All", pods_of("joins"));
        let mut answer = cluster.try_create(&dry, &by_hand("probe"));
        let label = answer.body["metadata"]["labels"][BOUNDARY].take();
        answer
            .is_good()
            .then_some(label)
            .ok_or(answer.body.to_string())
    };
    cluster.wait_for("the namespace to be enforced", seconds(20), || {
        let seen = probe()?;
        (seen == "joins").then_some(()).ok_or(seen.to_string())
    });
    let said = slicegate(cluster, &["adopt", "joins"]).good();
    assert!(said.out.contains("already carries"), "{}", said.out);

    // Another boundary keeps off that node, the same one does not.
    cluster.create(&pods_of("inference"), &asks("stranger"));
    keeps_off(cluster, "inference", "stranger");
    settle(cluster, "joins", &asks("late"));
    let report = boundaries(cluster, 0);
    assert_eq!(report["uncovered"], json!([]));
    assert_eq!(report["summary"]["covered"], 2);
    let here = on_the_node(&report);
    assert_eq!(
        here["boundaries"],
        json!([{"trustBoundary": "joins", "pods": 2, "sharing": 2}])
    );
    assert!(!here["sells"][0]["strategy"].is_null());

    mode(cluster, "slicegate.dev/mode-");
    cluster.wait_for("the namespace to be off", seconds(20), || {
        let seen = probe()?;
        seen.is_null().then_some(()).ok_or(seen.to_string())
    });
}

pub fn audit_finds_a_breach_made_by_hand(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    settle(cluster, "inference", &asks("resident"));
    assert_eq!(boundaries(cluster, 0)["breaches"], json!([]));
    let mut other = by_hand("other");
    other["spec"]["schedulerName"] = json!("other-scheduler");
    cluster.create(&pods_of("explicitly-off"), &other);
    let binding = json!({"metadata": {"name": "other"}, "target": {"kind": "Node", "name": NODE}});
    cluster.create(
        &format!("{}/other/binding", pods_of("explicitly-off")),
        &binding,
    );
    let mut named = by_hand("named");
    named["spec"]["nodeName"] = json!(NODE);
    cluster.create(&pods_of("explicitly-off"), &named);

    let report = boundaries(cluster, 1);
    let breach = &report["breaches"][0];
    assert_eq!(breach["node"], NODE);
    assert_eq!(
        breach["trustBoundaries"],
        json!(["explicitly-off", "inference"])
    );
    assert_eq!(report["breaches"].as_array().map(Vec::len), Some(1));
    // Who named the node himself is told from whom a scheduler put there.
    let of = |name| reasons(&report, "explicitly-off", name);
    assert_eq!(of("other"), ["namespace-off", "other-scheduler"]);
    assert_eq!(of("named"), ["namespace-off", "node-name"]);
    assert_eq!(reasons(&report, "inference", "resident"), [""; 0]);
    let text = slicegate(cluster, &["audit", "--boundaries"]);
    assert_eq!(text.status, 1);
    assert!(text.out.contains("BREACH ON NODE"), "{}", text.out);

    // As if they were new: what runs under slicegate is as slicegate would have it.
    let run = slicegate(cluster, &["audit", "-o", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let items = report["items"].as_array().expect("items");
    let resident = items.iter().find(|i| i["name"] == "resident");
    let resident = resident.expect("the pod is judged");
    assert_eq!(resident["outcome"], "untouched", "{resident}");
}

pub fn adopt_changes_no_label_and_says_so(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    settle(cluster, "unannotated", &by_hand("other"));
    settle(cluster, "unannotated", &by_hand("plain"));
    let path = format!("{}/other", pods_of("unannotated"));
    cluster.change(
        &path,
        &json!({"metadata": {"labels": {BOUNDARY: "inference"}}}),
    );
    cluster.create(
        &pods_of("unannotated"),
        &pod("no-gpu", &json!({"cpu": "1"})),
    );
    let run = slicegate(cluster, &["adopt", "unannotated"]);
    assert_eq!((run.status, run.err.as_str()), (1, ""), "{}", run.out);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", run.out);
    assert!(lines[1].starts_with("unannotated/other: left alone: it carries"));
    assert_eq!(
        lines[2],
        format!("unannotated/plain: labelled {BOUNDARY}=unannotated")
    );
    assert_eq!(label(cluster, "unannotated", "other"), "inference");
    let run = slicegate(cluster, &["adopt", "nowhere"]);
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("there is no namespace nowhere"),
        "{}",
        run.err
    );
}

pub fn adopt_needs_the_rights_of_its_role_and_says_which_are_missing(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    settle(cluster, "unannotated", &by_hand("early"));
    let folder = tempfile::tempdir().expect("a folder");
    let alice = kubeconfig(cluster, folder.path(), "alice");
    let run = by(&alice, &["adopt", "unannotated"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    for part in [
        "failed to list namespaces at https://127.0.0.1:",
        "as user test (context test of ",
        "cannot list resource \"namespaces\"",
        "have that user granted it",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    cluster.kubectl.apply(&role());
    bind(cluster, "alice", "slicegate-adopt");
    cluster.wait_for("the role to count", seconds(20), || {
        let run = by(&alice, &["adopt", "unannotated"]);
        (run.status == 0).then_some(()).ok_or(run.err)
    });
    assert_eq!(label(cluster, "unannotated", "early"), "unannotated");
    // The same role is enough to look.
    by(&alice, &["audit", "--boundaries"]).good();
}

pub fn audit_needs_a_role_that_only_reads_and_says_which(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    settle(cluster, "unannotated", &by_hand("early"));
    let folder = tempfile::tempdir().expect("a folder");
    let erin = kubeconfig(cluster, folder.path(), "erin");
    let run = by(&erin, &["audit"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(
        run.err.contains("55-audit-role.yaml for audit"),
        "{}",
        run.err
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config/55-audit-role.yaml");
    cluster
        .kubectl
        .apply(&fs::read_to_string(file).expect("a role"));
    bind(cluster, "erin", "slicegate-audit");
    cluster.wait_for("the role to count", seconds(20), || {
        let run = by(&erin, &["audit"]);
        (run.status != 2).then_some(()).ok_or(run.err)
    });
    by(&erin, &["audit", "--boundaries", "--namespace=unannotated"]).good();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pods/cpu-pod.yaml");
    let example = example.display().to_string();
    by(&erin, &["review", "--filename", &example]).good();
    // It sees the node that is there, and only the namespace that is asked for.
    let judged = by(&erin, &["audit", "--namespace=unannotated", "-o", "json"]).good();
    let report: Value = serde_json::from_str(&judged.out).expect("JSON");
    let items = report["items"].as_array().expect("items");
    assert!(items.iter().all(|i| i["namespace"] == "unannotated"));
    assert!(items.iter().any(|i| i["name"] == "early"), "{}", judged.out);
    let nowhere = by(&erin, &["audit", "--namespace=nowhere"]);
    assert!(
        nowhere.err.contains("there is no namespace nowhere"),
        "{}",
        nowhere.err
    );
    assert_eq!(by(&erin, &["adopt", "unannotated"]).status, 2);
    assert_eq!(label(cluster, "unannotated", "early"), Value::Null);
}

pub fn adopt_passes_the_guard_only_with_its_verb(stage: &mut Stage) {
    let cluster = &stage.standard().cluster;
    settle(cluster, "unannotated", &by_hand("early"));
    guard::install(cluster, "guard.yaml");
    cluster.kubectl.apply(&role());
    // The same role without the verb.
    let patches = role().replace("verbs: [adopt]", "verbs: [admire]");
    let patches = patches.replace("name: slicegate-adopt\n", "name: patches\n");
    cluster.kubectl.apply(&patches);
    bind(cluster, "bob", "patches");
    bind(cluster, "carol", "slicegate-adopt");
    let folder = tempfile::tempdir().expect("a folder");
    let bob = kubeconfig(cluster, folder.path(), "bob");
    cluster.wait_for("the guard and the role to count", seconds(30), || {
        let run = by(&bob, &["adopt", "unannotated", "--dry-run"]);
        let refused = run.err.contains("protected-metadata");
        refused
            .then_some(())
            .ok_or(format!("{}{}", run.out, run.err))
    });
    assert_eq!(by(&bob, &["adopt", "unannotated"]).status, 2);
    assert_eq!(label(cluster, "unannotated", "early"), Value::Null);
    let carol = kubeconfig(cluster, folder.path(), "carol");
    cluster.wait_for("the verb to count", seconds(20), || {
        let run = by(&carol, &["adopt", "unannotated"]);
        (run.status == 0).then_some(()).ok_or(run.err)
    });
    assert_eq!(label(cluster, "unannotated", "early"), "unannotated");
}

/// The role that is shipped.
#[track_caller]
fn role() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config/50-adopt-role.yaml");
    fs::read_to_string(file).expect("a role")
}

/// Gives a user a role in all namespaces.
#[track_caller]
pub fn bind(cluster: &Cluster, user: &str, role: &str) {
    cluster.kubectl.apply(&format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {user}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
"
    ));
}

/// Runs slicegate as the administrator of the cluster.
#[track_caller]
pub fn slicegate(cluster: &Cluster, arguments: &[&str]) -> Run {
    by(&cluster.plane().kubeconfig, arguments)
}

/// Runs slicegate with that kubeconfig.
#[track_caller]
pub fn by(kubeconfig: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(arguments)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .output()
        .expect("the binary runs");
    Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A kubeconfig of a user, who has only what rights others gave him, in that folder.
#[track_caller]
pub fn kubeconfig(cluster: &Cluster, folder: &Path, user: &str) -> PathBuf {
    let plane = cluster.plane();
    let text = fs::read_to_string(&plane.kubeconfig).expect("a kubeconfig");
    let rest = text.split("127.0.0.1:").nth(1).expect("an address");
    let port = rest.split('\'').next().and_then(|p| p.parse().ok());
    let who = plane.authority.client(user, None);
    certificates::kubeconfig(folder, port.expect("a port"), &plane.authority, user, &who)
}

/// The report on boundaries, which ends with that status.
#[track_caller]
fn boundaries(cluster: &Cluster, status: i32) -> Value {
    let run = slicegate(cluster, &["audit", "--boundaries", "-o", "json"]);
    assert_eq!((run.status, run.err.as_str()), (status, ""), "{}", run.out);
    serde_json::from_str(&run.out).expect("JSON")
}

fn on_the_node(report: &Value) -> &Value {
    let nodes = report["nodes"].as_array().expect("nodes");
    let mut here = nodes.iter().filter(|n| n["name"] == NODE);
    here.next().expect("the node")
}

/// Why a pod is not covered; empty where it is.
fn reasons<'r>(report: &'r Value, namespace: &str, name: &str) -> Vec<&'r str> {
    let pods = report["uncovered"].as_array().expect("pods");
    let ours = pods
        .iter()
        .filter(|p| p["namespace"] == namespace && p["name"] == name);
    let lists = ours.filter_map(|p| p["reasons"].as_array());
    lists
        .flatten()
        .filter_map(|r| r["reason"].as_str())
        .collect()
}

#[track_caller]
fn label(cluster: &Cluster, namespace: &str, name: &str) -> Value {
    let path = format!("{}/{name}", pods_of(namespace));
    cluster.get(&path)["metadata"]["labels"][BOUNDARY].take()
}

#[track_caller]
fn mode(cluster: &Cluster, annotation: &str) {
    let annotate = ["annotate", "--overwrite", "namespace", "joins", annotation];
    cluster.kubectl.run(&annotate).good();
}

/// Creates a pod and waits until it is on the node.
#[track_caller]
fn settle(cluster: &Cluster, namespace: &str, pod: &Value) {
    cluster.create(&pods_of(namespace), pod);
    let name = &pod["metadata"]["name"];
    let bound = cluster.bound_pods(namespace, 1, |p| p["metadata"]["name"] == *name);
    assert_eq!(bound[0]["spec"]["nodeName"], NODE);
}

/// Waits until the scheduler has found no place for a pod.
#[track_caller]
fn keeps_off(cluster: &Cluster, namespace: &str, name: &str) {
    let path = format!("{}/{name}", pods_of(namespace));
    cluster.wait_for("the pod to find no place", seconds(20), || {
        let pod = cluster.get(&path);
        assert!(!is_bound(&pod), "{}", state(&pod));
        is_unschedulable(&pod).then_some(()).ok_or(state(&pod))
    });
}

/// A pod as users write it, for the node.
fn asks(name: &str) -> Value {
    let mut pod = pod(name, &json!({"nvidia.com/gpu": "1"}));
    pod["metadata"]["annotations"] = json!({"slicegate.dev/tier": "trusted-inference"});
    there(pod)
}

/// One that names the resource, so that it needs nobody's help.
fn by_hand(name: &str) -> Value {
    there(pod(name, &json!({"nvidia.com/gpu.shared": "1"})))
}

fn there(mut pod: Value) -> Value {
    pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": NODE});
    pod["spec"]["tolerations"] = json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]);
    pod
}
