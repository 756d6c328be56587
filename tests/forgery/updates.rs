//! Updates of live pods: what keeps boundaries apart stays, and everything else is let through.

use serde_json::{Value, json};

use super::scene::{SHARED, confirm, create, gpu_pod, plain_pod, report, update, with};

const RULE: &str = "protected-metadata";

/// A namespace that is off, one in dry-run, and one that is never matched.
const OFF: &str = "plain";
const DRY: &str = "preview";
const NEVER: &str = "kube-system";

fn live() -> Value {
    let pod = create(SHARED, &gpu_pod()).pod.expect("it is admitted");
    assert!(confirm(SHARED, &pod).allowed);
    with(
        pod,
        &json!({"spec": {"nodeName": "mps-a100"}, "metadata": {"uid": "1"}}),
    )
}

fn labels(labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}})
}

fn annotations(annotations: &Value) -> Value {
    json!({"metadata": {"annotations": annotations}})
}

/// A live pod's metadata without one key.
fn without(mut pod: Value, list: &str, key: &str) -> Value {
    let entries = pod["metadata"][list].as_object_mut().expect("a map");
    entries.shift_remove(key).expect("it was there");
    pod
}

fn attacks() -> Vec<(&'static str, Value, Value)> {
    let live = live();
    let changed = |more: Value| with(live.clone(), &more);
    let mut all = Vec::new();
    for key in ["trust-boundary", "strategy", "mps-user"] {
        let key = format!("slicegate.dev/{key}");
        all.push((
            "a label changes",
            live.clone(),
            changed(labels(&json!({&key: "team-c"}))),
        ));
        all.push((
            "a label is emptied",
            live.clone(),
            changed(labels(&json!({&key: ""}))),
        ));
        all.push((
            "a label goes",
            live.clone(),
            without(live.clone(), "labels", &key),
        ));
        all.push((
            "a label comes",
            plain_pod(),
            with(plain_pod(), &labels(&json!({&key: "team-b"}))),
        ));
    }
    let receipt = "slicegate.dev/decision";
    let pairs = [
        (
            "the receipt changes",
            live.clone(),
            changed(annotations(&json!({receipt: "{}"}))),
        ),
        (
            "the receipt goes",
            live.clone(),
            without(live.clone(), "annotations", receipt),
        ),
        (
            "a receipt comes",
            gpu_pod(),
            with(gpu_pod(), &annotations(&json!({receipt: "{}"}))),
        ),
        ("all labels go", live.clone(), {
            let mut pod = live.clone();
            pod["metadata"]["labels"] = Value::Null;
            pod
        }),
        ("all metadata goes", live.clone(), {
            let mut pod = live.clone();
            pod["metadata"] = Value::Null;
            pod
        }),
        (
            "another's boundary is adopted",
            gpu_pod(),
            with(
                gpu_pod(),
                &labels(&json!({"slicegate.dev/trust-boundary": "team-c"})),
            ),
        ),
        (
            "more than the boundary is adopted",
            gpu_pod(),
            with(
                gpu_pod(),
                &labels(
                    &json!({"slicegate.dev/trust-boundary": "team-b", "slicegate.dev/strategy": "mps"}),
                ),
            ),
        ),
    ];
    all.extend(pairs);
    all
}

#[test]
fn labels_and_receipt_of_a_live_pod_cannot_be_touched_whatever_the_namespaces_mode() {
    let mut faults = Vec::new();
    for (what, before, after) in attacks() {
        for part in ["", "status"] {
            for namespace in [SHARED, OFF, DRY] {
                let answer = update(namespace, part, &before, &after);
                if !answer.is_refused_by(RULE) {
                    faults.push(format!(
                        "{what} through pods/{part} in {namespace}: {answer:?}"
                    ));
                }
            }
            if !update(NEVER, part, &before, &after).allowed {
                faults.push(format!("{what} in {NEVER}"));
            }
        }
        let answer = update(SHARED, "", &Value::Null, &after);
        let has_any = after["metadata"]["labels"]
            .as_object()
            .is_some_and(|l| !l.is_empty());
        if has_any && answer.allowed {
            faults.push(format!("{what}, with nothing known before"));
        }
    }
    report(&faults);
}

