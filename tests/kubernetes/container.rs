//! A pod's container as a kubelet has it made: all that its Deployment says, and nothing of this machine but its network.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::control_plane::free_ports;
use super::process::Process;
use super::registry::Pulled;
use super::replica::Replica;
use super::rights;
use super::seccomp;

/// Runs crun so that it ends, with all that it started, when the process does that waits for it. crun knows cgroups of
/// version 1 and of version 2, but not both at once: where both are, it sees the first alone.
const RUN: &str = r#"umount /sys/fs/cgroup/unified 2>/dev/null
exec crun --root "$1/state" --cgroup-manager=cgroupfs run --bundle "$1" "$2""#;

/// Where a pod finds what its account is given.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A running container. What runs in it ends before its cgroup does.
pub struct Container {
    /// What runs in it.
    pub replica: Replica,
    cgroup: Cgroup,
}

impl Container {
    /// Starts the only container of a Deployment's pods.
    #[track_caller]
    pub fn start(cluster: &Cluster, image: &Pulled, deployment: &Value) -> Self {
        let spec = &deployment["spec"]["template"]["spec"];
        let folder = tempfile::tempdir().expect("a folder");
        let [port, admin] = free_ports();
        let cgroup = Cgroup(format!("slicegate-image-{}", std::process::id()));
        let mut config = config(image, spec);
        config["linux"]["cgroupsPath"] = format!("/{}", cgroup.0).into();
        // The network is this machine's, where other tests may have the ports.
        for flag in ["--listen", "--admin-listen"].iter().zip([port, admin]) {
            add(
                &mut config["process"]["args"],
                format!("{}=127.0.0.1:{}", flag.0, flag.1).into(),
            );
        }
        let api = cluster.api().port();
        // By a name, for which what is in the image has to look at /etc/hosts.
        for (name, value) in [
            ("KUBERNETES_SERVICE_HOST", "localhost".to_owned()),
            ("KUBERNETES_SERVICE_PORT", api.to_string()),
            ("POD_NAME", "slicegate-1".to_owned()),
            ("POD_NAMESPACE", "slicegate-system".to_owned()),
        ] {
            add(
                &mut config["process"]["env"],
                format!("{name}={value}").into(),
            );
        }
        for (from, to) in given(cluster, folder.path(), spec) {
            add(
                &mut config["mounts"],
                json!({"source": from, "destination": to, "type": "bind",
                "options": ["rbind", "ro", "nosuid", "nodev", "noexec"]}),
            );
        }
        fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
        let own = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
        let bundle = folder.path().display().to_string();
        let arguments = own
            .into_iter()
            .chain(["sh", "-c", RUN, "sh", &bundle, &cgroup.0]);
        let process = Process::start("slicegate", Path::new("unshare"), arguments, folder.path());
        Self {
            replica: Replica::around(process, port, admin, folder),
            cgroup,
        }
    }

    /// What the kernel says of its first process, by the name of a file of /proc.
    #[track_caller]
    pub fn process(&self, file: &str) -> String {
        let path = Path::new("/proc").join(self.number()).join(file);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The most memory that it may have, and the most that it had, in bytes, as the kernel says.
    #[track_caller]
    pub fn memory(&self) -> [u64; 2] {
        let limit = self.cgroup.read("memory.limit_in_bytes", "memory.max");
        let peak = self.cgroup.read("memory.max_usage_in_bytes", "memory.peak");
        [limit, peak].map(|text| text.trim().parse().expect("a number"))
    }

    /// Asks its process to end, as a kubelet does, and waits until it has.
    #[track_caller]
    pub fn stop(&mut self, cluster: &Cluster) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.number()])
            .status();
        assert!(sent.expect("kill").success());
        self.replica.wait_until_ended(cluster);
    }

    /// Its first process, by the number that it has outside.
    #[track_caller]
    fn number(&self) -> String {
        let all = self.cgroup.read("cgroup.procs", "cgroup.procs");
        all.lines().next().expect("a process").to_owned()
    }
}

