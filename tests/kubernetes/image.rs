//! The image that `image/build` made: what is in it, and that it does its work as its Deployment runs it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, pods_of};
use super::container::Container;
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::registry::{self, Pulled};
use super::runner::note;
use super::stage::{Stage, pod};
use super::wait::seconds;
use super::webhook::{self, CANARY};

const TEAM: Namespace = Namespace {
    name: "team",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/slicegate-system/deployments/slicegate";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/slicegate-system/leases/slicegate";

/// All of it: a program, and what is to be known of it.
const FILES: [(&str, u32); 3] = [
    ("/usr/local/bin/slicegate", 0o755),
    ("/usr/share/doc/slicegate/LICENSE", 0o644),
    ("/usr/share/doc/slicegate/sbom.cdx.json", 0o644),
];

pub fn what_is_pulled_by_its_digest_is_one_program_and_says_what_it_is_made_of(stage: &mut Stage) {
    let Some(name) = stage.given(registry::image()) else {
        return;
    };
    let image = Pulled::from_a_registry(&name);
    let mut files = Vec::new();
    list(&image.root, &image.root, &mut files);
    files.sort();
    assert_eq!(files, FILES.map(|(path, mode)| (path.to_owned(), mode)));
    let config = &image.config;
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!([FILES[0].0]));
    let labels = &config["Labels"];
    for (label, value) in [
        ("title", "slicegate"),
        ("version", env!("CARGO_PKG_VERSION")),
        ("description", env!("CARGO_PKG_DESCRIPTION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
    ] {
        assert_eq!(labels[format!("org.opencontainers.image.{label}")], value);
    }
    let revision = labels["org.opencontainers.image.revision"].as_str();
    let program = fs::read(image.root.join(&FILES[0].0[1..])).expect("a program");
    says_nothing_of_its_builder(&program);
    let document = fs::read(image.root.join(&FILES[2].0[1..])).expect("a document");
    names_what_is_locked(&serde_json::from_slice(&document).expect("JSON"));
    note(format!(
        "{}, revision {}, {:.1} MiB",
        image.digest,
        revision.expect("a revision"),
        program.len() as f64 / f64::from(1 << 20)
    ));
}

/// Files with their modes; they are root's, and there is nothing but files and folders.
#[track_caller]
fn list(root: &Path, folder: &Path, files: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let about = fs::symlink_metadata(&path).expect("a file");
        assert_eq!((about.uid(), about.gid()), (0, 0), "{}", path.display());
        if about.is_dir() {
            list(root, &path, files);
            continue;
        }
        assert!(about.is_file(), "{}", path.display());
        let inside = path.strip_prefix(root).expect("a path inside");
        let mode = about.permissions().mode() & 0o7777;
        files.push((format!("/{}", inside.display()), mode));
    }
}

/// Neither where the sources lay nor where the libraries did.
#[track_caller]
fn says_nothing_of_its_builder(program: &[u8]) {
    let sources = env!("CARGO_MANIFEST_DIR").as_bytes();
    for text in [sources, b".cargo/registry"] {
        let found = program.windows(text.len()).position(|part| part == text);
        let around = |at: usize| String::from_utf8_lossy(&program[at..at + 120]).into_owned();
        assert_eq!(found.map(around), None);
    }
}

/// Each library with the version and the hash of Cargo.lock, the direct ones among them, and what no crate brings.
#[track_caller]
fn names_what_is_locked(document: &Value) {
    assert_eq!(document["bomFormat"], "CycloneDX");
    assert_eq!(document["metadata"]["component"]["name"], "slicegate");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let components = document["components"].as_array().expect("components");
    let named: BTreeSet<String> = components.iter().map(|c| text(&c["name"])).collect();
    for name in ["kube", "hyper", "aws-lc-sys", "libmimalloc-sys", "rust-std"] {
        assert!(named.contains(name), "{name}");
    }
    assert!(named.iter().any(|n| n == "glibc" || n.starts_with("libc6")));
    // Only tests have it.
    assert!(!named.contains("proptest"));
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).expect("text");
    for component in components {
        assert!(
            component["licenses"][0]["expression"].is_string(),
            "{component}"
        );
        if !text(&component["purl"]).starts_with("pkg:cargo/") {
            continue;
        }
        let entry = format!(
            "name = {}\nversion = {}\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = {}\n",
            component["name"], component["version"], component["hashes"][0]["content"]
        );
        assert!(lock.contains(&entry), "{entry}");
    }
}

pub fn as_its_deployment_runs_it_a_real_api_server_calls_it(stage: &mut Stage) {
    let Some(name) = stage.given(registry::image()) else {
        return;
    };
    stage.clear();
    let image = Pulled::from_a_registry(&name);
    let cluster = installation(stage);
    let mut container = Container::start(&cluster, &image, &cluster.get(DEPLOYMENT));
    container.replica.wait_until_ready(&cluster);
    webhook::register_at(&cluster, container.replica.port, None);
    webhook::wait_until_asked(&cluster, || container.replica.tail());
    let asks = pod("share", &json!({"nvidia.com/gpu": "1"}));
    let made = cluster.create(&pods_of(TEAM.name), &asks);
    let labels = &made["metadata"]["labels"];
    assert_eq!(labels["slicegate.dev/strategy"], "mps", "{made}");
    let replica = &container.replica;
    cluster.wait_for("the guard to be current", seconds(40), || {
        let is_current = replica.metric("slicegate_guard_current") == Some(1.0);
        is_current.then_some(()).ok_or_else(|| replica.tail())
    });
    is_confined(&container);
    let [limit, peak] = container.memory();
    assert_eq!(limit, 512 << 20, "as the Deployment says");
    note(format!(
        "of {} MiB it took {} at most",
        limit >> 20,
        peak >> 20
    ));
    container.stop(&cluster);
    let holder = cluster.get(LEASE)["spec"]["holderIdentity"].take();
    assert_eq!(holder, "", "it ended well, and gave it back");
}

/// All that is shipped but the registration, which names a Service that nothing here leads to.
#[track_caller]
fn installation(stage: &Stage) -> Cluster {
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    for file in [
        "00-namespace",
        "05-sharing-policy",
        "10-rbac",
        "15-quota",
        "30-deployment",
    ] {
        let path = format!("{}/webhook-config/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
        cluster.kubectl.run(&["apply", "-f", &path]).good();
    }
    let nodes = Fleet::of(&[("mps", fleet::MPS_A100, 1)]).nodes();
    cluster.create("/api/v1/nodes", &nodes[0]);
    let status = json!({"status": nodes[0]["status"]});
    cluster.change("/api/v1/nodes/mps-1/status", &status);
    cluster.make_namespaces([&CANARY, &TEAM]);
    cluster
}

/// What the kernel says of the process: nobody's rights, no way to more, and nowhere to write.
#[track_caller]
fn is_confined(container: &Container) {
    let status = container.process("status");
    let says = |key: &str| -> Vec<&str> {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.expect(key).split_whitespace().collect()
    };
    for key in ["Uid", "Gid"] {
        assert_eq!(says(key), ["65532"; 4], "{key}");
    }
    for key in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(says(key), ["0000000000000000"], "{key}");
    }
    assert_eq!(says("NoNewPrivs"), ["1"]);
    assert_eq!(says("Seccomp"), ["2"], "by a filter");
    let mounts = container.process("mountinfo");
    let mut mounts = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    let root = mounts.rfind(|fields| fields[4] == "/").expect("a root");
    assert!(root[5].split(',').any(|option| option == "ro"), "{root:?}");
}
