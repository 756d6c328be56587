//! slicegate itself, as a server of its own beside a cluster, and its registration there.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::config::documents;

use super::cluster::{Cluster, Namespace, pods_of};
use super::replica::Replica;
use super::wait::seconds;

/// What the webhook is called in the API server: its records in the audit log begin with it.
pub const NAME: &str = "mutate.slicegate.dev";

const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// Namespaces with this label are not sent to slicegate: there it is as if nobody had registered it.
pub const UNREGISTERED: &str = "test.example/unregistered";

/// Where slicegate is looked for.
pub const CANARY: Namespace = Namespace {
    name: "canary",
    annotations: &[("mode", "enforce")],
    labels: &[],
};

/// A running slicegate.
pub struct Webhook {
    replica: Replica,
}

impl Webhook {
    /// Starts it under the built-in policy, watching the cluster, and registers it.
    #[track_caller]
    pub fn install(cluster: &Cluster) -> Self {
        cluster.make_namespaces([&CANARY]);
        let folder = tempfile::tempdir().expect("a folder");
        let policy = Command::new(env!("CARGO_BIN_EXE_slicegate"))
            .args(["policy", "default"])
            .output()
            .expect("slicegate runs");
        let file = folder.path().join("policy.yaml");
        fs::write(&file, policy.stdout).expect("a policy");
        let flags = [
            format!("--tls-generate={}", folder.path().display()),
            format!("--policy={}", file.display()),
            format!("--kubeconfig={}", cluster.plane().kubeconfig.display()),
        ];
        let mut replica = Replica::start(&flags, folder);
        replica.wait_until_ready(cluster);
        register(cluster, &replica);
        Self { replica }
    }

    /// The authority it is trusted by, and the certificate it shows, as PEM.
    #[track_caller]
    pub fn certificates(&self) -> [String; 2] {
        ["ca.crt", "tls.crt"].map(|name| {
            fs::read_to_string(self.replica.folder.path().join(name)).expect("a certificate")
        })
    }

    /// Changes its policy, in words that stand there once, and waits until it goes by what `look` looks for.
    #[track_caller]
    pub fn tell_policy(
        &self,
        cluster: &Cluster,
        change: (&str, &str),
        look: impl FnMut() -> Result<(), String>,
    ) {
        let file = self.replica.folder.path().join("policy.yaml");
        let text = fs::read_to_string(&file).expect("a policy");
        assert_eq!(text.matches(change.0).count(), 1, "{}", change.0);
        replace(&file, &text.replace(change.0, change.1));
        cluster.wait_for(
            &format!("the policy to say {}", change.1),
            seconds(20),
            look,
        );
    }
}

/// Registers it for pods, as its own manifests do, and leaves it to others to wait until it is asked.
#[track_caller]
pub fn register_unseen(cluster: &Cluster, replica: &Replica) {
    register_at(cluster, replica.port, Some(&replica.authority()));
}

/// Registers what answers on a port; without an authority somebody else writes whom to trust.
#[track_caller]
pub fn register_at(cluster: &Cluster, port: u16, authority: Option<&[u8]>) {
    // In this order: the one that is waited for comes last.
    for kind in ["validating", "mutating"] {
        let object = configuration(kind, port, authority);
        let collection = format!("{REGISTRATIONS}/{kind}webhookconfigurations");
        cluster.create(&collection, &object);
    }
}

/// Registers it and waits until the API server asks it; the namespace `canary` has to be enforced.
#[track_caller]
pub fn register(cluster: &Cluster, replica: &Replica) {
    register_unseen(cluster, replica);
    wait_until_asked(cluster, || replica.tail());
}

/// Waits until the API server asks slicegate; the namespace `canary` has to be enforced.
#[track_caller]
pub fn wait_until_asked(cluster: &Cluster, tails: impl Fn() -> String) {
    // Refused by name, so nothing of this pod is ever there.
    let canary = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "canary"},
        "spec": {"containers": [{"name": "main", "image": "example/app:1",
            "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}]}});
    let path = format!("{}?dryRun=All", pods_of(CANARY.name));
    cluster.wait_for("slicegate to be asked about pods", seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
        // The other webhook would refuse it too, and the API server loads each registration by itself.
        let parts = ["mutate.slicegate.dev", "visible-devices"];
        let refused = parts.iter().all(|part| answer.message().contains(part));
        let said = || format!("{}\n{}", answer.body, tails());
        refused.then_some(()).ok_or_else(said)
    });
}

fn replace(file: &Path, text: &str) {
    let unfinished = file.with_extension("part");
    fs::write(&unfinished, text).expect("a file");
    fs::rename(&unfinished, file).expect("a file");
}

/// The registration that is shipped, for a server on this machine, with a way around it for the tests.
#[track_caller]
fn configuration(kind: &str, port: u16, ca: Option<&[u8]>) -> Value {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let file = shipped.join(format!("{kind}-webhook.yaml"));
    let text = fs::read_to_string(&file).expect("a registration");
    let input = documents::parse("the registration", &text);
    assert!(input.errors.is_empty(), "{:?}", input.errors);
    let mut object = input.documents[0].value.clone();
    let webhook = &mut object["webhooks"][0];
    let path = webhook["clientConfig"]["service"]["path"].take();
    let url = format!("https://127.0.0.1:{port}{}", path.as_str().expect("a path"));
    webhook["clientConfig"] = json!({"url": url});
    if let Some(ca) = ca {
        webhook["clientConfig"]["caBundle"] = STANDARD.encode(ca).into();
    }
    let around = json!({"key": UNREGISTERED, "operator": "DoesNotExist"});
    match webhook["namespaceSelector"]["matchExpressions"].as_array_mut() {
        Some(expressions) => expressions.push(around),
        None => webhook["namespaceSelector"] = json!({"matchExpressions": [around]}),
    }
    object
}
