//! slicegate as a process of its own beside a cluster, with whatever flags.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::cluster::Cluster;
use super::control_plane::free_ports;
use super::process::Process;
use super::wait::seconds;

/// A running `slicegate serve`.
pub struct Replica {
    process: Process,
    /// Where the webhooks are.
    pub port: u16,
    /// Where metrics and probes are.
    pub admin: u16,
    /// Its files: `ca.crt` where it makes its own certificate, `slicegate.log`.
    pub folder: TempDir,
}

impl Replica {
    /// Starts it with those flags besides those for its ports.
    pub fn start(flags: &[String], folder: TempDir) -> Self {
        let [port, admin] = free_ports();
        let program = Path::new(env!("CARGO_BIN_EXE_slicegate"));
        let arguments = serve(port, admin).into_iter().chain(flags.iter().cloned());
        let process = Process::start("slicegate", program, arguments, folder.path());
        Self {
            process,
            port,
            admin,
            folder,
        }
    }

    /// One that somebody else started, with its log in that folder.
    pub fn around(process: Process, port: u16, admin: u16, folder: TempDir) -> Self {
        Self {
            process,
            port,
            admin,
            folder,
        }
    }

    /// Whether this user can have a folder where only one process sees it.
    pub fn can_be_a_pod() -> bool {
        let tried = Command::new("unshare")
            .args(["-m", "mount", "-t", "tmpfs", "none", "/run"])
            .output();
        tried.is_ok_and(|output| output.status.success())
    }

    /// Starts it as a kubelet does: what its account is given is in its folder, and no kubeconfig anywhere.
    #[track_caller]
    pub fn as_a_pod(cluster: &Cluster, flags: &[String], folder: TempDir) -> Self {
        let [port, admin] = free_ports();
        let script = format!(
            "mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io/serviceaccount && \
             mount --bind . /run/secrets/kubernetes.io/serviceaccount && unset KUBECONFIG && \
             HOME=/nowhere KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT={} exec \"$@\"",
            cluster.api().port()
        );
        let own = [
            "-m".to_owned(),
            "sh".to_owned(),
            "-c".to_owned(),
            script,
            "sh".to_owned(),
            env!("CARGO_BIN_EXE_slicegate").to_owned(),
        ];
        let arguments = own
            .into_iter()
            .chain(serve(port, admin))
            .chain(flags.iter().cloned());
        let process = Process::start("slicegate", Path::new("unshare"), arguments, folder.path());
        Self {
            process,
            port,
            admin,
            folder,
        }
    }

    /// Starts it with a certificate of its own, watching the cluster as its administrator.
    pub fn watching(cluster: &Cluster, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut all = vec![
            format!("--tls-generate={}", folder.path().display()),
            format!("--kubeconfig={}", cluster.plane().kubeconfig.display()),
        ];
        all.extend(flags.iter().map(|flag| (*flag).to_owned()));
        Self::start(&all, folder)
    }

    /// Waits until it answers reviews.
    #[track_caller]
    pub fn wait_until_ready(&mut self, cluster: &Cluster) {
        let (admin, process) = (self.admin, &mut self.process);
        cluster.wait_for("slicegate to be ready", seconds(60), || {
            process.expect_running();
            let answer = ask(admin, "/readyz").map_err(|e| format!("{e}\n{}", process.tail()))?;
            answer.contains(" 200 ").then_some(()).ok_or(answer)
        });
    }

    /// The authority of the certificate it made for itself.
    #[track_caller]
    pub fn authority(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("ca.crt")).expect("a ca.crt")
    }

    /// What it says on its second port.
    #[track_caller]
    pub fn page(&self, path: &str) -> String {
        ask(self.admin, path).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.tail()))
    }

    /// The value of a metric that begins with those words.
    #[track_caller]
    pub fn metric(&self, begins: &str) -> Option<f64> {
        let page = self.page("/metrics");
        let line = page.lines().find(|line| line.starts_with(begins))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }

    /// Waits until its log holds a text.
    #[track_caller]
    pub fn wait_for_log(&self, cluster: &Cluster, text: &str) {
        cluster.wait_for(&format!("{text:?} in the log"), seconds(30), || {
            let log = self.log();
            log.contains(text).then_some(()).ok_or_else(|| self.tail())
        });
    }

    /// All it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The end of what it said.
    pub fn tail(&self) -> String {
        self.process.tail()
    }

    /// Asks it to end, as a kubelet does, and waits until it has.
    #[track_caller]
    pub fn stop(mut self, cluster: &Cluster) {
        self.process.terminate();
        self.wait_until_ended(cluster);
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait_until_ended(&mut self, cluster: &Cluster) {
        cluster.wait_for("slicegate to end", seconds(30), || {
            self.process
                .has_ended()
                .then_some(())
                .ok_or("it runs".to_owned())
        });
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("slicegate.log")
    }
}

/// The arguments that every one of them has.
fn serve(port: u16, admin: u16) -> [String; 4] {
    [
        "serve".to_owned(),
        format!("--listen=127.0.0.1:{port}"),
        format!("--admin-listen=127.0.0.1:{admin}"),
        "--log-format=json".to_owned(),
    ]
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
