//! An image on its way to a node: pushed to a registry, and pulled from it by its digest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::process::Process;
use super::runner::Missing;
use super::wait::{seconds, until};

/// Names an image of buildah's, as `image/build` makes it.
const IMAGE: &str = "SLICEGATE_IMAGE";

/// What pushes and pulls, what stands in between, and what runs.
const PROGRAMS: [&str; 3] = ["buildah", "docker-registry", "crun"];

/// The image that is to be tested.
///
/// # Errors
/// Where none is named, or nothing is here to run it with.
pub fn image() -> Result<String, Missing> {
    let Ok(name) = std::env::var(IMAGE) else {
        let why = format!("no image: image/build builds one, and {IMAGE} names it");
        return Err(missing(why));
    };
    for program in PROGRAMS {
        let found = Command::new(program).arg("--version").output();
        if found.is_err() {
            let why = format!("no {program}; on Debian: apt-get install {program}");
            return Err(missing(why));
        }
    }
    Ok(name)
}

fn missing(why: String) -> Missing {
    Missing {
        why,
        require: "SLICEGATE_REQUIRE_IMAGE",
    }
}

/// An image as it arrived.
pub struct Pulled {
    /// What it is known by.
    pub digest: String,
    /// Its files.
    pub root: PathBuf,
    /// What it says of itself, in the words of the OCI image specification.
    pub config: Value,
    _folder: TempDir,
}

impl Pulled {
    /// Takes an image of buildah's through a registry on this machine, into a store of its own.
    #[track_caller]
    pub fn from_a_registry(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (_registry, port) = registry(folder.path());
        let digest_file = folder.path().join("digest");
        let there = format!("docker://127.0.0.1:{port}/slicegate");
        let pushed = format!("{there}:pushed");
        let digest_flag = format!("--digestfile={}", digest_file.display());
        buildah(&["push", "--tls-verify=false", &digest_flag, name, &pushed]);
        let digest = fs::read_to_string(digest_file).expect("a digest");
        let store = |part: &str| folder.path().join(part).display().to_string();
        let (files, state) = (store("store"), store("state"));
        // Where everything is a plain folder.
        let own = |arguments: &[&str]| {
            let store = [
                "--root",
                &files,
                "--runroot",
                &state,
                "--storage-driver=vfs",
            ];
            buildah(&[&store[..], arguments].concat())
        };
        let id = own(&["pull", "--tls-verify=false", &format!("{there}@{digest}")]);
        let id = id.lines().last().unwrap_or_default().to_owned();
        let inspected = own(&["inspect", "--type=image", &id]);
        let inspected: Value = serde_json::from_str(&inspected).expect("JSON");
        assert_eq!(inspected["FromImageDigest"], digest, "what was asked for");
        let container = own(&["from", "--pull-never", &id]);
        let root = own(&["mount", container.trim()]);
        Self {
            digest,
            root: root.trim().into(),
            config: inspected["OCIv1"]["config"].clone(),
            _folder: folder,
        }
    }
}

/// Debian's registry, on a port of its own choice.
#[track_caller]
fn registry(folder: &Path) -> (Process, u16) {
    let config = folder.join("registry.yaml");
    let text = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:0\"}}\n",
        folder.join("registry").display()
    );
    fs::write(&config, text).expect("a file");
    let arguments = [Path::new("serve"), &config];
    let program = Path::new("docker-registry");
    let registry = Process::start("docker-registry", program, arguments, folder);
    let log = folder.join("docker-registry.log");
    let port = until(
        "the registry",
        seconds(20),
        || registry.tail(),
        || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let after = log.split("listening on 127.0.0.1:").nth(1);
            let number = after.map(|t| {
                t.chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>()
            });
            number.and_then(|n| n.parse().ok()).ok_or(log)
        },
    );
    (registry, port)
}

#[track_caller]
fn buildah(arguments: &[&str]) -> String {
    let output = Command::new("buildah").args(arguments).output();
    let output = output.expect("buildah runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
