//! The doctor on a real cluster: nothing is wrong where nothing is, and what breaks is found where it is broken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::Authority;
use super::cluster::{Cluster, Namespace, pods_of};
use super::fleet::{self, Fleet};
use super::opt_in::{by, kubeconfig, slicegate};
use super::printed;
use super::stage::{Stage, WHOLE, pod};
use super::wait::seconds;
use super::webhook::Webhook;

const SYSTEM: &str = "slicegate-system";
const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1";

const GUARD: &str = "examples/guard/guard";

const TEAM: Namespace = Namespace {
    name: "team",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const OTHERS: Namespace = Namespace {
    name: "others",
    annotations: &[],
    labels: &[],
};

/// A cluster with slicegate in it. The server ends before the cluster does.
struct Installed {
    webhook: Webhook,
    cluster: Cluster,
}

impl Installed {
    /// Everything that is shipped, but for the server itself, which runs beside the cluster and is called by URL.
    #[track_caller]
    fn boot(stage: &mut Stage) -> Self {
        stage.clear();
        let cluster = Cluster::boot(&stage.assets, WHOLE);
        let fleet = Fleet::of(&[
            ("whole-a10", fleet::WHOLE_A10, 1),
            ("mps-l40s", fleet::MPS_L40S, 1),
            ("turns-l4", fleet::TURNS_L4, 1),
            ("sliced-a100", fleet::SLICED_A100, 1),
        ]);
        cluster.make_nodes(&fleet.nodes());
        cluster.make_namespaces([&TEAM, &OTHERS]);
        for file in [
            "webhook-config/00-namespace",
            "webhook-config/05-sharing-policy",
            "webhook-config/10-rbac",
            "webhook-config/15-quota",
            "webhook-config/30-deployment",
            "webhook-config/40-service",
            "webhook-config/60-doctor-role",
            GUARD,
            "examples/guard/guard-1.36",
        ] {
            apply(&cluster, file);
        }
        let webhook = Webhook::install(&cluster);
        let [ca, own] = webhook.certificates().map(|pem| STANDARD.encode(pem));
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "slicegate-tls"},
            "type": "kubernetes.io/tls",
            "data": {"ca.crt": ca, "tls.crt": own, "tls.key": own}});
        cluster.create(&format!("/api/v1/namespaces/{SYSTEM}/secrets"), &secret);
        let installed = Self { webhook, cluster };
        installed.until_well();
        installed
    }

    /// Waits until nothing fails.
    #[track_caller]
    fn until_well(&self) {
        self.cluster
            .wait_for("the doctor to find nothing wrong", seconds(60), || {
                let run = slicegate(&self.cluster, &["doctor"]);
                (run.status == 0).then_some(()).ok_or(run.out)
            });
    }

    /// Waits until a check says something, and returns its message.
    #[track_caller]
    fn until(&self, check: &str, status: &str, words: &str) {
        let what = format!("{check} to {status} with {words:?}");
        self.cluster.wait_for(&what, seconds(30), || {
            let run = slicegate(&self.cluster, &["doctor", "-o", "json"]);
            let report: Value =
                serde_json::from_str(&run.out).map_err(|e| format!("{e} {}", run.err))?;
            assert_eq!(run.status, i32::from(report["summary"]["fail"] != 0));
            let found = said(&report, check);
            let is = |c: &&Value| {
                c["status"] == status && c["message"].as_str().is_some_and(|m| m.contains(words))
            };
            let all = || serde_json::to_string_pretty(&report).unwrap_or_default();
            let found = found.iter().find(is).ok_or_else(all)?;
            assert!(found["fix"].is_string(), "{found}");
            Ok(())
        });
    }
}

/// What a check said.
#[track_caller]
fn said(report: &Value, check: &str) -> Vec<Value> {
    let all = report["checks"].as_array().expect("checks").iter();
    let found: Vec<Value> = all.filter(|c| c["id"] == check).cloned().collect();
    assert!(!found.is_empty(), "there is no check {check}");
    found
}

