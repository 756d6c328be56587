//! What comes out of pinned Go modules: programs that are built, and files that are copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The minor version of Go that the modules ask for.
const GO: u32 = 26;

/// Modules whose results lie in one folder of the cache.
pub struct Group {
    /// What the folder's name begins with.
    pub name: &'static str,
    /// The modules, whose pins make the rest of the name.
    pub modules: &'static [&'static str],
}

/// A program.
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// The module that pins it.
    pub module: &'static str,
    /// The package that is built.
    pub package: &'static str,
    /// What it says when it is asked for its version, which a plain build leaves empty.
    pub version: Option<Version>,
}

/// The version that a program tells as its own.
pub struct Version {
    /// The module whose version it is.
    pub of: &'static str,
    /// How the linker is told.
    pub flags: fn(&str) -> String,
}

/// Files of modules.
pub struct Copied {
    /// What their folder is called.
    pub name: &'static str,
    /// The module that pins where they come from.
    pub module: &'static str,
    /// Modules, and paths in them.
    pub files: &'static [(&'static str, &'static str)],
}

impl Group {
    /// A folder that another pin of these modules does not share.
    ///
    /// # Errors
    /// When there is no place for a cache, or a module cannot be read.
    pub fn cache(&self) -> Result<PathBuf, String> {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base
            .or_else(home)
            .ok_or("neither HOME nor XDG_CACHE_HOME is set")?;
        let mut pins = Vec::new();
        for module in self.modules {
            for name in ["go.mod", "go.sum"] {
                let path = folder_of(module).join(name);
                pins.extend(fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?);
            }
        }
        let name = self.name;
        Ok(base.join(format!("slicegate/{name}-{:08x}", fingerprint(&pins))))
    }
}

fn folder_of(module: &str) -> PathBuf {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/modules");
    modules.join(module)
}

/// FNV-1a, which stays the same whatever Rust it is compiled with, folded to eight digits.
fn fingerprint(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) as u32 ^ hash as u32
}

/// Builds a program into a folder.
///
/// # Errors
/// What Go said.
pub fn build(program: &Program, cache: &Path) -> Result<PathBuf, String> {
    needs_go(program.module)?;
    eprintln!(
        "building {} from source, once; a few minutes for all",
        program.name
    );
    let start = Instant::now();
    let unfinished = made(cache)?.join(format!("{}.{}.part", program.name, std::process::id()));
    let flags = link_flags(program)?;
    let mut command = go(program.module);
    command
        .args(["build", "-trimpath", "-ldflags", &flags, "-o"])
        .arg(&unfinished)
        .arg(program.package);
    run(&mut command)?;
    // Renamed only when it is whole, so that a build that broke leaves nothing to be taken for a program.
    let done = cache.join(program.name);
    fs::rename(&unfinished, &done).map_err(|e| format!("{}: {e}", done.display()))?;
    eprintln!("built {} in {} s", program.name, start.elapsed().as_secs());
    Ok(done)
}

fn link_flags(program: &Program) -> Result<String, String> {
    let mut flags = "-s -w".to_owned();
    if let Some(version) = &program.version {
        let list = ["list", "-m", "-f", "{{.Version}}", version.of];
        let listed = run(go(program.module).args(list))?;
        flags.push_str(&(version.flags)(listed.trim()));
    }
    Ok(flags)
}

/// How the linker is told of a version of Kubernetes.
pub fn kubernetes_version(version: &str) -> String {
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("0"));
    let set = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    [
        set("gitVersion", version),
        set("gitMajor", major),
        set("gitMinor", minor),
        set("gitTreeState", "clean"),
    ]
    .concat()
}

/// How the linker is told of a version of Helm.
pub fn helm_version(version: &str) -> String {
    format!(" -X helm.sh/helm/v4/internal/version.version={version}")
}

/// Copies files into a folder of that name.
///
/// # Errors
/// What Go said, or what is not there.
pub fn copy(files: &Copied, cache: &Path) -> Result<PathBuf, String> {
    needs_go(files.module)?;
    let unfinished = made(cache)?.join(format!("{}.{}.part", files.name, std::process::id()));
    fs::create_dir_all(&unfinished).map_err(|e| e.to_string())?;
    for (module, path) in files.files {
        run(go(files.module).args(["mod", "download", module]))?;
        let source = run(go(files.module).args(["list", "-m", "-f", "{{.Dir}}", module]))?;
        let from = Path::new(source.trim()).join(path);
        let to = unfinished.join(from.file_name().unwrap_or_default());
        fs::copy(&from, to).map_err(|e| format!("{}: {e}", from.display()))?;
    }
    let done = cache.join(files.name);
    // Another run may have been faster, with the same files.
    if fs::rename(&unfinished, &done).is_err() && !done.is_dir() {
        return Err(format!("{} cannot be made", done.display()));
    }
    Ok(done)
}

fn made(cache: &Path) -> Result<&Path, String> {
    fs::create_dir_all(cache).map_err(|e| format!("{}: {e}", cache.display()))?;
    Ok(cache)
}

/// The Go command in a module's folder.
fn go(module: &str) -> Command {
    let mut command = Command::new("go");
    command
        .current_dir(folder_of(module))
        .env("CGO_ENABLED", "0");
    command
}

fn needs_go(module: &str) -> Result<(), String> {
    let needs = format!("needs Go >= 1.{GO}, or KUBEBUILDER_ASSETS with all of it");
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
