//! The registration of the webhooks: which pods the API server asks slicegate about, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Service;
use crate::cel::relevance;
use crate::engine::ExcludedNamespaces;

/// How the API server comes to trust slicegate's certificate.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// slicegate writes the authority it keeps in its Secret, and a new one before that ends.
    Kept,
    /// cert-manager writes the authority of the Certificate of this name, in slicegate's namespace.
    CertManager(&'a str),
    /// The authority itself, as PEM.
    Authority(&'a str),
}

/// The MutatingWebhookConfiguration: slicegate chooses and rewrites when a pod is created, and hides the node's GPUs from
/// ephemeral containers.
///
/// `failurePolicy: Ignore`: pods that have nothing to do with slicegate must not depend on it, nor the others beyond
/// what their namespace asked for; the guard closes what this leaves open.
pub fn mutating_webhook(
    service: Service<'_>,
    trust: Trust<'_>,
    never: &ExcludedNamespaces,
) -> Value {
    let mut webhook = webhook((service, trust), never, "mutate");
    webhook["reinvocationPolicy"] = "IfNeeded".into();
    configuration("MutatingWebhookConfiguration", service, trust, &webhook)
}

/// The ValidatingWebhookConfiguration: slicegate looks at what all webhooks made of a pod, and at ephemeral containers.
pub fn validating_webhook(
    service: Service<'_>,
    trust: Trust<'_>,
    never: &ExcludedNamespaces,
) -> Value {
    let webhook = webhook((service, trust), never, "validate");
    configuration("ValidatingWebhookConfiguration", service, trust, &webhook)
}

fn configuration(kind: &str, service: Service<'_>, trust: Trust<'_>, webhook: &Value) -> Value {
    let mut metadata = json!({
        "name": "slicegate",
        "labels": {"app.kubernetes.io/name": "slicegate"},
    });
    if let Trust::CertManager(certificate) = trust {
        let from = format!("{}/{certificate}", service.namespace);
        metadata["annotations"] = json!({"cert-manager.io/inject-ca-from": from});
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "webhooks": [webhook],
    })
}

/// What both have in common; `verb` is the path, and the first part of the name.
fn webhook(
    (service, trust): (Service<'_>, Trust<'_>),
    never: &ExcludedNamespaces,
    verb: &str,
) -> Value {
    let mut client = json!({
        "service": {
            "namespace": service.namespace,
            "name": service.name,
            "path": format!("/{verb}"),
            "port": 443,
        },
    });
    if let Trust::Authority(pem) = trust {
        client["caBundle"] = STANDARD.encode(pem).into();
    }
    json!({
        "name": format!("{verb}.slicegate.dev"),
        "clientConfig": client,
        "rules": [rule("CREATE", "pods"), rule("UPDATE", "pods/ephemeralcontainers")],
        "namespaceSelector": {"matchExpressions": [{
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": never.names(),
        }]},
        "matchConditions": [{
            "name": "touches-gpu",
            "expression": relevance::expression(),
        }],
        "matchPolicy": "Equivalent",
        "failurePolicy": "Ignore",
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": 5,
        "admissionReviewVersions": ["v1"],
    })
}

fn rule(operation: &str, resource: &str) -> Value {
    json!({
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": [operation],
        "resources": [resource],
        "scope": "Namespaced",
    })
}
