//! What opting in means: enforce, dry-run and off, and how a refusal reads to the person who gets it.

use serde_json::{Value, json};

use super::audit::Record;
use super::cluster::pods_of;
use super::stage::{Stage, Standard, pod};
use super::wait::seconds;
use super::webhook;

/// Reaches for all GPUs, in two ways.
const ATTACK: &str = "
    spec:
      containers:
      - name: main
        image: example/app:1
        env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]
        resources: {limits: {nvidia.com/gpu: 1}}
      volumes: [{name: dev, hostPath: {path: /dev/nvidia0}}]
";

pub fn where_slicegate_is_off_pods_stay_byte_for_byte_as_without_it(stage: &mut Stage) {
    let standard = stage.standard();
    for limits in [
        json!({"nvidia.com/gpu": "1"}),
        json!({"nvidia.com/gpu.shared": "1"}),
    ] {
        let plain = created(standard, "unregistered", &pod("same", &limits));
        for namespace in ["explicitly-off", "unannotated"] {
            let seen = created(standard, namespace, &pod("same", &limits));
            assert_eq!(seen, plain, "in {namespace}");
        }
        for namespace in ["unregistered", "explicitly-off", "unannotated"] {
            standard
                .cluster
                .delete(&format!("{}/same", pods_of(namespace)));
        }
    }
}

pub fn dry_run_says_and_records_what_enforcing_would_do_and_does_nothing(stage: &mut Stage) {
    let standard = stage.standard();
    let one = pod("one", &json!({"nvidia.com/gpu": "1"}));
    let plain = created(standard, "unregistered", &one);
    let arguments = ["create", "-n", "rehearsal", "-o", "json", "-f", "-"];
    let run = standard
        .cluster
        .kubectl
        .run_with(&arguments, &one.to_string())
        .good();
    assert!(
        run.err
            .contains("Warning: slicegate dry-run: this pod would be given mig"),
        "{}",
        run.err
    );
    let seen = standard
        .cluster
        .get(&format!("{}/one", pods_of("rehearsal")));
    assert_eq!(comparable(seen)["metadata"], value(&plain)["metadata"]);
    let shown: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(comparable(shown), value(&plain));
    let record = Record::of(&standard.cluster, "rehearsal", "one");
    let key = format!("{}/dry-run", webhook::NAME);
    let said = record.annotation(&key).unwrap_or_default();
    assert!(said.contains("would be given mig"), "{said:?}");
}

pub fn dry_run_lets_an_attack_pass_and_says_that_it_would_be_refused(stage: &mut Stage) {
    let standard = stage.standard();
    let manifest = attack("Pod", "v1", "rehearsal");
    let run = standard
        .cluster
        .kubectl
        .run_with(&["create", "-f", "-"], &manifest)
        .good();
    assert!(
        run.err
            .contains("slicegate dry-run: this pod would be refused"),
        "{}",
        run.err
    );
    assert!(run.err.contains("visible-devices"), "{}", run.err);
}

pub fn a_refusal_is_one_short_line_and_then_every_rule_with_its_fix(stage: &mut Stage) {
    let standard = stage.standard();
    let manifest = attack("Pod", "v1", "inference");
    let run = standard
        .cluster
        .kubectl
        .run_with(&["create", "-f", "-"], &manifest);
    assert_eq!(run.status, 1, "{}", run.out);
    let (prefix, message) = run
        .err
        .split_once("denied the request: ")
        .expect("a refusal");
    let said = prefix.lines().last().unwrap_or_default();
    assert!(
        said.starts_with("Error from server (Forbidden): "),
        "{prefix}"
    );
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    assert!(
        first.starts_with("slicegate: ") && first.chars().count() <= 200,
        "{first}"
    );
    let rules: Vec<&str> = lines
        .filter_map(|l| l.strip_prefix('[')?.split(']').next())
        .collect();
    assert_eq!(rules, ["visible-devices", "host-device"], "{message}");
    assert_eq!(message.matches("; fix: ").count(), 2, "{message}");
    assert!(standard.cluster.pods("inference").is_empty());
}

