//! slicegate itself, as a server of its own beside a cluster, and its registration there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::config::documents;
use tempfile::TempDir;

use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::free_ports;
use super::process::Process;
use super::wait::seconds;

/// What the webhook is called in the API server: its records in the audit log begin with it.
pub const NAME: &str = "mutate.slicegate.dev";

const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// Namespaces with this label are not sent to slicegate: there it is as if nobody had registered it.
pub const UNREGISTERED: &str = "test.example/unregistered";

/// Quotas stand in the same file.
const NAMESPACES: &str = "namespaces,resourcequotas";

const CANARY: Namespace = Namespace {
    name: "canary",
    annotations: &[("mode", "enforce")],
    labels: &[],
};

/// A running slicegate.
pub struct Webhook {
    process: Process,
    port: u16,
    admin: u16,
    folder: TempDir,
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
        let [port, admin] = free_ports();
        let path = |path: &Path| path.display().to_string();
        let arguments = [
            "serve".to_owned(),
            format!("--listen=127.0.0.1:{port}"),
            format!("--admin-listen=127.0.0.1:{admin}"),
            format!("--tls-generate={}", path(folder.path())),
            format!("--policy={}", path(&files.policy)),
            format!("--nodes={}", path(&files.nodes)),
            format!("--namespaces={}", path(&files.namespaces)),
            "--log-format=json".to_owned(),
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_slicegate"));
        let process = Process::start("slicegate", program, arguments, folder.path());
        let mut webhook = Self {
            process,
            port,
            admin,
            folder,
        };
        webhook.wait_until_it_serves(cluster);
        webhook
    }

    /// Registers it for pods, as its own manifest does, and leaves it to others to wait until it is asked.
    #[track_caller]
    pub fn register_unseen(&self, cluster: &Cluster) {
        let ca = fs::read(self.folder.path().join("ca.crt")).expect("a ca.crt");
        // In this order: the one that is waited for comes last.
        for kind in ["validating", "mutating"] {
            let object = configuration(kind, self.port, &ca);
            cluster.create(
                &format!("{REGISTRATIONS}/{kind}webhookconfigurations"),
                &object,
            );
        }
    }

    /// Registers it and waits until the API server asks it.
    #[track_caller]
    fn register(&self, cluster: &Cluster) {
        self.register_unseen(cluster);
        // Refused by name, so nothing of this pod is ever there.
        let canary = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "canary"},
            "spec": {"containers": [{"name": "main", "image": "example/app:1",
                "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}]}});
        let path = format!("{}?dryRun=All", pods_of(CANARY.name));
        cluster.wait_for("slicegate to be asked about pods", seconds(30), || {
            let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
            let refused = answer.message().contains("visible-devices");
            let said = || format!("{}\n{}", answer.body, self.process.tail());
            refused.then_some(()).ok_or_else(said)
        });
    }

    /// The authority it is trusted by, and the certificate it shows, as PEM.
    #[track_caller]
    pub fn certificates(&self) -> [String; 2] {
        ["ca.crt", "tls.crt"]
            .map(|name| fs::read_to_string(self.folder.path().join(name)).expect("a certificate"))
    }

    /// Changes its policy, in words that stand there once, and waits until it goes by what `look` looks for.
    #[track_caller]
    pub fn tell_policy(
        &self,
        cluster: &Cluster,
        change: (&str, &str),
        look: impl FnMut() -> Result<(), String>,
    ) {
        let file = self.folder.path().join("policy.yaml");
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
            &self.folder.path().join("namespaces.json"),
        );
        cluster.wait_for(what, seconds(20), look);
    }

    #[track_caller]
    fn wait_until_it_serves(&mut self, cluster: &Cluster) {
        let (admin, folder, process) = (self.admin, &self.folder, &mut self.process);
        cluster.wait_for("slicegate to be ready", seconds(20), || {
            process.expect_running();
            let answer = ask(admin, "/readyz").map_err(|e| format!("{e}\n{}", process.tail()))?;
            let ready = answer.contains(" 200 ") && folder.path().join("ca.crt").is_file();
            ready.then_some(()).ok_or(answer)
        });
    }
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

/// Asks a plain HTTP server, and returns all of its answer.
fn ask(port: u16, path: &str) -> std::io::Result<String> {
    let limit = Some(Duration::from_secs(2));
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
