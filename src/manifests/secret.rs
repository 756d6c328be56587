//! The Secret that the Deployment reads its certificate from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Service, TLS_SECRET};
use crate::certificates::Generated;

/// A Secret of type `kubernetes.io/tls` with the authority beside it, as cert-manager would make it.
pub fn tls_secret(service: Service<'_>, generated: &Generated) -> Value {
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
