//! What serves the GPUs, as other people's manifests have it: left alone where it lives, judged like anybody elsewhere.

use std::path::Path;

use serde_json::Value;
use slicegate::config::documents;

use super::Outside;
use super::run::{Corpus, Review};

/// Device plugins, drivers, toolkits, exporters and validators, by the beginnings of their files' names.
const FILES: [&str; 6] = [
    "137-flyte-nvidia-device-plugin",
    "53",
    "54",
    "55",
    "56",
    "734-volcano-vgpu-device-plugin-volcano-device-plugin",
];

/// Namespaces that are never matched.
const OWN: [&str; 3] = ["gpu-operator", "kube-system", "slicegate-system"];

/// What does nothing but serve GPUs; pods that use one to test it are asks like any other.
fn objects(corpus: &Corpus) -> Vec<(String, Value)> {
    let is_ours = |name: &String| {
        let served = name.contains("nvidia") || name.contains("device-plugin");
        served && FILES.iter().any(|f| name.starts_with(f))
    };
    let mut objects = Vec::new();
    for name in corpus.files().into_iter().filter(is_ours) {
        let text = std::fs::read_to_string(corpus.folder.join(&name)).expect("the file");
        for document in documents::parse(&name, &text).documents {
            if document.value["kind"] == "DaemonSet" {
                objects.push((name.clone(), document.value));
            }
        }
    }
    objects
}

fn review_in(namespace: &str, objects: &[(String, Value)], folder: &Path) -> Review {
    for (index, (name, object)) in objects.iter().enumerate() {
        let mut object = object.clone();
        object["metadata"]["namespace"] = namespace.into();
        let path = folder.join(format!("{index:03}-{name}.json"));
        std::fs::write(path, object.to_string()).expect("the object is written");
    }
    Review::of(folder, &[])
}

pub fn what_serves_gpus_is_left_alone_in_its_own_namespaces(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let objects = objects(&corpus);
    assert!(objects.len() > 15, "only {} objects", objects.len());
    for namespace in OWN {
        let folder = tempfile::tempdir().expect("a folder");
        let review = review_in(namespace, &objects, folder.path());
        assert_eq!(review.status, 0, "{namespace}");
        assert_eq!(review.items().count(), objects.len(), "{namespace}");
        for item in review.items() {
            assert_eq!(item["outcome"], "untouched", "{item}");
            assert_eq!(item["findings"], Value::Array(Vec::new()), "{item}");
        }
    }
}

pub fn what_serves_gpus_is_judged_like_anybody_in_an_ordinary_namespace(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let objects = objects(&corpus);
    let folder = tempfile::tempdir().expect("a folder");
    let review = review_in("team-a", &objects, folder.path());
    let mut refused = 0;
    for item in review.items() {
        let reaches = reaches_out(&object(item, &objects));
        let denied = item["outcome"] == "denied";
        assert!(denied || !reaches, "{item}");
        assert_ne!(item["outcome"], "rewritten", "it asks for no GPU: {item}");
        refused += usize::from(denied);
    }
    assert!(refused > 10, "only {refused} were refused");
}

/// The object that an item is about, by the number in the name of its file.
fn object(item: &Value, objects: &[(String, Value)]) -> String {
    let file = super::run::file(item);
    let index: usize = file[..3].parse().expect("a number");
    objects[index].1.to_string()
}

/// Whether it certainly reaches past every request.
fn reaches_out(text: &str) -> bool {
    let all = r#"{"name":"NVIDIA_VISIBLE_DEVICES","value":"all"}"#;
    [
        all,
        "\"/var/lib/kubelet/device-plugins",
        "\"/run/nvidia/mps",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}
