//! Where nothing touches GPUs nothing is found, over other people's manifests and over attacks and look-alikes.

use std::path::Path;

use serde_json::Value;
use slicegate::config::documents;
use slicegate::engine::touches_gpu;
use slicegate::facts::Pod;

use crate::run::{Corpus, Review};

/// Whether a pod has a sign; none where it cannot be read.
fn touches(pod: &Value) -> Option<bool> {
    let text = pod.to_string();
    let read: Result<Pod<'_>, _> = serde_json::from_str(&text);
    read.ok().map(|pod| touches_gpu(&pod))
}

/// Objects with a key that means nothing on their pods, so that they are judged to the end.
struct Noticed {
    folder: tempfile::TempDir,
    count: usize,
}

impl Noticed {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, count: 0 }
    }

    fn add(&mut self, mut object: Value, pod_path: &str) {
        let pod = object.pointer_mut(pod_path).expect("a pod");
        pod["metadata"]["annotations"]["slicegate.dev/means-nothing"] = "".into();
        let path = self.folder.path().join(format!("{:04}.json", self.count));
        std::fs::write(path, object.to_string()).expect("the object is written");
        self.count += 1;
    }

    /// Nothing is found in any of them.
    fn review(&self, args: &[&str]) {
        let review = Review::of(self.folder.path(), args);
        assert_eq!(review.items().count(), self.count);
        let found: Vec<String> = review
            .items()
            .filter(|i| i["outcome"] != "untouched" || i["findings"] != Value::Array(Vec::new()))
            .map(ToString::to_string)
            .collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn of_the_corpus() {
    let Some(corpus) = Corpus::find() else { return };
    let review = Review::of(&corpus.folder, &[]);
    let mut noticed = Noticed::new();
    for item in review.items().filter(|i| i["outcome"] != "skipped") {
        let path = item["podPath"].as_str().unwrap_or_default();
        if touches(&corpus.pod(item)) == Some(false) {
            noticed.add(corpus.object(item), path);
        }
    }
    println!("{} pods do not touch GPUs", noticed.count);
    assert!(noticed.count > 20, "only {} pods", noticed.count);
    noticed.review(&[]);
}

#[test]
fn of_attacks_and_asks() {
    let Some(corpus) = Corpus::find() else { return };
    let folder = corpus.folder.join("../../acceptance");
    let (mut noticed, mut seen) = (Noticed::new(), 0);
    for name in ["bypass.yaml", "asks.yaml"] {
        let Some(pods) = objects(&folder.join(name)) else {
            return;
        };
        for pod in pods {
            seen += 1;
            if touches(&pod) == Some(false) {
                noticed.add(pod, "");
            }
        }
    }
    println!("{} of {seen} pods do not touch GPUs", noticed.count);
    assert!(noticed.count > 0 && seen > 100);
    noticed.review(&[]);
}

/// The pods of a list of cases; none, and a notice, where there is no such file.
fn objects(path: &Path) -> Option<Vec<Value>> {
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("NOT RUN: no cases at {}", path.display());
        return None;
    };
    let input = documents::parse("cases", &text);
    let cases = input.documents.iter().flat_map(|d| d.value.as_array());
    let objects = cases.flatten().filter_map(|case| case.get("object"));
    Some(objects.filter(|o| o["kind"] == "Pod").cloned().collect())
}
