//! The rights that slicegate's ServiceAccount needs, each with its reason: one table.

use serde_json::{Value, json};

use super::gathered::{Gathered, Right};
use super::settings::Settings;

/// When a right is needed.
type When = fn(&Settings) -> bool;

const NO_NODES_FILE: When = |s| !s.has("nodes");
const NO_NAMESPACES_FILE: When = |s| !s.has("namespaces");
const NO_POLICY_FILE: When = |s| !s.has("policy");
const TLS_SECRET: When = |s| s.has("tls-secret");
const KEEP_GUARD: When = |s| s.has("keep-guard");
const KEEP_RECORDS: When = |s| s.has("keep-records");
/// slicegate writes the status of a policy that it watches.
const KEEP_STATUS: When = |s| s.has("keep-records") && !s.has("policy");
const EVENTS: When = |s| s.has("events");
/// Replicas agree on the one that writes.
const WRITES: When = |s| s.has("keep-guard") || s.has("keep-records");

type Str = &'static str;
/// When, group and resource, in slicegate's namespace only, name of the only object, verbs, reason.
type Row = (When, (Str, Str), bool, Option<Str>, &'static [Str], Str);

const ADMISSION: &str = "admissionregistration.k8s.io";
const SLICEGATE: Option<&str> = Some("slicegate");
const KEEP: &[&str] = &["list", "create"];
/// One object of each kind stands for all of the guard.
const STAMP: Option<&str> = Some("slicegate-stamp");
const RECEIPT: Option<&str> = Some("slicegate-receipt");

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (NO_NAMESPACES_FILE, ("", "namespaces"), false, None, &["get", "list", "watch"], "to know which namespaces are enforced"),
    (NO_NAMESPACES_FILE, ("", "resourcequotas"), false, None, &["list", "watch"], "to warn where a quota stops counting"),
    (NO_NAMESPACES_FILE, ("quota.openshift.io", "clusterresourcequotas"), false, None, &["list", "watch"], "to warn where a quota over several namespaces stops counting"),
    (NO_NODES_FILE, ("", "nodes"), false, None, &["list", "watch"], "to know what the nodes hand out"),
    (NO_NODES_FILE, ("node.k8s.io", "runtimeclasses"), false, None, &["list", "watch"], "to know which pods run under NVIDIA's runtime"),
    (KEEP_RECORDS, ("", "configmaps"), true, Some("slicegate-remembered"), &["get", "patch"], "to remember the shapes of nodes that are gone"),
    (KEEP_RECORDS, ("", "configmaps"), true, None, &["create"], "to remember the shapes of nodes that are gone"),
    (NO_POLICY_FILE, ("slicegate.dev", "sharingpolicies"), false, None, &["list", "watch"], "to follow the policy"),
    (KEEP_STATUS, ("slicegate.dev", "sharingpolicies/status"), false, None, &["patch"], "to say whether a policy is accepted"),
    (TLS_SECRET, ("", "secrets"), true, Some("slicegate-tls"), &["get", "list", "watch", "update"], "to keep its certificate"),
    (TLS_SECRET, ("", "secrets"), true, None, &["create"], "to make its certificate"),
    (TLS_SECRET, (ADMISSION, "mutatingwebhookconfigurations"), false, SLICEGATE, &["get", "list", "watch", "patch"], "to have its certificate trusted"),
    (TLS_SECRET, (ADMISSION, "validatingwebhookconfigurations"), false, SLICEGATE, &["get", "list", "watch", "patch"], "to have its certificate trusted"),
    (KEEP_GUARD, (ADMISSION, "validatingwebhookconfigurations"), false, SLICEGATE, &["get"], "to keep the guard only while it is registered"),
    (KEEP_GUARD, (ADMISSION, "validatingadmissionpolicies"), false, None, KEEP, "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "validatingadmissionpolicies"), false, STAMP, &["patch"], "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "validatingadmissionpolicybindings"), false, None, KEEP, "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "validatingadmissionpolicybindings"), false, STAMP, &["patch"], "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "mutatingadmissionpolicies"), false, None, KEEP, "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "mutatingadmissionpolicies"), false, RECEIPT, &["patch"], "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "mutatingadmissionpolicybindings"), false, None, KEEP, "to keep the guard"),
    (KEEP_GUARD, (ADMISSION, "mutatingadmissionpolicybindings"), false, RECEIPT, &["patch"], "to keep the guard"),
    (EVENTS, ("events.k8s.io", "events"), false, None, &["create", "patch"], "to tell owners what became of their pods"),
    (WRITES, ("coordination.k8s.io", "leases"), true, SLICEGATE, &["get", "update"], "so that one replica writes at a time"),
    (WRITES, ("coordination.k8s.io", "leases"), true, None, &["create"], "so that one replica writes at a time"),
];

/// The rights that slicegate needs as it is set up; none if it asks the API server nothing.
pub fn rights(gathered: &Gathered) -> Vec<Right> {
    let settings = gathered.deployment.as_ref().ok().and_then(Option::as_ref);
    let settings = settings
        .map(Settings::of)
        .filter(Settings::asks_the_cluster);
    let Some(settings) = settings else {
        return Vec::new();
    };
    let mut rights: Vec<Right> = Vec::new();
    for &(applies, (group, resource), own_namespace, name, verbs, why) in TABLE {
        for &verb in verbs.iter().filter(|_| applies(&settings)) {
            let right = Right {
                group,
                resource,
                name,
                own_namespace,
                verb,
                why,
            };
            if !rights.iter().any(|r| Right { why, ..*r } == right) {
                rights.push(right);
            }
        }
    }
    rights
}

impl Right {
    /// The SubjectAccessReview for this right of a ServiceAccount.
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
        let dot = if self.group.is_empty() { "" } else { "." };
        let name = self.name.map_or(String::new(), |name| format!(" {name}"));
        let place = if self.own_namespace {
            " in its own namespace"
        } else {
            ""
        };
        format!("{}{dot}{}{name}{place}", self.resource, self.group)
    }
}
