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
    let mut object = configuration("Mutating", "mutate", service, ca_bundle, excluded);
    object["webhooks"][0]["reinvocationPolicy"] = "IfNeeded".into();
    object
}

/// The ValidatingWebhookConfiguration: slicegate checks pods after all mutating webhooks, and ephemeral containers.
pub fn validating_webhook(
    service: Service<'_>,
    ca_bundle: CaBundleSource<'_>,
    excluded: &ExcludedNamespaces,
) -> Value {
    configuration("Validating", "validate", service, ca_bundle, excluded)
}

/// `verb` is the path, and the first part of the webhook's name.
fn configuration(
    kind: &str,
    verb: &str,
    service: Service<'_>,
    ca_bundle: CaBundleSource<'_>,
    excluded: &ExcludedNamespaces,
) -> Value {
    let mut object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": format!("{kind}WebhookConfiguration"),
        "metadata": {
            "name": "slicegate",
            "labels": {"app.kubernetes.io/name": "slicegate"},
        },
        "webhooks": [{
            "name": format!("{verb}.slicegate.dev"),
            "clientConfig": {
                "service": {
                    "namespace": service.namespace,
                    "name": service.name,
                    "path": format!("/{verb}"),
                    "port": 443,
                },
            },
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
        }],
    });
    match ca_bundle {
        CaBundleSource::OwnAuthority => {}
        CaBundleSource::CertManager(certificate) => {
            let from = format!("{}/{certificate}", service.namespace);
            object["metadata"]["annotations"] = json!({"cert-manager.io/inject-ca-from": from});
        }
        CaBundleSource::Authority(pem) => {
            object["webhooks"][0]["clientConfig"]["caBundle"] = STANDARD.encode(pem).into();
        }
    }
    object
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
