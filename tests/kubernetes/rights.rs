//! slicegate with the account of its manifests, and with nothing else, does all that it is told to do.

use std::path::Path;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::opt_in::kubeconfig;
use super::replica::Replica;
use super::stage::Stage;
use super::wait::seconds;

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/slicegate-system/deployments/slicegate";
const REMEMBERED: &str = "/api/v1/namespaces/slicegate-system/configmaps/slicegate-remembered";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/slicegate-system/leases/slicegate";

/// Arguments of the Deployment that every process of the tests has.
const EVERY: [&str; 2] = ["serve", "--log-format=json"];
const SECRET: &str = "/api/v1/namespaces/slicegate-system/secrets/slicegate-tls";
const REGISTRATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

pub fn the_account_of_the_manifests_may_do_what_slicegate_does(stage: &mut Stage) {
    stage.clear();
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let folder = folder.display().to_string();
    cluster.kubectl.run(&["apply", "-f", &folder]).good();
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
    let log = replica.log();
    let refused: Vec<&str> = log.lines().filter(|l| l.contains("orbidden")).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    replica.stop(&cluster);
    assert_eq!(
        cluster.get(LEASE)["spec"]["holderIdentity"],
        "",
        "given back"
    );
}

/// A process with the Deployment's account and arguments.
#[track_caller]
fn as_deployed(cluster: &Cluster) -> Replica {
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

    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("system:serviceaccount:slicegate-system:{account}");
    let kubeconfig = kubeconfig(cluster, folder.path(), &name);
    let mut flags = vec![format!("--kubeconfig={}", kubeconfig.display())];
    flags.extend(arguments.map(str::to_owned));
    Replica::start(&flags, folder)
}
