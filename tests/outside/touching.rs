//! Where nothing touches GPUs nothing is found, over other people's manifests and over attacks and look-alikes.

use std::fs;
use std::path::Path;

use serde_json::Value;
use slicegate::config::documents;
use slicegate::engine::concerns_gpus;
use slicegate::facts::Pod;

use super::Outside;
use super::run::Review;

/// Whether a pod has a sign; none where it cannot be read.
fn touches(pod: &Value) -> Option<bool> {
    let text = pod.to_string();
    let read: Result<Pod<'_>, _> = serde_json::from_str(&text);
    read.ok().map(|pod| concerns_gpus(&pod))
}

/// Objects with a key that alone asks for nothing on their pods, so that they are judged to the end.
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
        pod["metadata"]["annotations"]["slicegate.dev/gpu-products"] = "".into();
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

pub fn nothing_is_found_where_nothing_of_the_corpus_touches_gpus(outside: &mut Outside) {
    let Some(corpus) = outside.corpus() else {
        return;
    };
    let review = corpus.review();
    let mut noticed = Noticed::new();
    for item in review.items().filter(|i| i["outcome"] != "skipped") {
        let path = item["podPath"].as_str().unwrap_or_default();
        if touches(&corpus.pod(item)) == Some(false) {
            noticed.add(corpus.object(item), path);
        }
    }
    assert!(noticed.count > 20, "only {} pods", noticed.count);
    noticed.review(&[]);
}

pub fn nothing_is_found_where_no_attack_and_no_ask_touches_gpus(outside: &mut Outside) {
    let (mut noticed, mut seen) = (Noticed::new(), 0);
    for name in ["acceptance/bypass.yaml", "acceptance/asks.yaml"] {
        let Some(path) = outside.find(name) else {
            return;
        };
        for pod in objects(&path) {
            seen += 1;
            if touches(&pod) == Some(false) {
                noticed.add(pod, "");
            }
        }
    }
    assert!(
        noticed.count > 0 && seen > 100,
        "{} of {seen}",
        noticed.count
    );
    noticed.review(&[]);
}

/// The pods of a list of cases.
fn objects(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the cases can be read");
    let input = documents::parse("cases", &text);
    let cases = input.documents.iter().flat_map(|d| d.value.as_array());
    let objects = cases.flatten().filter_map(|case| case.get("object"));
    objects.filter(|o| o["kind"] == "Pod").cloned().collect()
}
