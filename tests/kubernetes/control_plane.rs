//! Boots etcd, an API server, and what a test wants beside them, on free ports and in a folder of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::api::Api;
use super::assets::Assets;
use super::certificates::{self, Authority, Identity};
use super::process::{Process, tail_of};
use super::wait::{seconds, until};

/// What is wanted.
#[derive(Clone, Copy)]
pub struct Options {
    /// Admission plugins that are off by default, comma separated.
    pub plugins: &'static str,
    /// What runs beside the API server.
    pub parts: Parts,
}

/// How much of a control plane there is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// The API server alone.
    Api,
    /// It, the scheduler, what gives namespaces their service accounts, and what gives `edit` and its like their rights.
    Scheduling,
    /// These, the controllers, and something that plays the kubelets.
    All,
}

/// A control plane. Its parts end in the order in which they stand here: with etcd gone an API server would hang.
pub struct ControlPlane {
    kwok: Option<Process>,
    scheduler: Option<Process>,
    controllers: Option<Process>,
    apiserver: Option<Process>,
    etcd: Process,
    /// How the API server is started.
    command: (PathBuf, Vec<String>),
    /// Where etcd listens.
    pub database: u16,
    /// The administrator's client.
    pub api: Api,
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// What signs certificates here.
    pub authority: Authority,
    /// Its files.
    pub folder: TempDir,
}

/// Every change of a pod with what was sent, what came back and what the webhooks did; and what slicegate's own account
/// asks for.
const AUDIT_POLICY: &str = r#"apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["system:serviceaccount:slicegate-system:slicegate"]
- level: RequestResponse
  verbs: [create]
  resources: [{group: "", resources: [pods]}]
- level: None
"#;

impl ControlPlane {
    /// Boots one and waits until it is ready.
    #[track_caller]
    pub fn boot(assets: &Assets, options: Options) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("slicegate-kubernetes-")
            .tempdir()
            .expect("a folder");
        let authority = Authority::new();
        let admin = authority.client("admin", Some("system:masters"));
        let [database, peers, port] = free_ports();
        let etcd = etcd(assets, folder.path(), database, peers);
        let arguments = apiserver(folder.path(), &authority, options, database, port);
        let api = Api::new(port, &authority.pem, &admin);
        let kubeconfig = certificates::kubeconfig(folder.path(), port, &authority, "admin", &admin);
        let mut plane = Self {
            kwok: None,
            scheduler: None,
            controllers: None,
            apiserver: None,
            etcd,
            command: (assets.apiserver.clone(), arguments),
            database,
            api,
            kubeconfig,
            authority,
            folder,
        };
        plane.start_api();
        plane.start_the_others(assets, options, port);
        plane
    }

    /// Ends the API server; everything in etcd stays.
    pub fn stop_api(&mut self) {
        self.apiserver = None;
    }

    /// Starts the API server, on the port it always had.
    #[track_caller]
    pub fn start_api(&mut self) {
        let (program, arguments) = &self.command;
        let folder = self.folder.path();
        self.apiserver = Some(Process::start("kube-apiserver", program, arguments, folder));
        self.wait_for_api();
    }

    /// Whether there are controllers here.
    pub fn has_controllers(&self) -> bool {
        self.controllers.is_some()
    }

    /// What every part last said.
    pub fn tails(&self) -> String {
        let parts = [
            &self.scheduler,
            &self.controllers,
            &self.kwok,
            &self.apiserver,
        ];
        let tails: Vec<String> = parts.into_iter().flatten().map(Process::tail).collect();
        tails.concat()
    }

    /// The audit log.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    #[track_caller]
    fn wait_for_api(&mut self) {
        let Self {
            api,
            apiserver,
            etcd,
            ..
        } = self;
        let log = self.folder.path().join("kube-apiserver.log");
        let tails = || tail_of("kube-apiserver", &log);
        until("the API server to be ready", seconds(60), tails, || {
            etcd.expect_running();
            if let Some(apiserver) = apiserver {
                apiserver.expect_running();
            }
            let answer = api.try_send("GET", "/readyz", None)?;
            answer
                .is_good()
                .then_some(())
                .ok_or(answer.body.to_string())
        });
    }

    fn start_the_others(&mut self, assets: &Assets, options: Options, port: u16) {
        let folder = self.folder.path().to_owned();
        let config = |user: &str, name: &str| {
            let who = self.authority.client(user, None);
            certificates::kubeconfig(&folder, port, &self.authority, name, &who)
        };
        if options.parts == Parts::Api {
            return;
        }
        let [scheduler_port, controllers_port, kwok_port] = free_ports();
        let file = config("system:kube-scheduler", "scheduler");
        self.scheduler = Some(scheduler(assets, &folder, &file, scheduler_port));
        let file = config("system:kube-controller-manager", "controller-manager");
        let which = match options.parts {
            Parts::All => ALL_BUT,
            Parts::Api | Parts::Scheduling => {
                "serviceaccount-controller,clusterrole-aggregation-controller"
            }
        };
        let port = controllers_port;
        self.controllers = Some(controllers(assets, &folder, &file, port, which));
        if options.parts == Parts::Scheduling {
            return;
        }
        self.kwok = Some(kwok(assets, &folder, &self.kubeconfig, kwok_port));
    }
}