#[track_caller]
fn apply(cluster: &Cluster, file: &str) {
    let path = format!("{}/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
    cluster.kubectl.run(&["apply", "-f", &path]).good();
}

pub fn a_healthy_installation_fails_no_check_and_the_role_that_is_shipped_is_enough_to_see_it(
    stage: &mut Stage,
) {
    let installed = Installed::boot(stage);
    let cluster = &installed.cluster;
    let run = slicegate(cluster, &["doctor"]).good();
    assert!(
        run.out
            .starts_with("slicegate works here; the trust boundary is guaranteed"),
        "{}",
        run.out
    );
    let run = slicegate(cluster, &["doctor", "-o", "json"]).good();
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["verdict"]["works"], true);
    assert_eq!(report["verdict"]["boundary"], "guaranteed", "{}", run.out);
    // Its registration has a way around it for the tests, and the canary's namespace has no tier.
    let warned: Vec<&str> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|c| c["status"] != "ok")
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(
        warned,
        ["mutating-webhook", "validating-webhook", "namespace-tiers"],
        "{}",
        run.out
    );
    let pods = |namespace| cluster.pods(namespace).len();
    assert_eq!((pods("team"), pods("canary"), pods(SYSTEM)), (0, 0, 2));

    role(cluster);

    // Where nobody is enforced, a label that is refused everywhere shows who answers.
    for namespace in [TEAM.name, "canary"] {
        let off = [
            "annotate",
            "--overwrite",
            "namespace",
            namespace,
            "slicegate.dev/mode=off",
        ];
        cluster.kubectl.run(&off).good();
    }
    let run = slicegate(cluster, &["doctor"]).good();
    for words in [
        "  ok    Asked about pods    slicegate answered for a pod in canary (a dry run",
        "  warn  Enforced namespaces none is enforced, 0 in dry-run: slicegate changes no pod",
        // A rehearsal with a tier that these nodes serve.
        "  kubectl annotate --overwrite namespace NAMESPACE slicegate.dev/mode=dry-run slicegate.dev/tier=",
    ] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
}

/// Who has no rights is told what is missing, and the roles that are shipped are enough.
#[track_caller]
fn role(cluster: &Cluster) {
    let folder = tempfile::tempdir().expect("a folder");
    let alice = kubeconfig(cluster, folder.path(), "alice");
    let run = by(&alice, &["doctor"]);
    assert_eq!(run.status, 2, "nothing is known to be well: {}", run.out);
    assert!(run.out.lines().count() < 10, "{}", run.out);
    let words = "It could not be seen whether slicegate works here; it could not be seen whether";
    assert!(run.out.starts_with(words), "{}", run.out);
    // What it prints is run as it is printed.
    let mut lines = run.out.lines().map(str::trim);
    let command = lines
        .find_map(|l| l.strip_prefix("kubectl "))
        .expect("a command");
    let command: Vec<&str> = command.split(' ').collect();
    cluster.kubectl.run(&command).good();
    cluster.wait_for("the role to count", seconds(20), || {
        let run = by(&alice, &["doctor", "-o", "json"]);
        // The Secret holds a private key, and is not for everybody.
        let unseen = run.out.matches("not checked").count();
        let untried = run
            .out
            .matches("not tried: you may not create pods")
            .count();
        (unseen == 1 && untried == 2).then_some(()).ok_or(run.out)
    });
    for namespace in [SYSTEM, "team"] {
        let flags = [
            "create",
            "rolebinding",
            "try",
            "--clusterrole=slicegate-doctor-try",
        ];
        let more = ["--user=alice", "-n", namespace];
        cluster
            .kubectl
            .run(&[&flags[..], &more[..]].concat())
            .good();
    }
    cluster.wait_for("the role to count", seconds(20), || {
        let run = by(&alice, &["doctor"]);
        let is_well = run.status == 0 && !run.out.contains("not tried");
        is_well.then_some(()).ok_or(run.out)
    });
}

