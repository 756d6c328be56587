//! What tests play on: a cluster that most of them share, and clusters of one's own.

use serde_json::{Value, json};

use super::assets::Assets;
use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::names;
use super::runner::{self, Gap, Missing};
use super::wait::seconds;
use super::webhook::Webhook;

/// What the tests are given.
pub struct Stage {
    /// The programs.
    pub assets: Assets,
    standard: Option<Standard>,
    shared: Option<Cluster>,
    gap: Option<Gap>,
}

/// A cluster with a node of every shape, slicegate, and the namespaces of the tests that share it.
pub struct Standard {
    /// slicegate; it ends before the cluster does.
    pub webhook: Webhook,
    /// The cluster.
    pub cluster: Cluster,
    /// Its nodes.
    pub fleet: Fleet,
}

/// Controllers and kubelets, and no admission plugin more than by default.
pub const WHOLE: Options = Options {
    plugins: "",
    parts: Parts::All,
};

/// The kinds that make pods, and pods.
const WORKLOADS: [&str; 7] = [
    "/apis/batch/v1/cronjobs",
    "/apis/batch/v1/jobs",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/replicasets",
    "/api/v1/pods",
];

impl Stage {
    /// With those programs.
    pub fn new(assets: Assets) -> Self {
        Self {
            assets,
            standard: None,
            shared: None,
            gap: None,
        }
    }

    /// The shared cluster, empty of pods.
    #[track_caller]
    pub fn standard(&mut self) -> &Standard {
        let assets = &self.assets;
        let standard = self.standard.get_or_insert_with(|| Standard::boot(assets));
        sweep(&standard.cluster);
        standard
    }

    /// The cluster that the tests of a group share, made as the first of them says.
    pub fn shared(&mut self, make: impl FnOnce(&Assets) -> Cluster) -> &Cluster {
        let assets = &self.assets;
        self.shared.get_or_insert_with(|| make(assets))
    }

    /// Ends the clusters that tests share.
    pub fn clear(&mut self) {
        self.standard = None;
        self.shared = None;
    }

    /// Says that a test could not be run for want of a program.
    pub fn skip(&mut self, why: String) {
        self.lacks(missing(why), false);
    }

    /// What was found; where it was not, the test is said not to have run.
    pub fn given<T>(&mut self, found: Result<T, Missing>) -> Option<T> {
        found.map_err(|missing| self.lacks(missing, false)).ok()
    }

    /// What was found; where it was not, the test is said to have run without.
    pub fn given_besides<T>(&mut self, found: Result<T, Missing>) -> Option<T> {
        found.map_err(|missing| self.lacks(missing, true)).ok()
    }

    fn lacks(&mut self, missing: Missing, is_part: bool) {
        self.gap = Some(Gap { missing, is_part });
    }
}

impl runner::Stage for Stage {
    fn take_gap(&mut self) -> Option<Gap> {
        self.gap.take()
    }

    fn clear(&mut self) {
        Self::clear(self);
    }
}

/// Why there is no Kubernetes to test on, or no program to test with.
pub fn missing(why: String) -> Missing {
    Missing {
        why,
        require: "SLICEGATE_REQUIRE_KUBERNETES",
    }
}

impl Standard {
    #[track_caller]
    fn boot(assets: &Assets) -> Self {
        let cluster = Cluster::boot(assets, WHOLE);
        let fleet = Fleet::of(&[
            ("whole-h100", fleet::WHOLE_H100, 2),
            ("whole-a10", fleet::WHOLE_A10, 1),
            ("mps-a100", fleet::MPS_A100, 2),
            ("mps-l40s", fleet::MPS_L40S, 2),
            ("turns-l4", fleet::TURNS_L4, 2),
            ("turns-a10g", fleet::TURNS_A10G, 1),
            ("sliced-a100", fleet::SLICED_A100, 2),
            ("silent", fleet::SILENT, 1),
        ]);
        let mut nodes = fleet.nodes();
        nodes.push(nameless());
        cluster.make_nodes(&nodes);
        cluster.make_namespaces(names::ALL);
        let webhook = Webhook::install(&cluster);
        Self {
            webhook,
            cluster,
            fleet,
        }
    }
}

/// A node with shares that lacks the label by which boundaries are kept apart.
fn nameless() -> Value {
    let mut node = fleet::MPS_A100.node("nameless");
    let labels = node["metadata"]["labels"].as_object_mut();
    let labels = labels.expect("labels");
    labels.remove("kubernetes.io/hostname");
    labels.insert(names::NAMELESS.to_owned(), json!("true"));
    node
}

/// Deletes everything that makes pods, and pods, and waits until they are gone.
#[track_caller]
pub fn sweep(cluster: &Cluster) {
    for collection in WORKLOADS {
        for object in cluster.list(collection) {
            let (group, kind) = collection.rsplit_once('/').expect("a path");
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            cluster.delete(&format!("{group}/namespaces/{namespace}/{kind}/{name}"));
        }
    }
    cluster.wait_for("the pods of other tests to be gone", seconds(30), || {
        let left = cluster.list("/api/v1/pods").len();
        (left == 0).then_some(()).ok_or(format!("{left} are left"))
    });
}

/// A pod with one container that has these limits, and no token, whose volume has another name each time.
pub fn pod(name: &str, limits: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"automountServiceAccountToken": false, "containers": [
            {"name": "main", "image": "example/app:1", "resources": {"limits": limits}}]}})
}