/// Ports that nobody uses now. They lie below those that a kernel gives to whoever connects, and none comes twice in this
/// process, so that nobody has taken one before its owner does.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    const FIRST: u32 = 10_000;
    const COUNTED: u32 = 22_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Other processes that do the same begin elsewhere.
    let begin = std::process::id().wrapping_mul(257);
    let next = || {
        let after = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + after % COUNTED).unwrap_or_default()
    };
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut free = std::iter::repeat_with(next).filter(is_free);
    [(); COUNT].map(|()| free.next().expect("there is always another"))
}

fn etcd(assets: &Assets, folder: &Path, port: u16, peers: u16) -> Process {
    let arguments = [
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls=http://127.0.0.1:{port}"),
        format!("--advertise-client-urls=http://127.0.0.1:{port}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
        "--unsafe-no-fsync".to_owned(),
    ];
    Process::start("etcd", &assets.etcd, arguments, folder)
}

fn apiserver(
    folder: &Path,
    authority: &Authority,
    options: Options,
    database: u16,
    port: u16,
) -> Vec<String> {
    let ca = certificates::write(folder, "ca.crt", &authority.pem);
    let Identity { pem, key } = authority.server();
    let certificate = certificates::write(folder, "server.crt", &pem);
    let key = certificates::write(folder, "server.key", &key);
    let (private, public) = certificates::service_account_key(folder);
    let audit = certificates::write(folder, "audit.yaml", AUDIT_POLICY);
    let mut arguments = vec![
        format!("--etcd-servers=http://127.0.0.1:{database}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--cert-dir={}", folder.display()),
        format!("--tls-cert-file={}", certificate.display()),
        format!("--tls-private-key-file={}", key.display()),
        format!("--client-ca-file={}", ca.display()),
        "--authorization-mode=RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--allow-privileged=true".to_owned(),
        format!("--service-account-issuer=https://127.0.0.1:{port}/"),
        format!("--service-account-key-file={}", public.display()),
        format!("--service-account-signing-key-file={}", private.display()),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--audit-policy-file={}", audit.display()),
        format!("--audit-log-path={}", folder.join("audit.log").display()),
    ];
    if !options.plugins.is_empty() {
        arguments.push(format!("--enable-admission-plugins={}", options.plugins));
    }
    arguments
}

fn scheduler(assets: &Assets, folder: &Path, kubeconfig: &Path, port: u16) -> Process {
    let arguments = [
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
    ];
    Process::start("kube-scheduler", &assets.scheduler, arguments, folder)
}

/// What a cluster without a cloud and without networks of its own can do without.
const ALL_BUT: &str = "*,-node-ipam-controller,-cloud-node-lifecycle-controller,\
    -bootstrap-signer-controller,-token-cleaner-controller";

fn controllers(
    assets: &Assets,
    folder: &Path,
    kubeconfig: &Path,
    port: u16,
    which: &str,
) -> Process {
    let arguments = [
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!(
            "--service-account-private-key-file={}",
            folder.join("sa.key").display()
        ),
        format!("--root-ca-file={}", folder.join("ca.crt").display()),
        // Without it RBAC forbids the controllers nearly everything.
        "--use-service-account-credentials=true".to_owned(),
        format!("--controllers={which}"),
    ];
    let program = &assets.controller_manager;
    Process::start("kube-controller-manager", program, arguments, folder)
}

fn kwok(assets: &Assets, folder: &Path, kubeconfig: &Path, port: u16) -> Process {
    let mut arguments = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-ip=127.0.0.1".to_owned(),
        "--node-port=0".to_owned(),
        format!("--server-address=127.0.0.1:{port}"),
        "--v=WARN".to_owned(),
    ];
    let entries = std::fs::read_dir(&assets.stages).expect("the stages can be listed");
    for entry in entries {
        let path = entry.expect("an entry").path();
        arguments.push(format!("--config={}", path.display()));
    }
    Process::start("kwok", &assets.kwok, arguments, folder)
}