#[test]
fn annotations_that_inject_cannot_be_added_or_changed_where_it_is_enforced() {
    for key in [
        "nvidia.cdi.k8s.io/container.main",
        "devices.nri.io",
        "cdi.k8s.io/x",
        "nvidia.com/container.main.gpus.devices",
        "hami.io/vgpu-devices-to-allocate",
        "tensor-fusion.ai/gpu-ids",
        "volcano.sh/devices-to-allocate",
        "platform-runtime-path.crio.io",
        "org.systemd.property.DeviceAllow",
        "scheduling.koordinator.sh/device-allocated",
    ] {
        let one = with(live(), &annotations(&json!({key: "nvidia.com/gpu=0"})));
        let two = with(live(), &annotations(&json!({key: "nvidia.com/gpu=all"})));
        for part in ["", "status"] {
            assert!(
                update(SHARED, part, &live(), &one).is_refused_by(RULE),
                "{key}"
            );
            assert!(
                update(SHARED, part, &one, &two).is_refused_by(RULE),
                "{key}"
            );
            assert!(update(SHARED, part, &one, &one).allowed, "{key} stays");
            assert!(update(SHARED, part, &one, &live()).allowed, "{key} goes");
            assert!(
                update(OFF, part, &live(), &one).allowed,
                "{key} where it is off"
            );
            let rehearsed = update(DRY, part, &live(), &one);
            assert!(
                rehearsed.allowed && rehearsed.warns_of(RULE),
                "{rehearsed:?}"
            );
        }
    }
}

#[test]
fn volcanos_scheduler_may_write_on_pods_that_ask_for_its_own_resources() {
    let mut before = plain_pod();
    before["spec"]["containers"][0]["resources"] =
        json!({"limits": {"volcano.sh/vgpu-number": "1"}});
    let devices = |key: &str| annotations(&json!({key: "GPU-0,NVIDIA,1024,0:"}));
    let after = with(before.clone(), &devices("volcano.sh/vgpu-ids-new"));
    assert!(update(SHARED, "", &before, &after).allowed);
    let after = with(before.clone(), &devices("hami.io/vgpu-devices-to-allocate"));
    assert!(update(SHARED, "", &before, &after).is_refused_by(RULE));
}

#[test]
fn whatever_else_changes_is_let_through() {
    let live = live();
    let mut faults = Vec::new();
    for (what, part, more) in [
        ("a label of the user's", "", labels(&json!({"app": "x"}))),
        (
            "an ask, which means nothing now",
            "",
            annotations(&json!({"slicegate.dev/gpu-memory": "80Gi"})),
        ),
        (
            "a finalizer",
            "",
            json!({"metadata": {"finalizers": ["example.com/f"]}}),
        ),
        (
            "a deletion",
            "",
            json!({"metadata": {"deletionTimestamp": "2026-11-22T10:00:00Z"}}),
        ),
        (
            "a toleration",
            "",
            json!({"spec": {"tolerations": [{"operator": "Exists"}]}}),
        ),
        (
            "an image",
            "",
            json!({"spec": {"containers": [{"name": "main", "image": "x:2"}]}}),
        ),
        (
            "a kubelet's report",
            "status",
            json!({"status": {"phase": "Running"}}),
        ),
        (
            "a scheduler's word",
            "status",
            json!({"status": {"nominatedNodeName": "mps-a100"}}),
        ),
        ("a resize", "resize", labels(&json!({}))),
    ] {
        let after = with(live.clone(), &more);
        for namespace in [SHARED, OFF, DRY, NEVER] {
            let answer = update(namespace, part, &live, &after);
            if !answer.allowed || !answer.warnings.is_empty() {
                faults.push(format!("{what} in {namespace}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn a_gpu_pod_that_ran_before_may_be_given_the_label_of_its_own_boundary() {
    let adopted = |boundary: &str| labels(&json!({"slicegate.dev/trust-boundary": boundary}));
    let after = with(gpu_pod(), &adopted(SHARED));
    assert!(update(SHARED, "", &gpu_pod(), &after).allowed);
    let part = annotations(&json!({"slicegate.dev/trust-boundary": "secret"}));
    let before = with(gpu_pod(), &part);
    let after = with(before.clone(), &adopted("team-b.secret"));
    assert!(update(SHARED, "", &before, &after).allowed);
    let again = with(after.clone(), &adopted(SHARED));
    assert!(update(SHARED, "", &after, &again).is_refused_by(RULE));
}
