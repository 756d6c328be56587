//! slicegate that watches its cluster: what it knows, what it does not forget, and what it keeps in order there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::replica::Replica;
use super::stage::{Stage, WHOLE, pod};
use super::wait::seconds;
use super::webhook::{self, CANARY};

const BARE: Options = Options {
    plugins: "",
    parts: Parts::Api,
};

const INFERENCE: Namespace = Namespace {
    name: "inference",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const QUIET: Namespace = Namespace {
    name: "quiet",
    annotations: &[],
    labels: &[],
};

/// A cluster without controllers, whose nodes only the API server knows, and a replica that watches it.
#[track_caller]
fn boot(stage: &mut Stage, flags: &[&str]) -> (Cluster, Replica) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, BARE);
    cluster.make_namespaces([&CANARY, &INFERENCE, &QUIET]);
    make_system_namespace(&cluster);
    for node in Fleet::of(&[("mps", fleet::MPS_A100, 1)]).nodes() {
        make_node(&cluster, &node);
    }
    let mut replica = Replica::watching(&cluster, flags);
    replica.wait_until_ready(&cluster);
    webhook::register(&cluster, &replica);
    (cluster, replica)
}

fn make_system_namespace(cluster: &Cluster) {
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "slicegate-system"}});
    cluster.create("/api/v1/namespaces", &namespace);
}

#[track_caller]
fn make_node(cluster: &Cluster, node: &Value) {
    let path = format!(
        "/api/v1/nodes/{}",
        node["metadata"]["name"].as_str().expect("a name")
    );
    let status = json!({"status": node["status"]});
    cluster.create("/api/v1/nodes", node);
    cluster.change(&format!("{path}/status"), &status);
}

fn gpu() -> Value {
    pod("asks", &json!({"nvidia.com/gpu": "1"}))
}

/// What the API server makes of a pod that is never there.
#[track_caller]
fn tried(cluster: &Cluster, namespace: &str) -> Result<Value, String> {
    let path = format!("{}?dryRun=All", pods_of(namespace));
    let answer = cluster.api().try_send("POST", &path, Some(&gpu()))?;
    match answer.is_good() {
        true => Ok(answer.body),
        false => Err(answer.message().to_owned()),
    }
}

fn strategy(pod: &Value) -> &str {
    let label = &pod["metadata"]["labels"]["slicegate.dev/strategy"];
    label.as_str().unwrap_or("none")
}

#[track_caller]
fn wait_for_strategy(cluster: &Cluster, namespace: &str, is: &str) {
    let what = format!("pods of {namespace} to get {is}");
    cluster.wait_for(&what, seconds(10), || {
        let pod = tried(cluster, namespace)?;
        let found = strategy(&pod);
        (found == is).then_some(()).ok_or(found.to_owned())
    });
}

pub fn what_changes_in_the_cluster_counts_for_the_next_pod(stage: &mut Stage) {
    let (cluster, replica) = boot(stage, &[]);
    wait_for_strategy(&cluster, "inference", "mps");
    wait_for_strategy(&cluster, "quiet", "none");
    let opt_in = json!({"metadata": {"annotations": {
        "slicegate.dev/mode": "enforce", "slicegate.dev/tier": "regulated"}}});
    cluster.change("/api/v1/namespaces/quiet", &opt_in);
    cluster.wait_for(
        "the tier to be refused for want of a node",
        seconds(10),
        || {
            let refused = tried(&cluster, "quiet").err().unwrap_or_default();
            refused
                .contains("no-such-offer")
                .then_some(())
                .ok_or(refused)
        },
    );
    for node in Fleet::of(&[("sliced", fleet::SLICED_A100, 1)]).nodes() {
        make_node(&cluster, &node);
    }
    wait_for_strategy(&cluster, "quiet", "mig");
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"},
        "spec": {"hard": {"requests.nvidia.com/gpu": "4"}}});
    cluster.create("/api/v1/namespaces/inference/resourcequotas", &quota);
    cluster.wait_for("the quota to be warned of", seconds(10), || {
        let path = format!("{}?dryRun=All", pods_of("inference"));
        let answer = cluster.api().try_send("POST", &path, Some(&gpu()))?;
        let said = answer.warnings.join(" ");
        said.contains("quota-escape").then_some(()).ok_or(said)
    });
    let opt_out = json!({"metadata": {"annotations": {"slicegate.dev/mode": "off"}}});
    cluster.change("/api/v1/namespaces/quiet", &opt_out);
    wait_for_strategy(&cluster, "quiet", "none");
    for kind in ["nodes", "namespaces", "resourcequotas", "runtimeclasses"] {
        let metric = format!("slicegate_cache_age_seconds{{kind=\"{kind}\"}}");
        let age = replica.metric(&metric).expect("an age");
        assert!(age < 100.0, "{kind}: {age}");
    }
}

