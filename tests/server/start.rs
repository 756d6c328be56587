//! A server that cannot start says why, and what would be right, and ends with status 2.

use std::fs;

use super::process::command;
use super::world;

#[track_caller]
fn refuses(flags: &[&str], prepare: impl FnOnce(&std::path::Path), said: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    world::write(folder.path());
    prepare(folder.path());
    let output = command(folder.path()).args(flags).output().expect("a run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for said in said {
        assert!(text.contains(said), "{said:?} is missing in\n{text}");
    }
}

const GENERATE: [&str; 2] = ["--tls-generate", "certificates"];

#[test]
fn without_a_certificate() {
    refuses(&[], |_| {}, &["--tls-cert", "--tls-generate"]);
    refuses(&["--tls-cert", "tls.crt"], |_| {}, &["--tls-key"]);
    refuses(
        &["--tls-cert", "tls.crt", "--tls-key", "tls.key"],
        |_| {},
        &["tls.crt: cannot be read", "PEM"],
    );
}

#[test]
fn without_a_cluster_and_without_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_slicegate"));
    let output = command
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .args(["serve", "--tls-secret", "slicegate-tls"])
        .output()
        .expect("a run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.matches("no cluster is known").count(), 1, "{text}");
    assert!(
        text.contains("or give --nodes FILE and --namespaces FILE"),
        "{text}"
    );
}

#[test]
fn with_half_of_what_is_generated() {
    let half = |folder: &std::path::Path| {
        fs::create_dir(folder.join("certificates")).expect("a folder");
        fs::write(folder.join("certificates/ca.crt"), "").expect("a file");
    };
    refuses(
        &GENERATE,
        half,
        &["holds ca.crt and not tls.crt and tls.key", "remove"],
    );
}

#[test]
fn with_files_that_cannot_be_used() {
    refuses(
        &GENERATE,
        |folder| fs::write(folder.join("policy.yaml"), "kind: Pod").expect("a file"),
        &["--policy", "policy.yaml", "SharingPolicy"],
    );
    refuses(
        &GENERATE,
        |folder| fs::remove_file(folder.join("nodes.yaml")).expect("a file"),
        &["--nodes: nodes.yaml: cannot be read"],
    );
    refuses(
        &GENERATE,
        |folder| fs::write(folder.join("namespaces.yaml"), "").expect("a file"),
        &["--namespaces", "kubectl get namespaces"],
    );
}

#[test]
fn on_an_address_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    world::write(folder.path());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_slicegate"));
    let output = command
        .current_dir(folder.path())
        .args([
            "serve",
            "--listen",
            &address,
            "--admin-listen",
            "127.0.0.1:0",
        ])
        .args(["--nodes", "nodes.yaml", "--namespaces", "namespaces.yaml"])
        .args(GENERATE)
        .output()
        .expect("a run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&format!("--listen: cannot listen on {address}")),
        "{text}"
    );
}