pub fn each_thing_that_breaks_is_found_on_its_own_line(stage: &mut Stage) {
    let installed = Installed::boot(stage);
    let cluster = &installed.cluster;

    let stamp = format!("{REGISTRATION}/validatingadmissionpolicies/slicegate-stamp");
    cluster.delete(&stamp);
    installed.until(
        "guard-objects",
        "fail",
        "1 object missing: ValidatingAdmissionPolicy slicegate-stamp",
    );
    apply(cluster, GUARD);
    let other = json!({"metadata": {"annotations": {"slicegate.dev/policy-hash": "other"}}});
    cluster.change(&stamp, &other);
    installed.until(
        "guard-objects",
        "fail",
        "of another policy than the one in force",
    );
    apply(cluster, GUARD);
    let binding = format!("{REGISTRATION}/validatingadmissionpolicybindings/slicegate-labels");
    cluster.change(&binding, &json!({"spec": {"validationActions": ["Audit"]}}));
    installed.until("guard-objects", "fail", "changed by hand");
    installed.until("guard-in-force", "fail", "bears a label of slicegate's");
    apply(cluster, GUARD);
    cluster.delete(&format!(
        "{REGISTRATION}/mutatingadmissionpolicybindings/slicegate-receipt"
    ));
    installed.until("guard-receipts", "fail", "forged stamp passes");
    apply(cluster, "examples/guard/guard-1.36");
    installed.until_well();

    cluster.create("/api/v1/nodes", &fleet::SILENT.node("silent"));
    installed.until(
        "gpu-nodes",
        "warn",
        "1 node (silent) cannot be used: no GFD labels",
    );
    cluster.delete("/api/v1/nodes/silent");
    let node = "/api/v1/nodes/mps-l40s-1";
    let hostname =
        |value: Value| json!({"metadata": {"labels": {"kubernetes.io/hostname": value}}});
    cluster.change(node, &hostname(Value::Null));
    installed.until(
        "node-labels",
        "warn",
        "1 node with shares (mps-l40s-1) without the label kubernetes.io/hostname",
    );
    cluster.change(node, &hostname("mps-l40s-1".into()));

    let quota = json!({"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"},
        "scopes": ["CrossNamespacePodAffinity"]}});
    let quotas = "/api/v1/namespaces/team/resourcequotas";
    cluster.create(quotas, &quota);
    installed.until(
        "affinity-quotas",
        "fail",
        "ResourceQuota none of team allows no pod",
    );
    cluster.delete(&format!("{quotas}/none"));

    closed(&installed);
    breach(cluster);
    installed.until(
        "breaches",
        "fail",
        "node mps-l40s-1 runs shared pods of 2 boundaries: others, team",
    );
    installed.until("uncovered-pods", "warn", "node-name: others/by-hand");
    cluster.delete(&format!("{}/by-hand", pods_of("others")));
    installed.until_well();

    rights(&installed);
    distrust(&installed);
    unreachable(installed, stage);
}

/// Namespaces in which no GPU pod can be created, as the API server finds it too.
#[track_caller]
fn closed(installed: &Installed) {
    let cluster = &installed.cluster;
    let annotate = |annotation: &str| {
        let annotate = ["annotate", "--overwrite", "namespace", "team", annotation];
        cluster.kubectl.run(&annotate).good();
    };
    for (annotation, words) in [
        (
            "slicegate.dev/tier=trusted-inferense",
            "not defined by policy default [tier-unknown]",
        ),
        ("slicegate.dev/allowed-tiers=gold", "[tier-not-allowed]"),
    ] {
        annotate(annotation);
        installed.until("closed-namespaces", "fail", words);
        cluster.wait_for("the pod to be refused", seconds(20), || {
            let dry = format!("{}?dryRun=All", pods_of("team"));
            let answer = cluster.try_create(&dry, &pod("plain", &json!({"nvidia.com/gpu": "1"})));
            (!answer.is_good())
                .then_some(())
                .ok_or("it was taken".to_owned())
        });
        let run = slicegate(cluster, &["adopt", "team"]);
        assert_eq!(run.status, 1, "{}", run.out);
        assert!(
            run.out
                .contains("team is closed: no GPU pod can be created there: "),
            "{}",
            run.out
        );
        annotate("slicegate.dev/tier=trusted-inference");
        annotate("slicegate.dev/allowed-tiers-");
    }
    installed.until_well();
}

