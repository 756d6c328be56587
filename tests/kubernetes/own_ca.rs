//! Replicas keep an authority of their own: in a Secret of a real API server, which calls them all the time.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::controllers::certificate::Lifetimes;
use tempfile::TempDir;
use time::Duration as Long;

use super::certificates::Authority;
use super::certified::Replica;
use super::cluster::{Cluster, Namespace};
use super::control_plane::{Options, Parts};
use super::opt_in;
use super::stage::Stage;
use super::wait::seconds;

const BARE: Options = Options {
    plugins: "",
    parts: Parts::Api,
};

const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";
const KINDS: [(&str, &str); 2] = [
    ("MutatingWebhookConfiguration", "mutate"),
    ("ValidatingWebhookConfiguration", "validate"),
];
const SECRETS: &str = "/api/v1/namespaces/slicegate-system/secrets";
const SECRET: &str = "/api/v1/namespaces/slicegate-system/secrets/slicegate-tls";

/// Whose objects the webhooks are asked about.
const ASKED: Namespace = Namespace {
    name: "asked",
    annotations: &[],
    labels: &[],
};
const SYSTEM: Namespace = Namespace {
    name: "slicegate-system",
    annotations: &[],
    labels: &[],
};

/// What the ServiceAccount may do, as far as certificates need it.
const ROLES: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: replica}
rules:
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  resourceNames: [slicegate]
  verbs: [get, list, watch, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: replica}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: replica}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: replica}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: replica, namespace: slicegate-system}
rules:
- apiGroups: ['']
  resources: [secrets]
  resourceNames: [slicegate-tls]
  verbs: [get, list, watch, update]
- apiGroups: ['']
  resources: [secrets]
  verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: replica, namespace: slicegate-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: replica}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: replica}]
";

/// A cluster whose users have those rights.
struct Scene {
    cluster: Cluster,
    folder: TempDir,
    /// A bundle that is somebody else's.
    foreign: String,
}

impl Scene {
    #[track_caller]
    fn set(stage: &mut Stage) -> Self {
        stage.clear();
        let cluster = Cluster::boot(&stage.assets, BARE);
        cluster.make_namespaces([&ASKED, &SYSTEM]);
        cluster.kubectl.apply(ROLES);
        let folder = tempfile::tempdir().expect("a folder");
        opt_in::kubeconfig(&cluster, folder.path(), "replica");
        let foreign = STANDARD.encode(Authority::new().pem);
        Self {
            cluster,
            folder,
            foreign,
        }
    }

    fn replica(&self, lifetimes: Lifetimes) -> Replica {
        Replica::start(&self.folder.path().join("replica.kubeconfig"), lifetimes)
    }

    /// Registers one replica for each kind, behind a webhook that is somebody else's.
    #[track_caller]
    fn register(&self, replicas: &[Replica; 2]) {
        for ((kind, verb), replica) in KINDS.into_iter().zip(replicas) {
            let url = format!("https://127.0.0.1:{}/{verb}", replica.port);
            let own = webhook(&format!("{verb}.slicegate.dev"), &json!({"url": url}));
            let foreign =
                json!({"service": {"namespace": "a", "name": "b"}, "caBundle": self.foreign});
            let mut foreign = webhook("foreign.webhook.example", &foreign);
            foreign["failurePolicy"] = "Ignore".into();
            foreign["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] =
                "nowhere".into();
            let object = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
                "metadata": {"name": "slicegate"}, "webhooks": [foreign, own]});
            self.cluster.create(&collection(kind), &object);
        }
    }

    /// What is registered, of both kinds.
    fn registered(&self) -> [Value; 2] {
        KINDS.map(|(kind, _)| self.cluster.get(&path(kind)))
    }

    fn bundles(&self) -> [String; 2] {
        self.registered().map(|object| bundle(&object).to_owned())
    }

    /// What the Secret says under a key.
    fn secret(&self, key: &str) -> String {
        let secret = self.cluster.get(SECRET);
        let value = secret["data"][key].as_str().unwrap_or_default();
        let bytes = STANDARD.decode(value).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    /// Has the API server ask both webhooks; hears why it could not.
    fn ask(&self) -> Result<(), String> {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "any"}});
        let path = "/api/v1/namespaces/asked/configmaps?dryRun=All";
        let answer = self.cluster.api().try_send("POST", path, Some(&object))?;
        answer
            .is_good()
            .then_some(())
            .ok_or(answer.body.to_string())
    }

    /// Waits until a call gets through that both replicas have answered. A call that gets through
    /// alone shows nothing: the API server takes a moment to see a new registration, and until then
    /// it asks nobody.
    #[track_caller]
    fn wait_until_both_are_asked(&self, replicas: &[Replica; 2]) {
        let calls = || replicas.each_ref().map(Replica::asked);
        self.cluster
            .wait_for("both webhooks to be asked", seconds(40), || {
                let before = calls();
                self.ask()?;
                let after = calls();
                let both = before
                    .iter()
                    .zip(&after)
                    .all(|(before, after)| after > before);
                both.then_some(())
                    .ok_or(format!("{before:?} calls, then {after:?}"))
            });
    }

    /// Asks for so long, or until there was something to see; every time has to be good.
    #[track_caller]
    fn keep_asking(&self, limit: Duration, mut seen: impl FnMut() -> bool) -> usize {
        let start = Instant::now();
        let mut asked = 0;
        while start.elapsed() < limit && !(asked % 10 == 0 && seen()) {
            let answer = self.ask();
            assert!(answer.is_ok(), "after {asked} good ones: {answer:?}");
            asked += 1;
        }
        asked
    }
}

