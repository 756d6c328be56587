//! Runs every command that slicegate prints, as a person would who copies it, against a cluster with slicegate in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::assets;
use super::cluster::{Cluster, pods_of};
use super::commands::{Ends, TABLE};
use super::kubectl::Run;
use super::stage::Stage;

const SYSTEM: &str = "slicegate-system";

/// Says which of them do not end as they have to.
#[track_caller]
pub fn run_all(stage: &Stage, cluster: &Cluster, node: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(stage, cluster, folder.path());
    let mut faults = Vec::new();
    for (_, line, ends) in TABLE {
        let run = shell(cluster, folder.path(), node, line);
        let is_well = match ends {
            Ends::Well => run.status == 0,
            Ends::Judged => run.status < 2,
            Ends::AtTheKubelet => run.status == 0 || run.err.starts_with("Error from server"),
        };
        if !is_well {
            let said: String = run.err.chars().take(600).collect();
            faults.push(format!("{line}\n  {}: {said}", run.status));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn shell(cluster: &Cluster, folder: &Path, node: &str, line: &str) -> Run {
    let pods = cluster.list(&pods_of(SYSTEM));
    let pod = pods[0]["metadata"]["name"].as_str().expect("a name");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {line}")])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", folder.join("bin").display()))
        .env("KUBECONFIG", &cluster.plane().kubeconfig)
        .env("HOME", folder)
        .env("NODE", node)
        .env("POD", pod)
        .output()
        .expect("bash runs");
    Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The programs, and the files that the commands name.
#[track_caller]
fn prepare(stage: &Stage, cluster: &Cluster, folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bin = folder.join("bin");
    for made in ["bin", "manifests", "policies"] {
        fs::create_dir(folder.join(made)).expect("a folder");
    }
    let link = |from: &Path, name: &str| symlink(from, folder.join(name)).expect("a link");
    link(&stage.assets.kubectl, "bin/kubectl");
    link(Path::new(env!("CARGO_BIN_EXE_slicegate")), "bin/slicegate");
    // kustomize follows no links out of its folder.
    let of = ["certs", "webhook-config"].map(|name| root.join(name));
    let copied = Command::new("cp").arg("-r").args(of).arg(folder).status();
    assert!(copied.is_ok_and(|status| status.success()), "the manifests");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    let pod = fs::read_to_string(root.join("examples/pods/vllm.yaml")).expect("an example");
    write("pod.yaml", &pod);
    write("manifests/pod.yaml", &pod);
    let policy = shell(cluster, folder, "", "slicegate policy default")
        .good()
        .out;
    write("policy.yaml", &policy);
    write("policies/a.yaml", &policy);
    // Of Helm only what it is asked for matters, and a chart called my-chart.
    let helm = match assets::helm() {
        Ok(helm) => format!("exec '{}' \"$@\"", helm.display()),
        Err(_) => String::new(),
    };
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*--show-only*) cat {0}/policy.yaml ;;\n*my-chart*) cat {0}/pod.yaml ;;\n*) {helm}\n;;\nesac\n",
        folder.display()
    );
    write("bin/helm", &script);
    let runs = Command::new("chmod")
        .arg("+x")
        .arg(bin.join("helm"))
        .status();
    assert!(runs.is_ok_and(|status| status.success()), "helm");
    let certificate =
        slicegate::certificates::generate(&["x".to_owned()], &[], 9).expect("a certificate");
    write("tls.crt", &certificate.cert_pem);
    write("tls.key", &certificate.key_pem);
    cluster.create(
        "/api/v1/namespaces",
        &json!({"metadata": {"name": "my-team"}}),
    );
    cluster.create(
        &format!("/api/v1/namespaces/{SYSTEM}/configmaps"),
        &json!({"metadata": {"name": "slicegate-policy"}, "data": {"policy.yaml": policy}}),
    );
    cluster.kubectl.apply(&policy);
}
