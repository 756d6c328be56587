//! The chart, rendered by Helm, is what the manifests are, whichever way to a certificate is chosen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chart_choices::CHOICES;
use super::helm::{Helm, chart, parse};
use super::stage::Stage;

/// Objects by kind, namespace and name.
pub type Objects = BTreeMap<String, Value>;

/// Names them.
#[track_caller]
pub fn by_name(objects: Vec<Value>) -> Objects {
    let mut named = Objects::new();
    for object in objects {
        let metadata = &object["metadata"];
        let key = format!(
            "{} {}/{}",
            object["kind"], metadata["namespace"], metadata["name"]
        );
        assert!(named.insert(key.clone(), object).is_none(), "two of {key}");
    }
    named
}

/// Both hold the same objects. The namespace is not the chart's: Helm keeps its own records in it.
#[track_caller]
fn assert_same(chart: Vec<Value>, manifests: Vec<Value>) {
    let (chart, mut manifests) = (by_name(chart), by_name(manifests));
    let namespace = manifests.remove("\"Namespace\" null/\"slicegate-system\"");
    assert!(namespace.is_some());
    let names = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&chart), names(&manifests));
    for (key, object) in &chart {
        assert_eq!(object, &manifests[key], "{key}");
    }
}

/// What the repository's folder of manifests holds.
#[track_caller]
fn manifests() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let mut objects = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "yaml") {
            objects.extend(parse(&fs::read_to_string(path).expect("text")));
        }
    }
    objects
}

/// What `kubectl apply -k` would apply.
#[track_caller]
fn built(stage: &Stage, folder: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let output = Command::new(&stage.assets.kubectl)
        .arg("kustomize")
        .arg(path)
        .output()
        .expect("kubectl runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    parse(&String::from_utf8_lossy(&output.stdout))
}

pub fn helm_finds_nothing_to_complain_of(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    let chart = chart();
    let lint = [
        "lint",
        "--strict",
        &chart,
        "-n",
        "slicegate-system",
        "-f",
        "-",
    ];
    for (name, values) in CHOICES {
        let linted = helm.run(&lint, values).good();
        let said = linted.out + &linted.err;
        let complaints = said.contains("[WARNING]") || said.contains("[ERROR]");
        assert!(!complaints, "{name}: {said}");
    }
}

pub fn the_chart_renders_what_the_manifests_hold_and_nothing_else(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    assert_same(helm.objects(""), manifests());
    assert_same(helm.objects(""), built(stage, "webhook-config"));
}

pub fn each_way_to_a_certificate_is_the_same_in_the_chart(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    let rendered = helm.objects("certificates: {mode: cert-manager}");
    assert_same(rendered, built(stage, "certs/cert-manager"));

    // One's own: what is applied is the folder, and then what slicegate prints.
    let output = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .arg("certs")
        .output()
        .expect("the binary runs");
    let mut printed = parse(&String::from_utf8_lossy(&output.stdout));
    let secret = printed.remove(0);
    let authority = secret["data"]["ca.crt"].as_str().expect("an authority");
    let authority = STANDARD.decode(authority).expect("base64");
    let authority = String::from_utf8(authority).expect("PEM");
    let files = json!({"secretName": secret["metadata"]["name"], "caBundle": authority});
    let values = json!({"certificates": {"mode": "files", "files": files}}).to_string();
    let mut applied = built(stage, "certs/files");
    applied.extend(printed);
    assert_same(helm.objects(&values), applied);
}
