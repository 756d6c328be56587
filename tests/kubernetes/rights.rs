//! slicegate with the account of its manifests, and with nothing else, does all that it is told to do; and there is
//! nothing that it may do and does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::api::Api;
use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::opt_in::kubeconfig;
use super::replica::Replica;
use super::runner::note;
use super::stage::Stage;
use super::wait::seconds;

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/slicegate-system/deployments/slicegate";
const REMEMBERED: &str = "/api/v1/namespaces/slicegate-system/configmaps/slicegate-remembered";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/slicegate-system/leases/slicegate";

const ACCOUNT: &str = "system:serviceaccount:slicegate-system:slicegate";

/// Arguments of the Deployment that every process of the tests has.
const EVERY: [&str; 2] = ["serve", "--log-format=json"];
const SECRET: &str = "/api/v1/namespaces/slicegate-system/secrets/slicegate-tls";
const CLUSTER_QUOTAS: &str = "/apis/quota.openshift.io/v1/clusterresourcequotas";
const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

pub fn the_account_of_the_manifests_may_do_what_slicegate_does_and_nothing_else(stage: &mut Stage) {
    stage.clear();
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let folder = folder.display().to_string();
    cluster.kubectl.run(&["apply", "-f", &folder]).good();
    know_cluster_quotas(&cluster);
    let nodes = Fleet::of(&[("mps", fleet::MPS_A100, 1)]).nodes();
    cluster.create("/api/v1/nodes", &nodes[0]);
    let status = json!({"status": nodes[0]["status"]});
    cluster.change("/api/v1/nodes/mps-1/status", &status);

    let mut replica = as_deployed(&cluster);
    replica.wait_until_ready(&cluster);
    cluster.wait_for("the guard to be current", seconds(40), || {
        let is_current = replica.metric("slicegate_guard_current") == Some(1.0);
        is_current.then_some(()).ok_or_else(|| replica.tail())
    });
    assert!(cluster.get(LEASE)["spec"]["holderIdentity"].is_string());
    cluster.wait_for("the nodes to be written down", seconds(40), || {
        let answer = cluster.api().try_send("GET", REMEMBERED, None)?;
        let is_there = answer.is_good() && answer.body["data"].is_object();
        is_there.then_some(()).ok_or_else(|| replica.tail())
    });
    for kind in ["mutating", "validating"] {
        let path = format!("{REGISTRATIONS}/{kind}webhookconfigurations/slicegate");
        cluster.wait_for("the authority to be written", seconds(20), || {
            let bundle = cluster.get(&path)["webhooks"][0]["clientConfig"]["caBundle"].take();
            let kept = cluster.get(SECRET)["data"]["ca.crt"].take();
            let is_kept = bundle.is_string() && bundle == kept;
            is_kept.then_some(()).ok_or_else(|| replica.tail())
        });
    }
    use_the_rest(&cluster, &replica);
    let log = replica.log();
    let refused: Vec<&str> = log.lines().filter(|l| l.contains("orbidden")).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    replica.stop(&cluster);
    assert_eq!(
        cluster.get(LEASE)["spec"]["holderIdentity"],
        "",
        "given back"
    );
    let unused: Vec<Right> = allowed(&cluster)
        .difference(&used(&cluster))
        .cloned()
        .collect();
    assert!(unused.is_empty(), "nobody uses {unused:#?}");
}

/// OpenShift's quotas over several namespaces, which are watched where they are known.
#[track_caller]
fn know_cluster_quotas(cluster: &Cluster) {
    let names = json!({"kind": "ClusterResourceQuota", "plural": "clusterresourcequotas"});
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "clusterresourcequotas.quota.openshift.io"},
        "spec": {"group": "quota.openshift.io", "scope": "Cluster", "names": names,
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}});
    cluster.create(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        &definition,
    );
    cluster.wait_for("the kind to be served", seconds(20), || {
        let answer = cluster.api().try_send("GET", CLUSTER_QUOTAS, None)?;
        answer
            .is_good()
            .then_some(())
            .ok_or(answer.body.to_string())
    });
}

