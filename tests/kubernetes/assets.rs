//! The programs of a control plane: from `KUBEBUILDER_ASSETS`, or built once from pinned Go modules and kept.

mod modules;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use modules::{Copied, Group, Program, Version};

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

/// What every test on a cluster needs.
const KUBERNETES: Group = Group {
    name: "kubernetes",
    modules: &["control-plane", "kwok"],
};
/// What only the tests of the chart need, in a folder of its own: another Helm builds no other API server.
const HELM: Group = Group {
    name: "helm",
    modules: &["helm"],
};
/// The same for kinds that the chart can make and Kubernetes does not bring.
const DEFINITIONS: Group = Group {
    name: "definitions",
    modules: &["definitions"],
};

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
        version: None,
    },
];

const fn of_control_plane(name: &'static str, package: &'static str) -> Program {
    Program {
        name,
        module: "control-plane",
        package,
        version: Some(Version {
            of: "k8s.io/kubernetes",
            flags: modules::kubernetes_version,
        }),
    }
}

const HELM_ITSELF: Program = Program {
    name: "helm",
    module: "helm",
    package: "helm.sh/helm/v4/cmd/helm",
    version: Some(Version {
        of: "helm.sh/helm/v4",
        flags: modules::helm_version,
    }),
};

/// What kwok's own repository holds for a node that is ready and pods that run, complete and go away.
const STAGES: Copied = Copied {
    name: "kwok-stages",
    module: "kwok",
    files: &[
        (
            "sigs.k8s.io/kwok",
            "kustomize/stage/node/fast/node-initialize.yaml",
        ),
        (
            "sigs.k8s.io/kwok",
            "kustomize/stage/node/heartbeat/node-heartbeat.yaml",
        ),
        (
            "sigs.k8s.io/kwok",
            "kustomize/stage/pod/fast/pod-ready.yaml",
        ),
        (
            "sigs.k8s.io/kwok",
            "kustomize/stage/pod/fast/pod-complete.yaml",
        ),
        (
            "sigs.k8s.io/kwok",
            "kustomize/stage/pod/fast/pod-delete.yaml",
        ),
    ],
};

const CERT_MANAGER: &str = "github.com/cert-manager/cert-manager";
const PROMETHEUS: &str = "github.com/prometheus-operator/prometheus-operator";

const KINDS_OF_OTHERS: Copied = Copied {
    name: "definitions",
    module: "definitions",
    files: &[
        (
            CERT_MANAGER,
            "deploy/crds/cert-manager.io_certificates.yaml",
        ),
        (CERT_MANAGER, "deploy/crds/cert-manager.io_issuers.yaml"),
        (
            PROMETHEUS,
            "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        ),
    ],
};

/// Finds all that every test needs, and builds what is missing.
///
/// # Errors
/// Why that cannot be done here.
pub fn find() -> Result<Assets, String> {
    let cache = KUBERNETES.cache()?;
    let mut paths = Vec::new();
    for program in &PROGRAMS {
        paths.push(find_program(program, &cache)?);
    }
    let stages = find_files(&STAGES, &cache)?;
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

/// Helm.
///
/// # Errors
/// Why it can neither be found nor built here.
pub fn helm() -> Result<PathBuf, String> {
    find_program(&HELM_ITSELF, &HELM.cache()?)
}

/// A folder with the definitions of other people's kinds.
///
/// # Errors
/// Why they can neither be found nor fetched here.
pub fn definitions() -> Result<PathBuf, String> {
    find_files(&KINDS_OF_OTHERS, &DEFINITIONS.cache()?)
}

/// What two tests look for at a time is built by one of them.
static LOOKING: Mutex<()> = Mutex::new(());

fn find_program(program: &Program, cache: &Path) -> Result<PathBuf, String> {
    let _alone = LOOKING.lock();
    let found = place(cache, program.name, Path::is_file);
    found.map_or_else(|| modules::build(program, cache), Ok)
}

fn find_files(files: &Copied, cache: &Path) -> Result<PathBuf, String> {
    let _alone = LOOKING.lock();
    let found = place(cache, files.name, Path::is_dir);
    found.map_or_else(|| modules::copy(files, cache), Ok)
}

/// The given folder comes first.
fn place(cache: &Path, name: &str, is_there: fn(&Path) -> bool) -> Option<PathBuf> {
    let given = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let folders = given.iter().map(PathBuf::as_path).chain([cache]);
    folders.map(|f| f.join(name)).find(|path| is_there(path))
}
