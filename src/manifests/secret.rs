//! The Secret with a certificate that the Deployment mounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::service::{Service, TLS_SECRET};
use crate::certificates::GeneratedCertificate;

/// A Secret of type `kubernetes.io/tls` that also holds `ca.crt`, as cert-manager writes it.
pub fn tls_secret(service: Service<'_>, generated: &GeneratedCertificate) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": TLS_SECRET,
            "namespace": service.namespace,
            "labels": {"app.kubernetes.io/name": "slicegate"},
        },
        "type": "kubernetes.io/tls",
        "data": {
            "ca.crt": STANDARD.encode(&generated.ca_pem),
            "tls.crt": STANDARD.encode(&generated.cert_pem),
            "tls.key": STANDARD.encode(&generated.key_pem),
        },
    })
}
