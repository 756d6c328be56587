//! The webhook configurations: for which pods the API server calls slicegate, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::service::Service;
use crate::cel::relevance;
use crate::engine::ExcludedNamespaces;

/// Who writes `caBundle`, by which the API server trusts slicegate's certificate.
#[derive(Clone, Copy, Debug)]
pub enum CaBundleSource<'a> {
    /// slicegate writes the authorities of its Secret at runtime.
    OwnAuthority,
    /// cert-manager writes the authority of the Certificate with this name in slicegate's namespace.
    CertManager(&'a str),
    /// This authority, as PEM.
    Authority(&'a str),
}

/// The MutatingWebhookConfiguration: slicegate rewrites pods when they are created, and hides the node's GPUs from
/// ephemeral containers.
///
/// `failurePolicy: Ignore`: pods without GPUs must not depend on slicegate. While slicegate is down, the guard refuses
/// pods of enforced namespaces that lack its edits.
pub fn mutating_webhook(
    service: Service<'_>,
    ca_bundle: CaBundleSource<'_>,
    excluded: &ExcludedNamespaces,
) -> Value {
    let mut webhook = webhook((service, ca_bundle), excluded, "mutate");
    webhook["reinvocationPolicy"] = "IfNeeded".into();
    configuration("MutatingWebhookConfiguration", service, ca_bundle, &webhook)
}

/// The ValidatingWebhookConfiguration: slicegate checks pods after all mutating webhooks, and ephemeral containers.
pub fn validating_webhook(
    service: Service<'_>,
    ca_bundle: CaBundleSource<'_>,
    excluded: &ExcludedNamespaces,
) -> Value {
    let webhook = webhook((service, ca_bundle), excluded, "validate");
    configuration(
        "ValidatingWebhookConfiguration",
        service,
        ca_bundle,
        &webhook,
    )
}

fn configuration(
    kind: &str,
    service: Service<'_>,
    ca_bundle: CaBundleSource<'_>,
    webhook: &Value,
) -> Value {
    let mut metadata = json!({
        "name": "slicegate",
        "labels": {"app.kubernetes.io/name": "slicegate"},
    });
    if let CaBundleSource::CertManager(certificate) = ca_bundle {
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

/// The common part. `verb` is the path, and the first part of the name.
fn webhook(
    (service, ca_bundle): (Service<'_>, CaBundleSource<'_>),
    excluded: &ExcludedNamespaces,
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
    if let CaBundleSource::Authority(pem) = ca_bundle {
        client["caBundle"] = STANDARD.encode(pem).into();
    }
    json!({
        "name": format!("{verb}.slicegate.dev"),
        "clientConfig": client,
        "rules": [rule("CREATE", "pods"), rule("UPDATE", "pods/ephemeralcontainers")],
        "namespaceSelector": {"matchExpressions": [{
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": excluded.names(),
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