fn collection(kind: &str) -> String {
    format!("{REGISTRATIONS}/{}s", kind.to_lowercase())
}

fn path(kind: &str) -> String {
    format!("{}/slicegate", collection(kind))
}

fn webhook(name: &str, client: &Value) -> Value {
    json!({"name": name, "clientConfig": client, "failurePolicy": "Fail", "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "timeoutSeconds": 5,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "asked"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
            "resources": ["configmaps"], "scope": "Namespaced"}]})
}

fn bundle(object: &Value) -> &str {
    let bundle = &object["webhooks"][1]["clientConfig"]["caBundle"];
    bundle.as_str().unwrap_or_default()
}

/// Lifetimes so short that an authority is replaced within half a minute.
fn short() -> Lifetimes {
    Lifetimes {
        authority: Long::seconds(30),
        serving: Long::seconds(12),
        announce: Long::seconds(5),
        settle: Long::seconds(2),
        skew: Long::seconds(2),
        gap: Long::seconds(1),
    }
}

pub fn two_replicas_make_one_authority_and_keep_what_api_servers_trust(stage: &mut Stage) {
    let scene = Scene::set(stage);
    let lifetimes = Lifetimes {
        announce: Long::seconds(2),
        settle: Long::seconds(20),
        skew: Long::seconds(1),
        ..Lifetimes::default()
    };
    let replicas = [scene.replica(lifetimes), scene.replica(lifetimes)];
    // Nobody calls them yet, so both show something at once.
    scene
        .cluster
        .wait_for("both to show something", seconds(20), || {
            let shown = replicas.iter().filter(|r| r.not_after().is_some()).count();
            (shown == 2).then_some(()).ok_or(format!("{shown} do"))
        });
    scene.register(&replicas);
    scene.wait_until_both_are_asked(&replicas);
    let secrets = scene.cluster.list(SECRETS);
    assert_eq!(secrets.len(), 1);
    let (secret, data) = (&secrets[0], secrets[0]["data"].as_object());
    assert_eq!(secret["type"], "Opaque");
    let keys: Vec<&String> = data.expect("data").keys().collect();
    assert_eq!(keys, ["ca.crt", "ca.key"]);
    let right = secret["data"]["ca.crt"].as_str().expect("a certificate");
    assert_eq!(scene.bundles(), [right, right]);

    // Somebody resets them while somebody else writes beside; both webhooks of others stay.
    let before = scene.registered();
    for (kind, _) in KINDS {
        let index = "/webhooks/1/clientConfig/caBundle";
        let patch = json!([{"op": "replace", "path": index, "value": scene.foreign}]);
        let patch = patch.to_string();
        let kind = kind.to_lowercase();
        let patch = ["patch", &kind, "slicegate", "--type=json", "-p", &patch];
        scene.cluster.kubectl.run(&patch).good();
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < seconds(2) {
            let note =
                json!({"metadata": {"annotations": {"test.example/count": count.to_string()}}});
            let path = format!("{REGISTRATIONS}/{kind}s/slicegate");
            scene.cluster.change(&path, &note);
            count += 1;
        }
        scene
            .cluster
            .wait_for("the bundle to be put back", seconds(4), || {
                let there = scene.bundles();
                (there == [right, right])
                    .then_some(())
                    .ok_or(there.concat())
            });
    }
    for (before, after) in before.iter().zip(&scene.registered()) {
        assert_eq!(before["webhooks"], after["webhooks"]);
    }
    scene.wait_until_both_are_asked(&replicas);
    // Where nothing is new, one that starts does not wait.
    std::thread::sleep(seconds(4));
    let third = scene.replica(lifetimes);
    scene
        .cluster
        .wait_for("another one to show something", seconds(10), || {
            third.not_after().map(drop).ok_or_else(String::new)
        });
    // They may not do more than they need.
    let run = scene.cluster.kubectl.run(&[
        "auth",
        "can-i",
        "get",
        "secrets/other",
        "-n",
        "slicegate-system",
        "--as=replica",
    ]);
    assert_eq!(run.out.trim(), "no");
}

