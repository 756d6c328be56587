//! Files that change under a running server: what is good counts, what is bad leaves the last good one.

use std::fs;

use serde_json::json;

use super::client::{Connection, get};
use super::process::{Server, until};
use super::world::{pod, review, write_policy};

#[test]
fn a_new_policy_counts_and_a_bad_one_leaves_the_last_good_one() {
    let server = Server::start();
    let in_force = |name: &str| {
        let line = format!("slicegate_policy_info{{name=\"{name}\"");
        get(server.admin, "/metrics").1.contains(&line)
    };
    assert!(until(|| in_force("built-in").then_some(())).is_some());
    write_policy(server.path("").as_path(), "second");
    assert!(until(|| in_force("second").then_some(())).is_some());

    fs::write(
        server.path("policy.yaml"),
        "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: {tiers: [{nmae: x}]}\n",
    )
    .expect("a file");
    let line = server.logged("the policy");
    let problem = line["problem"].as_str().expect("a problem");
    assert!(problem.contains("nmae"), "{problem}");
    assert!(in_force("second"));
    let metrics = get(server.admin, "/metrics").1;
    assert!(
        metrics.contains("slicegate_policy_reload_total{result=\"success\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("slicegate_policy_reload_total{result=\"failure\"} 1"),
        "{metrics}"
    );

    fs::remove_file(server.path("policy.yaml")).expect("a file");
    server.logged("the policy");
    write_policy(server.path("").as_path(), "third");
    assert!(until(|| in_force("third").then_some(())).is_some());
}

#[test]
fn new_namespaces_and_nodes_count_for_the_next_pod() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let mut ask = || {
        let answer = connection.review(&review("uid", "legacy", &pod()));
        answer["response"].clone()
    };
    assert!(ask().get("patch").is_none());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "legacy",
        "annotations": {"slicegate.dev/mode": "enforce", "slicegate.dev/tier": "trusted-inference"}}});
    fs::write(server.path("namespaces.yaml"), "}{").expect("a file");
    server.logged("the namespaces were not taken");
    assert!(ask().get("patch").is_none());
    fs::write(server.path("namespaces.yaml"), namespace.to_string()).expect("a file");
    assert!(until(|| ask().get("patch").map(|_| ())).is_some());
}

#[test]
fn nodes_that_are_gone_are_supply_for_as_long_as_the_policy_says() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let mut ask = || {
        let answer = connection.review(&review("uid", "inference", &pod()));
        answer["response"].clone()
    };
    let before = ask();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "cpu"},
        "status": {"allocatable": {"cpu": "8"}}});
    fs::write(server.path("nodes.yaml"), node.to_string()).expect("a file");
    server.logged("new nodes in force");
    assert_eq!(ask(), before, "the pod waits for a node as it did before");

    let policy = fs::read_to_string(server.path("policy.yaml")).expect("a policy");
    let forgetful = policy.replace("remember: 24h", "remember: 1s");
    assert_ne!(forgetful, policy);
    fs::write(server.path("policy.yaml"), forgetful).expect("a file");
    let warned = until(|| {
        let response = ask();
        let warnings = response["warnings"].to_string();
        (response["allowed"] == true && warnings.contains("no node has a GPU")).then_some(())
    });
    assert!(warned.is_some(), "{:?}", ask());
}