/// What it does not do by itself when it starts.
#[track_caller]
fn use_the_rest(cluster: &Cluster, replica: &Replica) {
    let policy = json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
        "metadata": {"name": "default"}, "spec": {"podOptOut": true}});
    let policies = "/apis/slicegate.dev/v1alpha1/sharingpolicies";
    cluster.create(policies, &policy);
    cluster.wait_for("the status", seconds(20), || {
        let status = cluster.get(&format!("{policies}/default"))["status"].take();
        let is_there = status["conditions"][0]["status"] == "True";
        is_there.then_some(()).ok_or_else(|| replica.tail())
    });
    // An owner is told twice, and a namespace is asked for that nobody knows.
    let opt_in = json!({"metadata": {"annotations": {"slicegate.dev/mode": "enforce"}}});
    cluster.change("/api/v1/namespaces/default", &opt_in);
    let secret = cluster.get(SECRET);
    let authority = secret["data"]["ca.crt"].as_str().expect("an authority");
    let authority = STANDARD.decode(authority).expect("base64");
    let nobody = cluster.plane().authority.client("nobody", None);
    let api = Api::new(replica.port, &String::from_utf8_lossy(&authority), &nobody);
    let refused = |namespace: &str| {
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "namespace": namespace, "operation": "CREATE", "object": {
                "metadata": {"name": "a", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet",
                    "name": "owner", "uid": "1-2-3", "controller": true}]},
                "spec": {"containers": [{"name": "main",
                    "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}]}}}});
        let answer = api.send("POST", "/mutate", Some(&review));
        answer.body["response"]["allowed"] == false
    };
    cluster.wait_for("the opt-in to count", seconds(10), || {
        refused("default")
            .then_some(())
            .ok_or_else(|| replica.tail())
    });
    assert!(!refused("never-made"), "it said nothing");
    let quota = json!({"apiVersion": "quota.openshift.io/v1", "kind": "ClusterResourceQuota",
        "metadata": {"name": "teams"}, "spec": {
            "selector": {"labels": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}},
            "quota": {"hard": {"requests.nvidia.com/gpu": "4"}}}});
    cluster.create(CLUSTER_QUOTAS, &quota);
    cluster.wait_for("the quota to be warned of", seconds(10), || {
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "namespace": "default", "operation": "CREATE", "object": {
                "metadata": {"name": "a", "annotations": {"slicegate.dev/tier": "trusted-inference"}},
                "spec": {"containers": [{"name": "main",
                    "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}}}});
        let answer = api.send("POST", "/mutate", Some(&review));
        let warnings = answer.body["response"]["warnings"].to_string();
        let is_warned = warnings.contains("quota-escape");
        is_warned.then_some(()).ok_or(warnings)
    });
    let events = "/apis/events.k8s.io/v1/namespaces/default/events";
    cluster.wait_for("the owner to be told again", seconds(30), || {
        refused("default");
        let mut told = cluster.list(events);
        told.retain(|event| event["series"]["count"].as_u64() > Some(1));
        (!told.is_empty())
            .then_some(())
            .ok_or_else(|| replica.tail())
    });
    // A key that is spoilt is replaced.
    let spoilt = json!({"data": {"ca.key": STANDARD.encode("no key")}});
    cluster.change(SECRET, &spoilt);
    cluster.wait_for("another key", seconds(20), || {
        let key = cluster.get(SECRET)["data"]["ca.key"].take();
        (key != spoilt["data"]["ca.key"])
            .then_some(())
            .ok_or_else(|| replica.tail())
    });
}

/// Group, resource with its subresource, and verb.
type Right = (String, String, String);

/// What the account may do.
#[track_caller]
fn allowed(cluster: &Cluster) -> BTreeSet<Right> {
    const GROUP: &str = "/apis/rbac.authorization.k8s.io/v1";
    let roles = [
        cluster.get(&format!("{GROUP}/clusterroles/slicegate")),
        cluster.get(&format!(
            "{GROUP}/namespaces/slicegate-system/roles/slicegate"
        )),
    ];
    let words = |rule: &Value, field: &str| -> Vec<String> {
        serde_json::from_value(rule[field].clone()).expect("a list")
    };
    let mut rights = BTreeSet::new();
    for rule in roles
        .iter()
        .flat_map(|r| r["rules"].as_array().expect("rules"))
    {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    rights.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    rights
}

/// What the API server recorded that it did.
#[track_caller]
fn used(cluster: &Cluster) -> BTreeSet<Right> {
    let log = fs::read_to_string(cluster.plane().audit_log()).expect("an audit log");
    let records = log
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok());
    let mut rights = BTreeSet::new();
    for record in records.filter(|r| r["user"]["username"] == ACCOUNT) {
        let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let about = &record["objectRef"];
        let mut resource = of(&about["resource"]);
        if let Some(part) = about["subresource"].as_str() {
            resource = format!("{resource}/{part}");
        }
        let (group, verb) = (of(&about["apiGroup"]), of(&record["verb"]));
        // What is applied for the first time is created, and asks for both rights.
        if record["responseStatus"]["code"] == 201 {
            rights.insert((group.clone(), resource.clone(), "create".to_owned()));
        }
        rights.insert((group, resource, verb));
    }
    rights
}

/// A process with the Deployment's account and arguments.
#[track_caller]
pub fn as_deployed(cluster: &Cluster) -> Replica {
    let deployment = cluster.get(DEPLOYMENT);
    let spec = &deployment["spec"]["template"]["spec"];
    let account = spec["serviceAccountName"].as_str().expect("an account");
    let arguments = spec["containers"][0]["args"].as_array();
    let is_everywhere = |a: &&str| EVERY.contains(a);
    let arguments = arguments
        .expect("arguments")
        .iter()
        .filter_map(Value::as_str);
    let arguments = arguments.filter(|a| !is_everywhere(a));

    assert!(ACCOUNT.ends_with(&format!(":{account}")));
    let folder = tempfile::tempdir().expect("a folder");
    let flags: Vec<String> = arguments.map(str::to_owned).collect();
    if Replica::can_be_a_pod() {
        give(cluster, folder.path(), account);
        return Replica::as_a_pod(cluster, &flags, folder);
    }
    note("by a kubeconfig, not as a pod: this user may not mount anything");
    let kubeconfig = kubeconfig(cluster, folder.path(), ACCOUNT);
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    Replica::start(&[vec![kubeconfig], flags].concat(), folder)
}

/// What a kubelet gives a pod of an account.
#[track_caller]
pub fn give(cluster: &Cluster, folder: &Path, account: &str) {
    let path = format!("/api/v1/namespaces/slicegate-system/serviceaccounts/{account}/token");
    let asked = cluster.create(&path, &json!({"spec": {}}));
    let token = asked["status"]["token"].as_str().expect("a token");
    let authority = &cluster.plane().authority.pem;
    for (name, text) in [
        ("token", token),
        ("ca.crt", authority),
        ("namespace", "slicegate-system"),
    ] {
        fs::write(folder.join(name), text).expect("a file");
    }
}
