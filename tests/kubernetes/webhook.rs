//! slicegate itself, as a server of its own beside a cluster, and its registration there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::config::documents;
use tempfile::TempDir;

use super::cluster::{Cluster, Namespace, pods_of};
use super::replica::Replica;
use super::wait::seconds;

/// What the webhook is called in the API server: its records in the audit log begin with it.
pub const NAME: &str = "mutate.slicegate.dev";

const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// Namespaces with this label are not sent to slicegate: there it is as if nobody had registered it.
pub const UNREGISTERED: &str = "test.example/unregistered";

/// Quotas stand in the same file.
const NAMESPACES: &str = "namespaces,resourcequotas";

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

/// The files it is told to read.
pub struct Files {
    /// Its policy.
    pub policy: PathBuf,
    /// What `kubectl get nodes` printed.
    pub nodes: PathBuf,
    /// What `kubectl get namespaces` printed.
    pub namespaces: PathBuf,
}

impl Webhook {
    /// Starts it under the built-in policy, for the nodes and namespaces that the cluster has now, and registers it.
    #[track_caller]
    pub fn install(cluster: &Cluster) -> Self {
        cluster.make_namespaces([&CANARY]);
        let folder = tempfile::tempdir().expect("a folder");
        let policy = Command::new(env!("CARGO_BIN_EXE_slicegate"))
            .args(["policy", "default"])
            .output()
            .expect("slicegate runs");
        let files = Files {
            policy: folder.path().join("policy.yaml"),
            nodes: folder.path().join("nodes.json"),
            namespaces: folder.path().join("namespaces.json"),
        };
        fs::write(&files.policy, policy.stdout).expect("a policy");
        export(cluster, "nodes", &files.nodes);
        export(cluster, NAMESPACES, &files.namespaces);
        let webhook = Self::start(cluster, &files, folder);
        webhook.register(cluster);
        webhook
    }

    /// Starts it with files of one's own, and waits until it serves.
    #[track_caller]
    pub fn start(cluster: &Cluster, files: &Files, folder: TempDir) -> Self {
        let path = |path: &Path| path.display().to_string();
        let flags = [
            format!("--tls-generate={}", path(folder.path())),
            format!("--policy={}", path(&files.policy)),
            format!("--nodes={}", path(&files.nodes)),
            format!("--namespaces={}", path(&files.namespaces)),
        ];
        let mut replica = Replica::start(&flags, folder);
        replica.wait_until_ready(cluster);
        Self { replica }
    }

    /// Registers it for pods, as its own manifest does, and leaves it to others to wait until it is asked.
    #[track_caller]
    pub fn register_unseen(&self, cluster: &Cluster) {
        register_unseen(cluster, &self.replica);
    }

    /// Registers it and waits until the API server asks it.
    #[track_caller]
    fn register(&self, cluster: &Cluster) {
        register(cluster, &self.replica);
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

    /// Has it read the cluster's namespaces again, and waits until it knows what `look` looks for.
    #[track_caller]
    pub fn tell_namespaces(
        &self,
        cluster: &Cluster,
        what: &str,
        look: impl FnMut() -> Result<(), String>,
    ) {
        export(
            cluster,
            NAMESPACES,
            &self.replica.folder.path().join("namespaces.json"),
        );
        cluster.wait_for(what, seconds(20), look);
    }
}

/// Registers it for pods, as its own manifests do, and leaves it to others to wait until it is asked.
#[track_caller]
pub fn register_unseen(cluster: &Cluster, replica: &Replica) {
    let ca = replica.authority();
    // In this order: the one that is waited for comes last.
    for kind in ["validating", "mutating"] {
        let object = configuration(kind, replica.port, &ca);
        let collection = format!("{REGISTRATIONS}/{kind}webhookconfigurations");
        cluster.create(&collection, &object);
    }
}

/// Registers it and waits until the API server asks it; the namespace `canary` has to be enforced.
#[track_caller]
pub fn register(cluster: &Cluster, replica: &Replica) {
    register_unseen(cluster, replica);
    // Refused by name, so nothing of this pod is ever there.
    let canary = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "canary"},
        "spec": {"containers": [{"name": "main", "image": "example/app:1",
            "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}]}});
    let path = format!("{}?dryRun=All", pods_of(CANARY.name));
    cluster.wait_for("slicegate to be asked about pods", seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
        let refused = answer.message().contains("visible-devices");
        let said = || format!("{}\n{}", answer.body, replica.tail());
        refused.then_some(()).ok_or_else(said)
    });
}

/// Writes what kubectl prints of a kind, all at once, since the file may be read at any time.
#[track_caller]
fn export(cluster: &Cluster, kind: &str, to: &Path) {
    let listed = cluster
        .kubectl
        .run(&["get", kind, "-A", "-o", "json"])
        .good();
    replace(to, &listed.out);
}

fn replace(file: &Path, text: &str) {
    let unfinished = file.with_extension("part");
    fs::write(&unfinished, text).expect("a file");
    fs::rename(&unfinished, file).expect("a file");
}

/// The registration that is shipped, for a server on this machine, with a way around it for the tests.
#[track_caller]
fn configuration(kind: &str, port: u16, ca: &[u8]) -> Value {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let file = shipped.join(format!("{kind}-webhook.yaml"));
    let text = fs::read_to_string(&file).expect("a registration");
    let input = documents::parse("the registration", &text);
    assert!(input.errors.is_empty(), "{:?}", input.errors);
    let mut object = input.documents[0].value.clone();
    let webhook = &mut object["webhooks"][0];
    let path = webhook["clientConfig"]["service"]["path"].take();
    let url = format!("https://127.0.0.1:{port}{}", path.as_str().expect("a path"));
    webhook["clientConfig"] = json!({"url": url, "caBundle": STANDARD.encode(ca)});
    let around = json!({"key": UNREGISTERED, "operator": "DoesNotExist"});
    match webhook["namespaceSelector"]["matchExpressions"].as_array_mut() {
        Some(expressions) => expressions.push(around),
        None => webhook["namespaceSelector"] = json!({"matchExpressions": [around]}),
    }
    object
}
