//! Two replicas behind one address, while everything around them changes: no pod is refused that should not be, and
//! none comes in without its stamp.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::balancer::{Backend, Balancer};
use super::cluster::{Cluster, Namespace, pods_of};
use super::fleet::{self, Fleet};
use super::replica::Replica;
use super::runner::note;
use super::stage::{Stage, WHOLE, pod};
use super::wait::seconds;
use super::webhook::{self, CANARY};

const BUSY: Namespace = Namespace {
    name: "busy",
    annotations: &[("mode", "enforce"), ("tier", "batch")],
    labels: &[],
};

const SECRET: &str = "/api/v1/namespaces/slicegate-system/secrets/slicegate-tls";
const POLICIES: &str = "/apis/slicegate.dev/v1alpha1/sharingpolicies";
const GUARD: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

pub fn no_create_fails_and_none_is_unguarded_while_everything_is_renewed(stage: &mut Stage) {
    stage.clear();
    let mut scene = Scene::set(stage);
    let creator = Creator::start(&scene.cluster);
    creator.wait_for_more(&scene.cluster, 50);

    // A rolling update: one more, then one less, until none of the first is left.
    for number in 3..5 {
        scene.add(number);
        let before = scene.replicas.remove(0);
        before.stop(&scene.cluster);
    }
    creator.wait_for_more(&scene.cluster, 50);

    scene.change_the_policy();
    creator.wait_for_more(&scene.cluster, 50);

    // The authority is lost and made anew; nobody leads in that.
    let authority = scene.authority();
    scene.cluster.delete(SECRET);
    scene
        .cluster
        .wait_for("another authority", seconds(60), || {
            let now = scene.authority();
            let is_new = now.is_string() && now != authority;
            is_new.then_some(()).ok_or_else(|| scene.tails())
        });
    creator.wait_for_more(&scene.cluster, 100);

    // What an API server that restarts does not answer is no create.
    scene.cluster.plane_mut().stop_api();
    thread::sleep(seconds(2));
    scene.cluster.plane_mut().start_api();
    creator.wait_for_more(&scene.cluster, 100);

    let tried = creator.end();
    let wrong = &tried.wrong;
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", scene.tails());
    let count = tried.stamped;
    note(format!("{count} pods were created, each with its stamp"));

    // A replica is gone from one moment to the next, as with its node. Until that is known calls may end there: the
    // guard refuses those pods, and none comes in without a stamp.
    let creator = Creator::start(&scene.cluster);
    creator.wait_for_more(&scene.cluster, 20);
    drop(scene.replicas.remove(0));
    creator.wait_for_more(&scene.cluster, 50);
    let tried = creator.end();
    let is_the_guards = |wrong: &&String| wrong.contains("ValidatingAdmissionPolicy 'slicegate-");
    let others = tried.wrong.iter().filter(|w| !is_the_guards(w));
    let others: Vec<&String> = others.collect();
    assert!(others.is_empty(), "{others:#?}\n{}", scene.tails());
    let count = tried.wrong.len();
    note(format!(
        "{count} were refused by the guard when a replica died"
    ));
}

struct Scene {
    cluster: Cluster,
    balancer: Balancer,
    replicas: Vec<Replica>,
}