/// The cgroup of a container, by its name.
struct Cgroup(String);

impl Cgroup {
    /// A file, which has another name in each version.
    #[track_caller]
    fn read(&self, one: &str, two: &str) -> String {
        let mount = Path::new("/sys/fs/cgroup");
        let memory = mount.join("memory").join(&self.0).join(one);
        let unified = mount.join(&self.0).join(two);
        let read = fs::read_to_string(memory).or_else(|_| fs::read_to_string(unified));
        read.unwrap_or_else(|e| panic!("{one} or {two} of {}: {e}", self.0))
    }
}

impl Drop for Cgroup {
    /// crun does it where the container ended by itself.
    fn drop(&mut self) {
        let all = fs::read_dir("/sys/fs/cgroup")
            .into_iter()
            .flatten()
            .flatten();
        let mut places: Vec<PathBuf> = all.map(|e| e.path().join(&self.0)).collect();
        places.push(Path::new("/sys/fs/cgroup").join(&self.0));
        places.retain(|place| place.is_dir());
        // What was killed is gone a moment later.
        for _ in 0..20 {
            places.retain(|place| fs::remove_dir(place).is_err());
            if places.is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What is told to crun, in the words of the OCI runtime specification.
#[track_caller]
fn config(image: &Pulled, spec: &Value) -> Value {
    let container = &spec["containers"][0];
    let (pod, own) = (&spec["securityContext"], &container["securityContext"]);
    assert!(container["command"].is_null(), "the image's own");
    assert_eq!(own["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(pod["seccompProfile"]["type"], "RuntimeDefault");
    let mut arguments = image.config["Entrypoint"].clone();
    for argument in container["args"].as_array().expect("arguments") {
        add(&mut arguments, argument.clone());
    }
    let memory = container["resources"]["limits"]["memory"].as_str();
    let memory = memory.and_then(|m| m.strip_suffix("Mi")?.parse::<u64>().ok());
    let memory = memory.expect("a limit in Mi") << 20;
    let namespaces = ["pid", "ipc", "uts", "mount"].map(|kind| json!({"type": kind}));
    json!({
        "ociVersion": "1.0.0",
        "root": {"path": image.root, "readonly": own["readOnlyRootFilesystem"]},
        "process": {
            "args": arguments, "env": image.config["Env"], "cwd": "/",
            "user": {"uid": pod["runAsUser"], "gid": pod["runAsGroup"]},
            "capabilities": {"bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": []},
            "noNewPrivileges": own["allowPrivilegeEscalation"] == false,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        ],
        "linux": {
            "namespaces": namespaces,
            "resources": {"memory": {"limit": memory, "swap": memory}},
            "seccomp": seccomp::runtime_default(),
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    })
}

/// What a kubelet mounts into a pod: files that only its group may read, and the names of hosts.
#[track_caller]
fn given(cluster: &Cluster, folder: &Path, spec: &Value) -> [(PathBuf, &'static str); 2] {
    let account = folder.join("account");
    fs::create_dir(&account).expect("a folder");
    let name = spec["serviceAccountName"].as_str().expect("an account");
    rights::give(cluster, &account, name);
    let group = spec["securityContext"]["fsGroup"].as_u64();
    let group = group.and_then(|g| u32::try_from(g).ok());
    let files = fs::read_dir(&account).expect("files");
    let files = files.map(|file| (file.expect("a file").path(), 0o640));
    for (path, mode) in files.chain([(account.clone(), 0o750)]) {
        chown(&path, Some(0), group).expect("another group");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let hosts = folder.join("hosts");
    fs::write(&hosts, "127.0.0.1 localhost\n").expect("a file");
    [(account, ACCOUNT), (hosts, "/etc/hosts")]
}

fn add(list: &mut Value, entry: Value) {
    list.as_array_mut().expect("a list").push(entry);
}
