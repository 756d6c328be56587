//! The SharingPolicies of a cluster: the one named `default` counts, and a bad one never replaces a good one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::policy::{self, PolicyErrors};
use crate::engine::Policy;

/// The name of the object that counts.
const DEFAULT: &str = "default";

/// Those that are there, each as JSON.
#[derive(Debug, Default)]
pub(super) struct Policies(BTreeMap<String, String>);

impl Policies {
    /// Takes in an object as it is now; its name, unless it is no such object.
    pub(super) fn put(&mut self, text: String) -> Result<String, serde_json::Error> {
        let name = name(&text)?;
        self.0.insert(name.clone(), text);
        Ok(name)
    }

    /// An object is gone.
    pub(super) fn remove(&mut self, text: &str) -> Result<String, serde_json::Error> {
        let name = name(text)?;
        self.0.remove(&name);
        Ok(name)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.values().cloned().collect()
    }

    /// What the one that counts says, without what the API server keeps beside it; the built-in one where it counts.
    pub(super) fn essence(&self) -> String {
        let text = self.0.get(DEFAULT);
        let Some(object) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return policy::DEFAULT_TEXT.to_owned();
        };
        let essence = json!({
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "metadata": {"name": DEFAULT},
            "spec": object["spec"],
        });
        essence.to_string()
    }

    /// The policy that counts: the object named `default`, or the built-in one where there is none.
    pub(super) fn in_force(&self) -> Result<Policy, PolicyErrors> {
        match self.0.get(DEFAULT) {
            Some(text) => read(text),
            None => policy::built_in(),
        }
    }
}

/// A policy as the cluster has it.
pub(super) fn read(text: &str) -> Result<Policy, PolicyErrors> {
    policy::read_object("SharingPolicy default", text)
}

fn name(text: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
    }
    let head: Head = serde_json::from_str(text)?;
    Ok(head.metadata.name)
}

#[cfg(test)]
mod tests {
    use super::Policies;

    fn object(name: &str, mode: &str) -> String {
        format!(
            r#"{{"apiVersion":"slicegate.dev/v1alpha1","kind":"SharingPolicy","metadata":{{"name":"{name}","uid":"1","generation":3,"managedFields":[{{}}]}},"spec":{{"mode":"{mode}"}},"status":{{"conditions":[]}}}}"#
        )
    }

    #[test]
    fn the_one_named_default_counts_and_without_it_the_built_in_one() {
        let mut policies = Policies::default();
        let mode = |policies: &Policies| policies.in_force().unwrap().mode.word();
        policies.put(object("other", "off")).unwrap();
        assert_eq!(mode(&policies), "enforce");
        policies.put(object("default", "dry-run")).unwrap();
        assert_eq!(mode(&policies), "dry-run");
        policies.put(object("default", "sometimes")).unwrap();
        assert!(policies.in_force().is_err());
        assert_eq!(policies.all().len(), 2);
        policies.remove(&object("default", "")).unwrap();
        assert_eq!(mode(&policies), "enforce");
        assert!(policies.put("{}".to_owned()).is_err());
    }
}
