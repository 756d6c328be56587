//! Helm as a person runs it, with the chart of this repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use slicegate::config::documents;
use tempfile::TempDir;

use super::assets;
use super::kubectl::Run;
use super::stage::Stage;

/// What the release is called, and where it is.
pub const RELEASE: [&str; 3] = ["slicegate", "-n", "slicegate-system"];

/// Helm with what it remembers in a folder of its own.
pub struct Helm {
    program: PathBuf,
    kubeconfig: PathBuf,
    folder: TempDir,
}

impl Helm {
    /// For the cluster of that kubeconfig. Where Helm cannot be had the test is said not to have run.
    pub fn find(stage: &mut Stage, kubeconfig: &Path) -> Option<Self> {
        match assets::helm() {
            Ok(program) => Some(Self {
                program,
                kubeconfig: kubeconfig.to_owned(),
                folder: tempfile::tempdir().expect("a folder"),
            }),
            Err(why) => {
                stage.skip(why);
                None
            }
        }
    }

    /// For commands that reach no cluster.
    pub fn offline(stage: &mut Stage) -> Option<Self> {
        Self::find(stage, Path::new("/nonexistent"))
    }

    /// Runs it with values on standard input, which `-f -` reads.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], values: &str) -> Run {
        let mut command = Command::new(&self.program);
        for (name, folder) in [
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_DATA_HOME", "data"),
        ] {
            command.env(name, self.folder.path().join(folder));
        }
        let mut child = command
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Helm starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // Where the arguments name no values nobody reads.
        let _ = pipe.write_all(values.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("Helm ends");
        Run {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command of the release with the chart and those values.
    #[track_caller]
    pub fn release(&self, command: &str, more: &[&str], values: &str) -> Run {
        let chart = chart();
        let mut arguments = vec![
            command, RELEASE[0], &chart, RELEASE[1], RELEASE[2], "-f", "-",
        ];
        arguments.extend(more);
        self.run(&arguments, values)
    }

    /// The text of what the chart makes of values.
    #[track_caller]
    pub fn template(&self, values: &str) -> String {
        self.release("template", &["--include-crds"], values)
            .good()
            .out
    }

    /// The objects.
    #[track_caller]
    pub fn objects(&self, values: &str) -> Vec<Value> {
        parse(&self.template(values))
    }
}

/// The chart's folder.
pub fn chart() -> String {
    format!("{}/charts/slicegate", env!("CARGO_MANIFEST_DIR"))
}

/// The objects of manifests.
#[track_caller]
pub fn parse(text: &str) -> Vec<Value> {
    let input = documents::parse("manifests", text);
    assert!(input.errors.is_empty(), "{:?}\n{text}", input.errors);
    input.documents.into_iter().map(|d| d.value).collect()
}
