//! What slicegate's identity has to be allowed, each right with its reason: one table.

use serde_json::{Value, json};

use super::assessment::Assessment;
use super::gathered::Right;
use super::settings::Settings;

/// Which way of running slicegate needs a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    NoNodesFile,
    NoNamespacesFile,
    NoPolicyFile,
    TlsSecret,
    KeepGuard,
    KeepRecords,
    /// Both at once: the status of a policy that is watched.
    KeepStatus,
    Events,
    /// Replicas agree on who writes.
    Writes,
}

impl When {
    fn applies(self, settings: &Settings) -> bool {
        match self {
            Self::NoNodesFile => !settings.has("nodes"),
            Self::NoNamespacesFile => !settings.has("namespaces"),
            Self::NoPolicyFile => !settings.has("policy"),
            Self::TlsSecret => settings.has("tls-secret"),
            Self::KeepGuard => settings.has("keep-guard"),
            Self::KeepRecords => settings.has("keep-records"),
            Self::KeepStatus => {
                Self::KeepRecords.applies(settings) && Self::NoPolicyFile.applies(settings)
            }
            Self::Events => settings.has("events"),
            Self::Writes => {
                Self::KeepGuard.applies(settings) || Self::KeepRecords.applies(settings)
            }
        }
    }
}

/// When, what, in its own namespace, one object, verbs, why.
type Row = (
    When,
    (&'static str, &'static str),
    bool,
    Option<&'static str>,
    &'static [&'static str],
    &'static str,
);

const ADMISSION: &str = "admissionregistration.k8s.io";
const SLICEGATE: Option<&str> = Some("slicegate");
const KEEP: &[&str] = &["list", "create"];
/// One of each kind stands for all of the guard.
const STAMP: Option<&str> = Some("slicegate-stamp");
const RECEIPT: Option<&str> = Some("slicegate-receipt");

/// Every right, and when it is needed.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    (When::NoNamespacesFile, ("", "namespaces"), false, None, &["get", "list", "watch"], "to know which namespaces are enforced"),
    (When::NoNamespacesFile, ("", "resourcequotas"), false, None, &["list", "watch"], "to warn where a quota stops counting"),
    (When::NoNamespacesFile, ("quota.openshift.io", "clusterresourcequotas"), false, None, &["list", "watch"], "to warn where a quota over several namespaces stops counting"),
    (When::NoNodesFile, ("", "nodes"), false, None, &["list", "watch"], "to know what the nodes hand out"),
    (When::NoNodesFile, ("node.k8s.io", "runtimeclasses"), false, None, &["list", "watch"], "to know which pods run under NVIDIA's runtime"),
    (When::KeepRecords, ("", "configmaps"), true, Some("slicegate-remembered"), &["get", "patch"], "to remember the shapes of nodes that are gone"),
    (When::KeepRecords, ("", "configmaps"), true, None, &["create"], "to remember the shapes of nodes that are gone"),
    (When::NoPolicyFile, ("slicegate.dev", "sharingpolicies"), false, None, &["list", "watch"], "to follow the policy"),
    (When::KeepStatus, ("slicegate.dev", "sharingpolicies/status"), false, None, &["patch"], "to say whether a policy is accepted"),
    (When::TlsSecret, ("", "secrets"), true, Some("slicegate-tls"), &["get", "list", "watch", "update"], "to keep its certificate"),
    (When::TlsSecret, ("", "secrets"), true, None, &["create"], "to make its certificate"),
    (When::TlsSecret, (ADMISSION, "mutatingwebhookconfigurations"), false, SLICEGATE, &["get", "list", "watch", "patch"], "to have its certificate trusted"),
    (When::TlsSecret, (ADMISSION, "validatingwebhookconfigurations"), false, SLICEGATE, &["get", "list", "watch", "patch"], "to have its certificate trusted"),
    (When::KeepGuard, (ADMISSION, "validatingwebhookconfigurations"), false, SLICEGATE, &["get"], "to keep the guard only while it is registered"),
    (When::KeepGuard, (ADMISSION, "validatingadmissionpolicies"), false, None, KEEP, "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "validatingadmissionpolicies"), false, STAMP, &["patch"], "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "validatingadmissionpolicybindings"), false, None, KEEP, "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "validatingadmissionpolicybindings"), false, STAMP, &["patch"], "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "mutatingadmissionpolicies"), false, None, KEEP, "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "mutatingadmissionpolicies"), false, RECEIPT, &["patch"], "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "mutatingadmissionpolicybindings"), false, None, KEEP, "to keep the guard"),
    (When::KeepGuard, (ADMISSION, "mutatingadmissionpolicybindings"), false, RECEIPT, &["patch"], "to keep the guard"),
    (When::Events, ("events.k8s.io", "events"), false, None, &["create", "patch"], "to tell owners what became of their pods"),
    (When::Writes, ("coordination.k8s.io", "leases"), true, SLICEGATE, &["get", "update"], "so that one replica writes at a time"),
    (When::Writes, ("coordination.k8s.io", "leases"), true, None, &["create"], "so that one replica writes at a time"),
];

/// Those that apply here; none where it asks the API server nothing.
pub(super) fn needed(assessment: &Assessment<'_>) -> Vec<Right> {
    let Some(settings) = assessment.known_settings().filter(|s| s.asks_the_cluster()) else {
        return Vec::new();
    };
    let rows = TABLE.iter().filter(|(when, ..)| when.applies(settings));
    let mut rights: Vec<Right> = Vec::new();
    for (_, (group, resource), own_namespace, name, verbs, why) in rows {
        for verb in *verbs {
            let right = Right {
                group,
                resource,
                name: *name,
                own_namespace: *own_namespace,
                verb,
                why,
            };
            let same = |r: &Right| Right { why, ..*r } == right;
            if !rights.iter().any(same) {
                rights.push(right);
            }
        }
    }
    rights
}

impl Right {
    /// The SubjectAccessReview that asks for it.
    pub fn question(&self, account: &str, namespace: &str) -> Value {
        let (resource, sub) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{namespace}:{account}"),
                "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
                "resourceAttributes": {
                    "group": self.group,
                    "resource": resource,
                    "subresource": sub,
                    "verb": self.verb,
                    "name": self.name.unwrap_or_default(),
                    "namespace": if self.own_namespace { namespace } else { "" },
                },
            },
        })
    }

    /// `leases.coordination.k8s.io slicegate in its own namespace`.
    pub(super) fn object(&self) -> String {
        let mut text = self.resource.to_owned();
        if !self.group.is_empty() {
            text = format!("{text}.{}", self.group);
        }
        if let Some(name) = self.name {
            text = format!("{text} {name}");
        }
        if self.own_namespace {
            text.push_str(" in its own namespace");
        }
        text
    }
}