pub fn a_deployment_whose_pods_are_refused_says_why_in_an_event(stage: &mut Stage) {
    let standard = stage.standard();
    let manifest = format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: attack, namespace: inference}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: attack}}}}
  template:
    metadata: {{labels: {{app: attack}}}}{ATTACK}"
    );
    standard.cluster.kubectl.apply(&manifest);
    standard
        .cluster
        .wait_for("an event of the ReplicaSet", seconds(20), || {
            let events = standard.cluster.list("/api/v1/namespaces/inference/events");
            let found = events.iter().any(|e| {
                let message = e["message"].as_str().unwrap_or_default();
                e["reason"] == "FailedCreate"
                    && e["involvedObject"]["kind"] == "ReplicaSet"
                    && message.contains("[visible-devices]")
                    && message.contains("[host-device]")
            });
            found
                .then_some(())
                .ok_or(format!("{} others", events.len()))
        });
}

pub fn a_server_side_dry_run_shows_the_rewrite_and_creates_nothing(stage: &mut Stage) {
    let standard = stage.standard();
    let one = pod("shown", &json!({"nvidia.com/gpu": "1"}));
    let arguments = [
        "create",
        "--dry-run=server",
        "-n",
        "inference",
        "-o",
        "json",
        "-f",
        "-",
    ];
    let run = standard
        .cluster
        .kubectl
        .run_with(&arguments, &one.to_string())
        .good();
    let shown: Value = serde_json::from_str(&run.out).expect("JSON");
    let limits = &shown["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!(*limits, json!({"nvidia.com/gpu.shared": "1"}));
    assert!(standard.cluster.pods("inference").is_empty());
}

pub fn a_namespace_that_opts_in_is_enforced_from_then_on(stage: &mut Stage) {
    let standard = stage.standard();
    let one = pod("one", &json!({"nvidia.com/gpu": "1"}));
    let path = format!("{}?dryRun=All", pods_of("joins"));
    let before = standard.cluster.create(&path, &one);
    assert!(!is_stamped(&before), "{before}");
    let annotate = [
        "annotate",
        "namespace",
        "joins",
        "slicegate.dev/mode=enforce",
    ];
    standard.cluster.kubectl.run(&annotate).good();
    let what = "a pod of the namespace to be stamped";
    standard.cluster.wait_for(what, seconds(20), || {
        // While one webhook knows it and the other does not, a pod may be refused for a moment.
        let after = standard.cluster.try_create(&path, &one).body;
        is_stamped(&after).then_some(()).ok_or(after.to_string())
    });
    let annotate = ["annotate", "namespace", "joins", "slicegate.dev/mode-"];
    standard.cluster.kubectl.run(&annotate).good();
    let what = "a pod of the namespace to be left alone";
    standard.cluster.wait_for(what, seconds(20), || {
        let after = standard.cluster.try_create(&path, &one);
        let is_left_alone = after.is_good() && !is_stamped(&after.body);
        is_left_alone.then_some(()).ok_or(after.body.to_string())
    });
}

fn is_stamped(pod: &Value) -> bool {
    let metadata = &pod["metadata"];
    metadata["labels"]["slicegate.dev/trust-boundary"] == metadata["namespace"]
        && metadata["annotations"]["slicegate.dev/decision"].is_string()
}

fn attack(kind: &str, version: &str, namespace: &str) -> String {
    let spec = ATTACK.replace("\n    ", "\n");
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: attack, namespace: {namespace}}}{spec}"
    )
}

/// Creates a pod without a warning, and returns the text of it, as far as the server does not make it up.
#[track_caller]
fn created(standard: &Standard, namespace: &str, pod: &Value) -> String {
    let answer = standard.cluster.try_create(&pods_of(namespace), pod);
    assert!(answer.is_good() && answer.warnings.is_empty(), "{answer:?}");
    comparable(answer.body).to_string()
}

fn comparable(mut pod: Value) -> Value {
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        for key in [
            "uid",
            "creationTimestamp",
            "resourceVersion",
            "namespace",
            "managedFields",
            "generation",
        ] {
            metadata.remove(key);
        }
    }
    pod
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
