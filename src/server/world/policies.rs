//! The SharingPolicies of a cluster: the one named `default` counts, and a bad one never replaces a good one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::policy::{self, PolicyErrors};
use crate::engine::Policy;

/// The name of the object that counts.
pub(in crate::server) const DEFAULT: &str = "default";

/// A SharingPolicy as it is in the cluster, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) struct PolicyObject {
    /// Its name.
    pub(in crate::server) name: String,
    /// The object as JSON.
    pub(in crate::server) text: String,
    /// Why it cannot be taken.
    pub(in crate::server) problem: Option<String>,
}

/// Those that are there.
#[derive(Debug, Default)]
pub(super) struct Policies(BTreeMap<String, PolicyObject>);

impl Policies {
    /// Takes in an object as it is now; its name, unless it is no such object.
    pub(super) fn put(&mut self, text: String) -> Result<String, serde_json::Error> {
        let name = name(&text)?;
        let problem = read(&text).err().map(|errors| errors.to_string());
        let object = PolicyObject {
            name: name.clone(),
            text,
            problem,
        };
        self.0.insert(name.clone(), object);
        Ok(name)
    }

    /// An object is gone.
    pub(super) fn remove(&mut self, text: &str) -> Result<String, serde_json::Error> {
        let name = name(text)?;
        self.0.remove(&name);
        Ok(name)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<PolicyObject> {
        self.0.values().cloned().collect()
    }

    /// What the one that counts says, without what the API server keeps beside it.
    pub(super) fn essence(&self) -> Option<String> {
        let object: Value = serde_json::from_str(&self.0.get(DEFAULT)?.text).ok()?;
        let essence = json!({
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "metadata": {"name": DEFAULT},
            "spec": object["spec"],
        });
        Some(essence.to_string())
    }

    /// The policy that counts: the object named `default`, or the built-in one where there is none.
    pub(super) fn in_force(&self) -> Result<Policy, PolicyErrors> {
        match self.0.get(DEFAULT) {
            Some(object) => read(&object.text),
            None => policy::built_in(),
        }
    }
}

/// A policy as the cluster has it.
pub(super) fn read(text: &str) -> Result<Policy, PolicyErrors> {
    policy::read("SharingPolicy", text)
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
        let all = policies.all();
        assert!(
            all[0].problem.as_ref().unwrap().contains("sometimes"),
            "{all:?}"
        );
        assert_eq!(all[1].problem, None);
        policies.remove(&object("default", "")).unwrap();
        assert_eq!(mode(&policies), "enforce");
        assert!(policies.put("{}".to_owned()).is_err());
    }
}
