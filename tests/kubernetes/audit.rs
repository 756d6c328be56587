//! What the API server recorded about a request: which webhooks changed what, and what they had to say.

use std::fs;

use serde_json::Value;

use super::cluster::Cluster;
use super::wait::seconds;

/// The record of a pod's creation.
pub struct Record(Value);

impl Record {
    /// Waits until it is written.
    #[track_caller]
    pub fn of(cluster: &Cluster, namespace: &str, name: &str) -> Self {
        let log = cluster.plane().audit_log();
        let what = format!("the audit log to tell of {namespace}/{name}");
        cluster.wait_for(&what, seconds(10), || {
            let text = fs::read_to_string(&log).map_err(|e| e.to_string())?;
            let records = text.lines().filter_map(|l| serde_json::from_str(l).ok());
            let found = records.into_iter().find(|record: &Value| {
                let about = &record["objectRef"];
                let asked = &record["requestObject"]["metadata"]["name"];
                about["namespace"] == namespace && asked == name && !is_dry_run(record)
            });
            found.map(Self).ok_or_else(|| "nothing".to_owned())
        })
    }

    /// An annotation, by its whole key.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0["annotations"][key].as_str()
    }

    /// What a webhook changed in a round, and None where it was not called in it or changed nothing.
    pub fn patch(&self, webhook: &str, round: u32) -> Option<Value> {
        let prefix = format!("patch.webhook.admission.k8s.io/round_{round}_");
        self.entries(&prefix, webhook)
            .map(|mut entry| entry["patch"].take())
    }

    /// Whether a webhook was called in a round.
    pub fn was_called(&self, webhook: &str, round: u32) -> bool {
        let prefix = format!("mutation.webhook.admission.k8s.io/round_{round}_");
        self.entries(&prefix, webhook).is_some()
    }

    fn entries(&self, prefix: &str, webhook: &str) -> Option<Value> {
        let annotations = self.0["annotations"].as_object()?;
        let ours = annotations
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let mut read = ours.filter_map(|(_, text)| serde_json::from_str(text.as_str()?).ok());
        read.find(|entry: &Value| entry["webhook"] == webhook)
    }
}

fn is_dry_run(record: &Value) -> bool {
    let uri = record["requestURI"].as_str().unwrap_or_default();
    uri.contains("dryRun=All")
}