pub fn a_namespace_made_a_moment_ago_is_not_taken_for_one_that_says_nothing(stage: &mut Stage) {
    let (cluster, replica) = boot(stage, &[]);
    for number in 0..30 {
        let name: &'static str = format!("fresh-{number}").leak();
        let namespace = Namespace { name, ..INFERENCE };
        // Both at once, by a client each, so that nothing but the pod's own way takes time.
        cluster.create("/api/v1/namespaces", &namespace.object());
        let account = json!({"metadata": {"name": "default"}});
        cluster.create(
            &format!("/api/v1/namespaces/{name}/serviceaccounts"),
            &account,
        );
        let pod = cluster.create(&pods_of(name), &gpu());
        assert_eq!(strategy(&pod), "mps", "{name}\n{}", replica.tail());
    }
}

pub fn an_api_server_that_was_away_and_has_forgotten_much_loses_nothing(stage: &mut Stage) {
    let (mut cluster, replica) = boot(stage, &[]);
    for round in 0..3 {
        cluster.plane_mut().stop_api();
        replica.wait_for_log(&cluster, "cannot be watched");
        assert!(
            replica.page("/readyz").contains(" 200 "),
            "stale caches go on serving"
        );
        cluster.plane_mut().start_api();
        // Before slicegate comes back its place in the history is gone.
        let annotation = json!({"metadata": {"annotations": {
            "slicegate.dev/mode": "enforce", "slicegate.dev/tier": "trusted-inference"}}});
        let off = json!({"metadata": {"annotations": {"slicegate.dev/mode": "off"}}});
        cluster.change(
            "/api/v1/namespaces/quiet",
            if round % 2 == 0 { &annotation } else { &off },
        );
        compact(cluster.plane().database);
        let expected = if round % 2 == 0 { "mps" } else { "none" };
        cluster.wait_for("the change to count", seconds(60), || {
            let pod = tried(&cluster, "quiet")?;
            let found = strategy(&pod);
            (found == expected)
                .then_some(())
                .ok_or(format!("{found}\n{}", replica.tail()))
        });
    }
}

/// Makes etcd forget everything but the present, so that a watch cannot go on where it was.
#[track_caller]
fn compact(port: u16) {
    let now = post(port, "/v3/kv/range", &json!({"key": "AA=="}));
    let revision = now["header"]["revision"].clone();
    post(
        port,
        "/v3/kv/compaction",
        &json!({"revision": revision, "physical": true}),
    );
}

