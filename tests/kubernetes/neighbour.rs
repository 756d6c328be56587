//! A webhook of somebody else, registered beside slicegate for one namespace.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::https::Https;

/// Where it is asked.
pub const NAMESPACE: &str = "with-neighbour";

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/// What it does to a pod: a JSON patch.
pub type Patch = fn(&Value) -> Vec<Value>;

/// One that is registered.
pub struct Neighbour<'c> {
    cluster: &'c Cluster,
    name: &'static str,
    _server: Https,
}

impl<'c> Neighbour<'c> {
    /// Registers one. Webhooks are called in the order of their names, and this one whenever others changed something.
    #[track_caller]
    pub fn register(cluster: &'c Cluster, name: &'static str, patch: Patch) -> Self {
        let authority = &cluster.plane().authority;
        let server = Https::serve(
            &authority.server(),
            Arc::new(move |body: &[u8]| answer(body, patch)),
        );
        let bundle = STANDARD.encode(&authority.pem);
        let configuration = json!({
            "metadata": {"name": name},
            "webhooks": [{
                "name": format!("{name}.example.com"),
                "clientConfig": {"url": format!("https://127.0.0.1:{}/", server.port), "caBundle": bundle},
                "sideEffects": "None",
                "reinvocationPolicy": "IfNeeded",
                "admissionReviewVersions": ["v1"],
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                "namespaceSelector": {"matchLabels": {"test.example/neighbour": "true"}},
            }],
        });
        cluster.create(CONFIGURATIONS, &configuration);
        Self {
            cluster,
            name,
            _server: server,
        }
    }
}

impl Drop for Neighbour<'_> {
    fn drop(&mut self) {
        let path = format!("{CONFIGURATIONS}/{}", self.name);
        let _ = self.cluster.api().try_send("DELETE", &path, None);
    }
}

fn answer(body: &[u8], patch: Patch) -> Vec<u8> {
    let review: Value = serde_json::from_slice(body).unwrap_or_default();
    let patch = patch(&review["request"]["object"]);
    let patch = STANDARD.encode(Value::from(patch).to_string());
    let response = json!({"uid": review["request"]["uid"], "allowed": true,
        "patchType": "JSONPatch", "patch": patch});
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
        .to_string()
        .into_bytes()
}
