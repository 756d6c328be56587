//! Finds the corpus and runs the built binary over it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use slicegate::config::documents;

/// The folder of manifests.
pub struct Corpus {
    /// Where they are.
    pub folder: PathBuf,
}

impl Corpus {
    /// In that folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All of it under the built-in policy and the assumed fleet, reviewed once for all tests.
    pub fn review(&self) -> &'static Review {
        static REVIEW: OnceLock<Review> = OnceLock::new();
        REVIEW.get_or_init(|| Review::of(&self.folder, &[]))
    }

    /// The names of all files.
    pub fn files(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(&self.folder).expect("the corpus can be listed");
        entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    /// The object an item of a report is about, read anew.
    pub fn object(&self, item: &Value) -> Value {
        let text =
            std::fs::read_to_string(item["source"].as_str().expect("a source")).expect("the file");
        let input = documents::parse("corpus", &text);
        let index = item["document"].as_u64().expect("an index");
        let position = item.get("item").and_then(Value::as_u64);
        let documents = input.documents.into_iter();
        let mut own =
            documents.filter(|d| d.index as u64 == index && d.item.map(|i| i as u64) == position);
        own.next().expect("the document is still there").value
    }

    /// Its pod or template.
    pub fn pod(&self, item: &Value) -> Value {
        let path = item["podPath"].as_str().unwrap_or_default();
        self.object(item).pointer(path).cloned().unwrap_or_default()
    }

    /// The object with the item's patch applied.
    pub fn patched(&self, item: &Value) -> Result<Value, String> {
        let patch: json_patch::Patch =
            serde_json::from_value(item["patch"].clone()).map_err(|e| e.to_string())?;
        let mut object = self.object(item);
        let path = item["podPath"].as_str().unwrap_or_default();
        let pod = object.pointer_mut(path).ok_or("no pod there")?;
        json_patch::patch(pod, &patch).map_err(|e| e.to_string())?;
        Ok(object)
    }
}

/// The file name of an item's source.
pub fn file(item: &Value) -> &str {
    let source = item["source"].as_str().unwrap_or_default();
    source.rsplit('/').next().unwrap_or_default()
}

/// One run of `slicegate review`.
pub struct Review {
    /// The ReviewReport.
    pub report: Value,
    /// The exit status.
    pub status: i32,
}

impl Review {
    /// Reviews a folder.
    pub fn of(folder: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slicegate"));
        command
            .args(["review", "-o", "json", "-f"])
            .arg(folder)
            .args(args);
        for name in [
            "SLICEGATE_POLICY",
            "SLICEGATE_NODES",
            "SLICEGATE_NAMESPACES",
        ] {
            command.env_remove(name);
        }
        let output = command.output().expect("the binary runs");
        let status = output.status.code().expect("it ends by itself");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!((0..=2).contains(&status), "status {status}: {said}");
        let report =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
        Self { report, status }
    }

    /// One for each object.
    pub fn items(&self) -> impl Iterator<Item = &Value> {
        self.report["items"].as_array().into_iter().flatten()
    }
}
