//! The registration of the mutating webhook: which pods the API server asks slicegate about, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{NAMESPACE, Service};
use crate::engine::touches;
use crate::engine::words::NEVER_MATCHED;

/// How the API server comes to trust slicegate's certificate.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// cert-manager writes the authority of the Certificate of this name, in slicegate's namespace.
    CertManager(&'a str),
    /// The authority itself, as PEM.
    Authority(&'a str),
}

/// The MutatingWebhookConfiguration.
///
/// `failurePolicy: Ignore`: pods that have nothing to do with slicegate must not depend on it, nor the others beyond
/// what their namespace asked for; the guard closes what this leaves open.
pub fn mutating_webhook(service: Service<'_>, trust: Trust<'_>) -> Value {
    let mut metadata = json!({
        "name": "slicegate",
        "labels": {"app.kubernetes.io/name": "slicegate"},
    });
    let mut client = json!({
        "service": {
            "namespace": service.namespace,
            "name": service.name,
            "path": "/mutate",
            "port": 443,
        },
    });
    match trust {
        Trust::CertManager(certificate) => {
            let from = format!("{}/{certificate}", service.namespace);
            metadata["annotations"] = json!({"cert-manager.io/inject-ca-from": from});
        }
        Trust::Authority(pem) => client["caBundle"] = STANDARD.encode(pem).into(),
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": [{
            "name": "mutate.slicegate.dev",
            "clientConfig": client,
            "rules": [{
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
                "scope": "Namespaced",
            }],
            "namespaceSelector": {"matchExpressions": [{
                "key": "kubernetes.io/metadata.name",
                "operator": "NotIn",
                "values": never_matched(service.namespace),
            }]},
            "matchConditions": [{
                "name": "touches-gpu",
                "expression": touches::expression(),
            }],
            "matchPolicy": "Equivalent",
            "failurePolicy": "Ignore",
            "reinvocationPolicy": "IfNeeded",
            "sideEffects": "NoneOnDryRun",
            "timeoutSeconds": 5,
            "admissionReviewVersions": ["v1"],
        }],
    })
}

/// Namespaces whose pods are never asked about; slicegate's own is the one it was installed into.
fn never_matched(own: &str) -> Vec<&str> {
    let each = |name: &'static str| if name == NAMESPACE { own } else { name };
    NEVER_MATCHED.into_iter().map(each).collect()
}
