//! The manifests are applied as the README says, and the API server takes them without a warning.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::stage::Stage;

const WEBHOOK: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/slicegate";
const SYSTEM: &str = "/api/v1/namespaces/slicegate-system";

pub fn the_manifests_and_a_certificate_of_its_own_are_an_installation(stage: &mut Stage) {
    stage.clear();
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let folder = folder.display().to_string();
    let applied = cluster.kubectl.run(&["apply", "-f", &folder]).good();
    assert_eq!(applied.err, "", "nothing to warn of");

    let before = cluster.get(WEBHOOK);
    assert!(before["webhooks"][0]["clientConfig"]["caBundle"].is_null());
    let printed = certs(&[]);
    let applied = cluster.kubectl.apply(&printed);
    let warnings: Vec<&str> = applied.err.lines().collect();
    assert_eq!(warnings, Vec::<&str>::new());
    let after = cluster.get(WEBHOOK);
    let note = &after["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
    assert!(note.is_null(), "cert-manager has nothing to do: {note}");
    let secret = cluster.get(&format!("{SYSTEM}/secrets/slicegate-tls"));
    assert_eq!(secret["type"], "kubernetes.io/tls");
    let bundle = &after["webhooks"][0]["clientConfig"]["caBundle"];
    assert_eq!(secret["data"]["ca.crt"], *bundle);
    assert!(secret["data"]["tls.key"].is_string());
    let same = |webhook: &Value| {
        let mut webhook = webhook["webhooks"][0].clone();
        webhook["clientConfig"]["caBundle"].take();
        webhook
    };
    let mut expected = same(&before);
    expected["clientConfig"]["caBundle"].take();
    assert_eq!(same(&after), expected, "but for the bundle it is the same");

    pod_of_the_deployment_is_taken(&cluster);
    cluster.kubectl.apply(&certs(&["-o", "json"]));
}

/// Pod Security refuses it unless it is restricted; the API server has no controllers here that would try.
#[track_caller]
fn pod_of_the_deployment_is_taken(cluster: &Cluster) {
    let path = "/apis/apps/v1/namespaces/slicegate-system/deployments/slicegate";
    let template = cluster.get(path)["spec"]["template"].take();
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": template["metadata"], "spec": template["spec"]});
    pod["metadata"]["name"] = "slicegate".into();
    let answer = cluster.try_create(&format!("{SYSTEM}/pods?dryRun=All"), &pod);
    assert!(answer.is_good(), "{}", answer.body);
    assert_eq!(answer.warnings, Vec::<String>::new());
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
