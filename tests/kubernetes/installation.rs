//! The manifests are applied as the documents say: the API server takes them without a warning, and their pods run.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::stage::{Stage, WHOLE};
use super::wait::seconds;

const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/slicegate-system/deployments/slicegate";
const SYSTEM: &str = "/api/v1/namespaces/slicegate-system";

fn folder(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    path.display().to_string()
}

/// The namespace enforces the strictest level of Pod Security, so pods that run have met it.
pub fn the_manifests_are_an_installation_whose_pods_run(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    let mut nodes = Fleet::of(&[("node", fleet::WHOLE_A10, 10)]).nodes();
    for (index, node) in nodes.iter_mut().enumerate() {
        let zone = if index == 0 { "small" } else { "large" };
        node["metadata"]["labels"]["topology.kubernetes.io/zone"] = zone.into();
    }
    let small = nodes[0]["metadata"]["name"].clone();
    cluster.make_nodes(&nodes);
    let apply = [
        "apply",
        "--validate=strict",
        "-f",
        &folder("webhook-config"),
    ];
    let applied = cluster.kubectl.run(&apply).good();
    assert_eq!(applied.err, "", "nothing to warn of");
    let namespace = cluster.get(SYSTEM);
    let labels = &namespace["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");

    cluster.wait_for("both replicas to be available", seconds(60), || {
        let deployment = cluster.get(DEPLOYMENT);
        let available = deployment["status"]["availableReplicas"] == 2;
        let seen = || {
            format!(
                "{}\n{}",
                deployment["status"],
                cluster.reasons("slicegate-system")
            )
        };
        available.then_some(()).ok_or_else(seen)
    });
    let pods = cluster.pods("slicegate-system");
    let nodes: Vec<&Value> = pods.iter().map(|pod| &pod["spec"]["nodeName"]).collect();
    let in_small = nodes.iter().filter(|node| ***node == small).count();
    assert_eq!(in_small, 1, "one in each zone: {nodes:?}");
    for pod in &pods {
        let volumes = pod["spec"]["volumes"].as_array().expect("volumes");
        let token = |v: &&Value| v["projected"]["sources"][0]["serviceAccountToken"].is_object();
        assert!(
            volumes.iter().any(|v| token(&v)),
            "it can speak to the API server"
        );
    }

    // The registration is there, and open until slicegate has written whom to trust.
    let webhook = cluster.get(&format!(
        "{REGISTRATIONS}/mutatingwebhookconfigurations/slicegate"
    ));
    assert!(webhook["webhooks"][0]["clientConfig"]["caBundle"].is_null());
    assert_eq!(webhook["webhooks"][0]["failurePolicy"], "Ignore");
    what_slicegate_wrote_survives_another_apply(&cluster);
    let deleted = ["delete", "-f", &folder("webhook-config")];
    cluster.kubectl.run(&deleted).good();
}

#[track_caller]
fn what_slicegate_wrote_survives_another_apply(cluster: &Cluster) {
    let folder = folder("webhook-config");
    for (kind, name) in [("mutating", "mutate"), ("validating", "validate")] {
        let path = format!("{REGISTRATIONS}/{kind}webhookconfigurations/slicegate");
        let patch = format!(
            r#"{{"webhooks":[{{"name":"{name}.slicegate.dev","clientConfig":{{"caBundle":"YQ=="}}}}]}}"#
        );
        let kind = format!("{kind}webhookconfiguration");
        cluster
            .kubectl
            .run(&["patch", &kind, "slicegate", "-p", &patch])
            .good();
        for how in [
            &["apply"][..],
            &["apply", "--server-side", "--force-conflicts"],
        ] {
            let apply = [how, &["-f", folder.as_str()]].concat();
            cluster.kubectl.run(&apply).good();
            let bundle = cluster.get(&path)["webhooks"][0]["clientConfig"]["caBundle"].take();
            assert_eq!(bundle, "YQ==", "{how:?}");
        }
    }
}

pub fn with_a_certificate_of_ones_own_the_webhooks_come_with_it(stage: &mut Stage) {
    stage.clear();
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    let apply = ["apply", "--validate=strict", "-k", &folder("certs/files")];
    let applied = cluster.kubectl.run(&apply).good();
    assert_eq!(applied.err, "", "nothing to warn of");
    let collection = format!("{REGISTRATIONS}/mutatingwebhookconfigurations");
    assert!(cluster.list(&collection).is_empty(), "nobody is asked yet");

    let applied = cluster.kubectl.apply(&certs(&[]));
    assert_eq!(applied.err, "", "nothing to warn of");
    let secret = cluster.get(&format!("{SYSTEM}/secrets/slicegate-tls"));
    assert_eq!(secret["type"], "kubernetes.io/tls");
    for kind in ["mutating", "validating"] {
        let path = format!("{REGISTRATIONS}/{kind}webhookconfigurations/slicegate");
        let webhook = cluster.get(&path);
        let bundle = &webhook["webhooks"][0]["clientConfig"]["caBundle"];
        assert_eq!(secret["data"]["ca.crt"], *bundle);
    }
    every_file_is_in_the_secret(&cluster, &secret);
    // The folder can be applied again, and so can another certificate.
    cluster.kubectl.run(&apply).good();
    let webhook = cluster.get(&format!("{collection}/slicegate"));
    let bundle = &webhook["webhooks"][0]["clientConfig"]["caBundle"];
    assert_eq!(secret["data"]["ca.crt"], *bundle);
    cluster.kubectl.apply(&certs(&["-o", "json"]));
}

#[track_caller]
fn every_file_is_in_the_secret(cluster: &Cluster, secret: &Value) {
    let deployment = cluster.get(DEPLOYMENT);
    let spec = &deployment["spec"]["template"]["spec"];
    assert_eq!(
        spec["volumes"][0]["secret"]["secretName"],
        secret["metadata"]["name"]
    );
    let folder = spec["containers"][0]["volumeMounts"][0]["mountPath"].as_str();
    let prefix = format!("={}/", folder.expect("a folder"));
    let arguments = spec["containers"][0]["args"].as_array().expect("arguments");
    let files = arguments
        .iter()
        .filter_map(|a| a.as_str()?.split_once(&prefix));
    let files: Vec<&str> = files.map(|(_, file)| file).collect();
    assert_eq!(files, ["tls.crt", "tls.key"]);
    for file in files {
        assert!(secret["data"][file].is_string(), "{file}");
    }
}

/// What `slicegate certs` prints.
#[track_caller]
fn certs(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .arg("certs")
        .args(arguments)
        .output()
        .expect("the binary runs");
    assert!(output.status.success() && output.stderr.is_empty());
    String::from_utf8(output.stdout).expect("text")
}
