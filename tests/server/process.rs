//! A server that a test started, and that ends with it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::world;

/// How long anything may take that is to happen soon.
pub const SOON: Duration = Duration::from_secs(10);

/// A running server.
pub struct Server {
    child: Child,
    folder: TempDir,
    log: Arc<Mutex<Vec<Value>>>,
    /// Where the webhook is.
    pub webhook: SocketAddr,
    /// Where metrics and probes are.
    pub admin: SocketAddr,
}

impl Server {
    /// Serves the world of these tests, with a certificate of its own.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more flags.
    pub fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        world::write(folder.path());
        Self::in_folder(folder, flags)
    }

    /// Serves what is in a folder: nodes.yaml, namespaces.yaml, policy.yaml.
    pub fn in_folder(folder: TempDir, flags: &[&str]) -> Self {
        Self::run(command(folder.path()), folder, flags)
    }

    /// Serves what a cluster says.
    pub fn watching(folder: TempDir, flags: &[&str]) -> Self {
        Self::run(serve(folder.path()), folder, flags)
    }

    fn run(mut command: Command, folder: TempDir, flags: &[&str]) -> Self {
        if !flags.contains(&"--tls-cert") {
            command.args(["--tls-generate", "certificates"]);
        }
        command.args(flags).args(["--log-format", "json"]);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("a server");
        let log = Arc::new(Mutex::new(Vec::new()));
        gather(&mut child, Arc::clone(&log));
        let mut server = Self {
            child,
            folder,
            log,
            webhook: ([127, 0, 0, 1], 0).into(),
            admin: ([127, 0, 0, 1], 0).into(),
        };
        server.webhook = server.address("--listen");
        server.admin = server.address("--admin-listen");
        server
    }

    fn address(&self, flag: &str) -> SocketAddr {
        let line = self.logged(&format!("listening ({flag})"));
        let address = line["address"].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A file of the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The log until now.
    pub fn log(&self) -> Vec<Value> {
        self.log.lock().expect("the log").clone()
    }

    /// Standard error is not read as long as the answer lives.
    pub fn unread_log(&self) -> impl Drop + '_ {
        self.log.lock().expect("the log")
    }

    /// Waits for a line of the log whose message holds a text.
    #[track_caller]
    pub fn logged(&self, message: &str) -> Value {
        let found = until(|| {
            let is = |line: &&Value| {
                line["message"]
                    .as_str()
                    .is_some_and(|m| m.contains(message))
            };
            self.log().iter().find(is).cloned()
        });
        found.unwrap_or_else(|| panic!("no {message:?} in the log: {:#?}", self.log()))
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let status = within(Duration::from_secs(25), || {
            self.child.try_wait().expect("a child of ours")
        });
        status.expect("the server ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `slicegate serve` on free ports with the files of a folder.
pub fn command(folder: &Path) -> Command {
    let mut command = serve(folder);
    command
        .args(["--nodes", "nodes.yaml", "--namespaces", "namespaces.yaml"])
        .args(["--policy", "policy.yaml"]);
    command
}

fn serve(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slicegate"));
    command
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "127.0.0.1:0"]);
    command
}

fn gather(child: &mut Child, log: Arc<Mutex<Vec<Value>>>) {
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
            log.lock().expect("the log").push(line);
        }
    });
}

/// Asks again until there is an answer, or it is not soon any more.
pub fn until<T>(ask: impl FnMut() -> Option<T>) -> Option<T> {
    within(SOON, ask)
}

fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > end {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