/// What it does with its own account it may not do once somebody takes the binding away.
#[track_caller]
fn rights(installed: &Installed) {
    let cluster = &installed.cluster;
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/slicegate";
    cluster.delete(path);
    let words = "ServiceAccount slicegate may not list, watch nodes, which it needs to know";
    installed.until("rights", "fail", words);
    apply(cluster, "webhook-config/10-rbac");
    installed.until_well();
}

/// A share of a boundary, and one beside it that nobody was asked about.
#[track_caller]
fn breach(cluster: &Cluster) {
    cluster.create(
        &pods_of("team"),
        &pod("share", &json!({"nvidia.com/gpu": "1"})),
    );
    let bound = cluster.bound_pods("team", 1, |_| true);
    assert_eq!(bound[0]["spec"]["nodeName"], "mps-l40s-1");
    let mut named = pod("by-hand", &json!({"nvidia.com/gpu.shared": "1"}));
    named["spec"]["nodeName"] = "mps-l40s-1".into();
    cluster.create(&pods_of("others"), &named);
}

/// The API server is told to trust somebody else.
#[track_caller]
fn distrust(installed: &Installed) {
    let cluster = &installed.cluster;
    let [own, _] = installed.webhook.certificates();
    let trust = |pem: &str| {
        for kind in ["mutating", "validating"] {
            let path = format!("{REGISTRATION}/{kind}webhookconfigurations/slicegate");
            let mut object = cluster.get(&path);
            object["webhooks"][0]["clientConfig"]["caBundle"] = STANDARD.encode(pem).into();
            let answer = cluster.api().send("PUT", &path, Some(&object));
            assert!(answer.is_good(), "{}", answer.body);
        }
    };
    trust(&Authority::new().pem);
    installed.until(
        "certificate",
        "fail",
        "the webhooks do not trust the authority of Secret slicegate-tls",
    );
    installed.until("reached", "fail", "the guard refused it instead");
    trust(&own);
    installed.until_well();
}

/// slicegate ends; with it goes the registration's target, and then the guard.
#[track_caller]
fn unreachable(installed: Installed, stage: &Stage) {
    let Installed { webhook, cluster } = installed;
    drop(webhook);
    let doctor = |words: &str, verdict: &str| {
        cluster.wait_for(words, seconds(30), || {
            let run = slicegate(&cluster, &["doctor"]);
            let is = run.status == 1 && run.out.contains(words) && run.out.starts_with(verdict);
            is.then_some(()).ok_or(run.out)
        });
    };
    let closed = "slicegate does NOT work here; the trust boundary is guaranteed";
    doctor("the guard refused it", closed);
    for file in [GUARD, "examples/guard/guard-1.36"] {
        let path = format!("{}/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
        cluster.kubectl.run(&["delete", "-f", &path]).good();
    }
    let open = "slicegate does NOT work here; the trust boundary is NOT guaranteed";
    doctor("nobody answered", open);
    // Registered as it is shipped, the Service counts, and the authority that a running slicegate would fill in.
    for file in [
        "webhook-config/mutating-webhook",
        "webhook-config/validating-webhook",
    ] {
        let path = format!("{}/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
        cluster.kubectl.run(&["replace", "-f", &path]).good();
    }
    for words in [
        "  ok    Service             slicegate.slicegate-system.svc, port 443\n",
        "  ok    Endpoints           2 pods ready\n",
        "  ok    Mutating webhook    calls its Service",
        "  fail  Trusted authority   a webhook has no caBundle",
    ] {
        doctor(words, open);
    }
    printed::run_all(stage, &cluster, "mps-l40s-1");
}