impl Scene {
    /// Two replicas with all that an installation keeps, and a guard that is in place.
    #[track_caller]
    fn set(stage: &mut Stage) -> Self {
        let cluster = Cluster::boot(&stage.assets, WHOLE);
        cluster.make_nodes(&Fleet::of(&[("mps", fleet::MPS_A100, 2)]).nodes());
        cluster.make_namespaces([&CANARY, &BUSY]);
        let system = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "slicegate-system"}});
        cluster.create("/api/v1/namespaces", &system);
        let definition =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config/05-sharing-policy.yaml");
        let definition = definition.display().to_string();
        cluster.kubectl.run(&["apply", "-f", &definition]).good();
        let balancer = Balancer::start();
        webhook::register_at(&cluster, balancer.port, None);
        let mut scene = Self {
            cluster,
            balancer,
            replicas: Vec::new(),
        };
        scene.add(1);
        scene.add(2);
        webhook::wait_until_asked(&scene.cluster, || scene.tails());
        scene.cluster.wait_for("the guard", seconds(40), || {
            let count = scene.cluster.list(GUARD).len();
            (count == 5).then_some(()).ok_or_else(|| scene.tails())
        });
        scene
    }

    /// One more replica, which is asked once it is ready.
    #[track_caller]
    fn add(&mut self, number: usize) {
        let kubeconfig = self.cluster.plane().kubeconfig.display();
        let flags = [
            format!("--kubeconfig={kubeconfig}"),
            format!("--identity=replica-{number}"),
            "--tls-secret=slicegate-tls".to_owned(),
            "--keep-guard".to_owned(),
            "--keep-records".to_owned(),
            "--events".to_owned(),
        ];
        let mut replica = Replica::start(&flags, tempfile::tempdir().expect("a folder"));
        replica.wait_until_ready(&self.cluster);
        let backend = Backend {
            port: replica.port,
            admin: replica.admin,
        };
        self.balancer.add(backend);
        self.replicas.push(replica);
        self.cluster
            .wait_for("the replica to be asked", seconds(10), || {
                let is_ready = self.balancer.is_ready(backend);
                is_ready.then_some(()).ok_or_else(|| self.tails())
            });
    }

    /// A policy of the cluster's own, then one that cannot be taken, then none.
    #[track_caller]
    fn change_the_policy(&self) {
        let policy = |spec: Value| {
            json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
                "metadata": {"name": "default"}, "spec": spec})
        };
        self.cluster
            .create(POLICIES, &policy(json!({"podOptOut": true})));
        self.wait_for_condition("True", "InForce");
        // The one thing about a duration that no schema says.
        let path = format!("{POLICIES}/default");
        let for_ever = json!({"spec": {"supply": {"remember": "9999999h"}}});
        self.cluster.change(&path, &for_ever);
        self.wait_for_condition("False", "Invalid");
        self.cluster.delete(&path);
    }

    #[track_caller]
    fn wait_for_condition(&self, status: &str, reason: &str) {
        let what = format!("the policy to be {reason}");
        self.cluster.wait_for(&what, seconds(20), || {
            let policy = self.cluster.get(&format!("{POLICIES}/default"));
            let condition = &policy["status"]["conditions"][0];
            let is = condition["status"] == status && condition["reason"] == reason;
            is.then_some(())
                .ok_or_else(|| format!("{condition}\n{}", self.tails()))
        });
    }

    /// What signs now, as the Secret has it.
    fn authority(&self) -> Value {
        let answer = self.cluster.api().send("GET", SECRET, None);
        answer.body["data"]["ca.crt"].clone()
    }

    fn tails(&self) -> String {
        self.replicas.iter().map(Replica::tail).collect()
    }
}

/// Creates pods one after another and looks at what comes back.
struct Creator {
    tried: Arc<Mutex<Tried>>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

#[derive(Clone, Debug, Default)]
struct Tried {
    stamped: usize,
    wrong: Vec<String>,
}

impl Creator {
    fn start(cluster: &Cluster) -> Self {
        static FIRST: AtomicUsize = AtomicUsize::new(0);
        let first = FIRST.fetch_add(100_000, Ordering::Relaxed);
        let tried: Arc<Mutex<Tried>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let (api, kept, ended) = (
            cluster.api().another(),
            Arc::clone(&tried),
            Arc::clone(&over),
        );
        let thread = thread::spawn(move || {
            for number in first.. {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                match create(&api, number) {
                    Some(Ok(())) => kept.lock().expect("a list").stamped += 1,
                    Some(Err(wrong)) => kept.lock().expect("a list").wrong.push(wrong),
                    None => thread::sleep(Duration::from_millis(100)),
                }
            }
        });
        Self {
            tried,
            over,
            thread,
        }
    }

    #[track_caller]
    fn wait_for_more(&self, cluster: &Cluster, count: usize) {
        let stamped = || self.tried.lock().expect("a list").stamped;
        let goal = stamped() + count;
        cluster.wait_for("more pods", seconds(60), || {
            let now = stamped();
            (now >= goal)
                .then_some(())
                .ok_or(format!("{now} of {goal}"))
        });
    }

    fn end(self) -> Tried {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        let tried = self.tried.lock().expect("a list");
        tried.clone()
    }
}

/// None where the API server does not answer, or says that it is starting itself.
fn create(api: &Api, number: usize) -> Option<Result<(), String>> {
    let name = format!("pod-{number}");
    let object = pod(&name, &json!({"nvidia.com/gpu": "1"}));
    let answer = api
        .try_send("POST", &pods_of(BUSY.name), Some(&object))
        .ok()?;
    if !answer.is_good() {
        let message = answer.message().to_owned();
        let is_starting = message.contains("not yet ready to handle request");
        return (!is_starting).then_some(Err(message));
    }
    let labels = &answer.body["metadata"]["labels"];
    let is_stamped = labels["slicegate.dev/trust-boundary"] == BUSY.name
        && labels["slicegate.dev/strategy"] == "mps";
    let path = format!("{}/{name}", pods_of(BUSY.name));
    let now = json!({"gracePeriodSeconds": 0});
    let _ = api.try_send("DELETE", &path, Some(&now));
    Some(
        is_stamped
            .then_some(())
            .ok_or_else(|| format!("{name} has no stamp: {labels}")),
    )
}