pub fn authorities_are_replaced_while_every_call_gets_through(stage: &mut Stage) {
    let scene = Scene::set(stage);
    let replicas = [scene.replica(short()), scene.replica(short())];
    scene.register(&replicas);
    scene.wait_until_both_are_asked(&replicas);
    let mut signing = vec![scene.secret("ca.crt")];
    let (mut shown, mut most) = (Vec::new(), 0);
    let asked = scene.keep_asking(seconds(120), || {
        let now = scene.secret("ca.crt");
        if signing.last() != Some(&now) {
            signing.push(now);
        }
        shown.extend(replicas[0].not_after());
        shown.dedup();
        let trusted = STANDARD
            .decode(scene.bundles()[0].as_str())
            .expect("base64");
        let trusted = String::from_utf8(trusted).expect("text");
        most = most.max(trusted.matches("BEGIN").count());
        signing.len() > 2
    });
    assert_eq!(signing.len(), 3, "after {asked} calls");
    assert!(shown.len() > 3, "{shown:?}");
    assert!((2..=3).contains(&most), "{most} authorities at once");
    assert!(replicas.iter().all(|r| r.asked() >= asked));
}

pub fn a_secret_that_is_deleted_or_spoilt_is_made_anew_while_every_call_gets_through(
    stage: &mut Stage,
) {
    let scene = Scene::set(stage);
    let lifetimes = Lifetimes {
        serving: Long::seconds(20),
        settle: Long::seconds(2),
        announce: Long::seconds(5),
        skew: Long::seconds(2),
        ..Lifetimes::default()
    };
    let replicas = [scene.replica(lifetimes), scene.replica(lifetimes)];
    scene.register(&replicas);
    scene.wait_until_both_are_asked(&replicas);
    let garbage = json!({"data": {"ca.key": STANDARD.encode("no key")}});
    let spoil: [&dyn Fn(); 3] = [
        &|| scene.cluster.delete(SECRET),
        &|| drop(scene.cluster.change(SECRET, &garbage)),
        &|| drop(scene.cluster.change(SECRET, &json!({"data": null}))),
    ];
    let mut before = scene.secret("ca.crt");
    for spoil in spoil {
        spoil();
        scene.keep_asking(seconds(8), || false);
        let after = scene.secret("ca.crt");
        assert_ne!(after, before);
        assert!(scene.secret("previous-ca.crt").contains(&before));
        assert!(scene.secret("ca.key").contains("PRIVATE KEY"));
        before = after;
    }
    // What was signed by the old ones has ended long ago, and they go.
    let only = STANDARD.encode(&before);
    scene.keep_asking(seconds(50), || {
        scene.bundles() == [only.clone(), only.clone()]
    });
    assert_eq!(scene.bundles(), [only.clone(), only]);
}
