//! The programs of a control plane: from `KUBEBUILDER_ASSETS`, or built once from pinned Go modules and kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The minor version of Go that the modules ask for.
const GO: u32 = 26;

/// Where everything is.
#[derive(Clone)]
pub struct Assets {
    /// The database.
    pub etcd: PathBuf,
    /// The API server.
    pub apiserver: PathBuf,
    /// The scheduler.
    pub scheduler: PathBuf,
    /// Deployments, Jobs and all the others.
    pub controller_manager: PathBuf,
    /// The client.
    pub kubectl: PathBuf,
    /// What plays the kubelets.
    pub kwok: PathBuf,
    /// What kwok has nodes and pods do: a folder of files.
    pub stages: PathBuf,
}

struct Program {
    name: &'static str,
    module: &'static str,
    package: &'static str,
}

const PROGRAMS: [Program; 6] = [
    of_control_plane("etcd", "go.etcd.io/etcd/server/v3"),
    of_control_plane("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    of_control_plane("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    of_control_plane(
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    of_control_plane("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    Program {
        name: "kwok",
        module: "kwok",
        package: "sigs.k8s.io/kwok/cmd/kwok",
    },
];

const fn of_control_plane(name: &'static str, package: &'static str) -> Program {
    Program {
        name,
        module: "control-plane",
        package,
    }
}

/// What kwok's own repository holds for a node that is ready and pods that run, complete and go away.
const STAGES: [&str; 5] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat/node-heartbeat.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
];

/// Finds all of it, and builds what is missing.
///
/// # Errors
/// Why that cannot be done here.
pub fn find() -> Result<Assets, String> {
    let given = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let cache = cache()?;
    let mut paths = Vec::new();
    for program in &PROGRAMS {
        let found = place(given.as_deref(), &cache, program.name, Path::is_file);
        paths.push(found.map_or_else(|| build(program, &cache), Ok)?);
    }
    let stages = place(given.as_deref(), &cache, "kwok-stages", Path::is_dir);
    let stages = stages.map_or_else(|| copy_stages(&cache), Ok)?;
    let [
        etcd,
        apiserver,
        scheduler,
        controller_manager,
        kubectl,
        kwok,
    ] = paths.try_into().map_err(|_| "a program is missing")?;
    Ok(Assets {
        etcd,
        apiserver,
        scheduler,
        controller_manager,
        kubectl,
        kwok,
        stages,
    })
}

/// The given folder comes first.
fn place(
    given: Option<&Path>,
    cache: &Path,
    name: &str,
    is_there: fn(&Path) -> bool,
) -> Option<PathBuf> {
    let folders = given.into_iter().chain([cache]);
    folders.map(|f| f.join(name)).find(|path| is_there(path))
}

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/modules")
}

/// A folder that another pin of the modules does not share.
fn cache() -> Result<PathBuf, String> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base
        .or_else(home)
        .ok_or("neither HOME nor XDG_CACHE_HOME is set")?;
    let mut pins = Vec::new();
    for name in [
        "control-plane/go.mod",
        "control-plane/go.sum",
        "kwok/go.mod",
        "kwok/go.sum",
    ] {
        let path = modules().join(name);
        pins.extend(fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?);
    }
    Ok(base.join(format!("slicegate/kubernetes-{:08x}", fingerprint(&pins))))
}

/// FNV-1a, which stays the same whatever Rust it is compiled with, folded to eight digits.
fn fingerprint(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) as u32 ^ hash as u32
}

fn build(program: &Program, cache: &Path) -> Result<PathBuf, String> {
    needs_go(program.module)?;
    eprintln!(
        "building {} from source, once; a few minutes for all",
        program.name
    );
    let start = Instant::now();
    let unfinished = folder(cache)?.join(format!("{}.{}.part", program.name, std::process::id()));
    let mut command = go(program.module);
    command
        .args([
            "build",
            "-trimpath",
            "-ldflags",
            &link_flags(program)?,
            "-o",
        ])
        .arg(&unfinished)
        .arg(program.package);
    run(&mut command)?;
    // Renamed only when it is whole, so that a build that broke leaves nothing to be taken for a program.
    let done = cache.join(program.name);
    fs::rename(&unfinished, &done).map_err(|e| format!("{}: {e}", done.display()))?;
    eprintln!("built {} in {} s", program.name, start.elapsed().as_secs());
    Ok(done)
}

/// The version that `kubectl version` and the API server tell, which a plain build leaves empty.
fn link_flags(program: &Program) -> Result<String, String> {
    if program.module != "control-plane" {
        return Ok("-s -w".to_owned());
    }
    let listed =
        run(go(program.module).args(["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"]))?;
    let version = listed.trim();
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("0"));
    let set = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    Ok([
        "-s -w".to_owned(),
        set("gitVersion", version),
        set("gitMajor", major),
    ]
    .concat()
        + &set("gitMinor", minor)
        + &set("gitTreeState", "clean"))
}

fn copy_stages(cache: &Path) -> Result<PathBuf, String> {
    needs_go("kwok")?;
    let module = "sigs.k8s.io/kwok";
    run(go("kwok").args(["mod", "download", module]))?;
    let source = run(go("kwok").args(["list", "-m", "-f", "{{.Dir}}", module]))?;
    let unfinished = folder(cache)?.join(format!("kwok-stages.{}.part", std::process::id()));
    fs::create_dir_all(&unfinished).map_err(|e| e.to_string())?;
    for stage in STAGES {
        let from = Path::new(source.trim()).join("kustomize/stage").join(stage);
        let to = unfinished.join(from.file_name().unwrap_or_default());
        fs::copy(&from, to).map_err(|e| format!("{}: {e}", from.display()))?;
    }
    let done = cache.join("kwok-stages");
    // Another run may have been faster, with the same files.
    if fs::rename(&unfinished, &done).is_err() && !done.is_dir() {
        return Err(format!("{} cannot be made", done.display()));
    }
    Ok(done)
}

fn folder(cache: &Path) -> Result<&Path, String> {
    fs::create_dir_all(cache).map_err(|e| format!("{}: {e}", cache.display()))?;
    Ok(cache)
}

/// The Go command in a module's folder.
fn go(module: &str) -> Command {
    let mut command = Command::new("go");
    command
        .current_dir(modules().join(module))
        .env("CGO_ENABLED", "0");
    command
}

fn needs_go(module: &str) -> Result<(), String> {
    let needs = format!("needs Go >= 1.{GO}, or KUBEBUILDER_ASSETS with all of a control plane");
    let version = run(go(module).args(["env", "GOVERSION"])).map_err(|_| needs.clone())?;
    let minor = version
        .trim()
        .strip_prefix("go1.")
        .and_then(|v| v.split('.').next());
    let minor: Option<u32> = minor.and_then(|m| m.parse().ok());
    if minor.is_some_and(|m| m >= GO) {
        return Ok(());
    }
    Err(format!("{needs}; found {}", version.trim()))
}

fn run(command: &mut Command) -> Result<String, String> {
    let said = format!("{command:?}");
    let output = command.output().map_err(|e| format!("{said}: {e}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{said}: {}\n{errors}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