#[track_caller]
fn post(port: u16, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("etcd listens");
    stream.set_read_timeout(Some(seconds(10))).expect("a limit");
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("etcd reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("etcd answers");
    let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(json.trim()).unwrap_or_else(|e| panic!("{e}: {answer}"))
}

pub fn nodes_that_went_are_supply_for_the_process_that_comes_after(stage: &mut Stage) {
    let (cluster, replica) = boot(stage, &["--keep-records"]);
    wait_for_strategy(&cluster, "inference", "mps");
    cluster.delete("/api/v1/nodes/mps-1");
    let record = "/api/v1/namespaces/slicegate-system/configmaps/slicegate-remembered";
    cluster.wait_for("the node to be written down", seconds(30), || {
        let answer = cluster.api().try_send("GET", record, None)?;
        let nodes = answer.body["data"]["nodes.json"].to_string();
        nodes
            .contains("mps-1")
            .then_some(())
            .ok_or(answer.body.to_string())
    });
    assert_eq!(
        tried(&cluster, "inference").map(|p| strategy(&p).to_owned()),
        Ok("mps".to_owned())
    );
    replica.stop(&cluster);
    let mut successor = Replica::watching(&cluster, &["--keep-records"]);
    successor.wait_until_ready(&cluster);
    for kind in ["validating", "mutating"] {
        cluster.delete(&format!(
            "/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/slicegate"
        ));
    }
    webhook::register(&cluster, &successor);
    wait_for_strategy(&cluster, "inference", "mps");
}

/// What `slicegate guard` prints for a policy.
#[track_caller]
fn guard_of(spec: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.yaml");
    let policy = format!("apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\n{spec}\n");
    fs::write(&file, policy).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(["guard", "--policy"])
        .arg(&file)
        .output()
        .expect("slicegate runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

pub fn the_guard_is_kept_as_long_as_slicegate_is_registered(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    cluster.make_namespaces([&CANARY, &INFERENCE]);
    make_system_namespace(&cluster);
    let flags = ["--keep-guard", "--identity=one"];
    let mut replica = Replica::watching(&cluster, &flags);
    replica.wait_until_ready(&cluster);
    replica.wait_for_log(&cluster, "without it the guard is not reconciled");
    assert!(
        cluster.list(POLICIES).is_empty(),
        "who cannot be stamped is not closed in"
    );
    // A guard by hand, for a policy that refuses nothing, is taken over whole.
    let idle = guard_of("spec: {mode: dry-run}");
    cluster.kubectl.apply(&idle);
    webhook::register(&cluster, &replica);
    let names = || -> Vec<String> {
        let all = cluster.list(POLICIES);
        all.iter()
            .map(|p| p["metadata"]["name"].to_string())
            .collect()
    };
    let wait_for = |what: &str, count: usize| {
        cluster.wait_for(what, seconds(40), || {
            let names = names();
            (names.len() == count)
                .then_some(())
                .ok_or(format!("{names:?}\n{}", replica.tail()))
        });
    };
    wait_for("the guard to be in place", 5);
    let is_current = || replica.metric("slicegate_guard_current") == Some(1.0);
    let current = |what: &str| {
        cluster.wait_for(what, seconds(20), || {
            is_current().then_some(()).ok_or_else(|| replica.tail())
        });
    };
    current("the guard to be current");
    let mutating = cluster.list("/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies");
    assert_eq!(mutating.len(), 1, "receipts are stripped from 1.36 on");

    // Somebody weakens some, by a word and by one condition more, and takes another away.
    let weaker = json!({"spec": {"failurePolicy": "Ignore"}});
    cluster.change(&format!("{POLICIES}/slicegate-bypass"), &weaker);
    let mut conditions =
        cluster.get(&format!("{POLICIES}/slicegate-labels"))["spec"]["matchConditions"].take();
    let wanted = conditions.clone();
    let never = json!({"name": "never", "expression": "false"});
    conditions.as_array_mut().expect("conditions").push(never);
    let narrower = json!({"spec": {"matchConditions": conditions}});
    cluster.change(&format!("{POLICIES}/slicegate-labels"), &narrower);
    cluster.delete(&format!("{POLICIES}/slicegate-stamp"));
    cluster.wait_for("both to be put back", seconds(30), || {
        let bypass = cluster.get(&format!("{POLICIES}/slicegate-bypass"));
        let labels = cluster.get(&format!("{POLICIES}/slicegate-labels"));
        let is_back = names().len() == 5
            && bypass["spec"]["failurePolicy"] == "Fail"
            && labels["spec"]["matchConditions"] == wanted;
        is_back.then_some(()).ok_or_else(|| replica.tail())
    });

    // Who only looks on finds the same, and nothing is written that is as it was left.
    let mut other = Replica::watching(&cluster, &["--keep-guard", "--identity=two"]);
    other.wait_until_ready(&cluster);
    cluster.wait_for("the other replica to see it", seconds(20), || {
        let is_current = other.metric("slicegate_guard_current") == Some(1.0);
        is_current.then_some(()).ok_or_else(|| other.tail())
    });
    let written = || replica.log().matches("in place").count();
    let before = written();
    std::thread::sleep(seconds(12));
    assert_eq!(written(), before, "{}", replica.tail());

    // The one command that lets everybody in again; the garbage collector does the rest.
    let registered = "validatingwebhookconfiguration,mutatingwebhookconfiguration";
    cluster
        .kubectl
        .run(&["delete", registered, "slicegate"])
        .good();
    wait_for("the guard to go with the registration", 0);
    cluster.wait_for("the metric to say so", seconds(20), || {
        let is_told = replica.metric("slicegate_guard_current") == Some(0.0);
        is_told.then_some(()).ok_or_else(|| replica.tail())
    });
}
