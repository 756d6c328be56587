//! A webhook that writes down which pods it was asked about, registered as slicegate registers itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::engine::ExcludedNamespaces;
use slicegate::manifests::{CaBundleSource, Service, mutating_webhook};

use super::cluster::{Cluster, pods_of};
use super::https::Https;
use super::wait::seconds;

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

type Asked = Arc<Mutex<HashMap<String, Value>>>;

/// It allows everything.
pub struct Recorder {
    asked: Asked,
    _server: Https,
}

impl Recorder {
    /// Registers it with slicegate's own conditions, but so that a condition that fails refuses the pod.
    #[track_caller]
    pub fn register(cluster: &Cluster, namespace: &str) -> Self {
        let asked = Asked::default();
        let authority = &cluster.plane().authority;
        let answer = {
            let asked = Arc::clone(&asked);
            move |body: &[u8]| write_down(body, &asked)
        };
        let server = Https::serve(&authority.server(), Arc::new(answer));
        let trust = CaBundleSource::Authority(&authority.pem);
        let mut configuration =
            mutating_webhook(Service::default(), trust, &ExcludedNamespaces::default());
        let webhook = &mut configuration["webhooks"][0];
        webhook["failurePolicy"] = "Fail".into();
        webhook["timeoutSeconds"] = 30.into();
        webhook["clientConfig"] = json!({
            "url": format!("https://127.0.0.1:{}/mutate", server.port),
            "caBundle": STANDARD.encode(&authority.pem),
        });
        // Another test may have left its own.
        cluster.delete(&format!("{CONFIGURATIONS}/slicegate"));
        cluster.create(CONFIGURATIONS, &configuration);
        let recorder = Self {
            asked,
            _server: server,
        };
        let canary = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "canary", "annotations": {"slicegate.dev/tier": "none"}},
            "spec": {"containers": [{"name": "main", "image": "example/app:1"}]}});
        let path = format!("{}?dryRun=All", pods_of(namespace));
        cluster.wait_for("the recorder to be asked", seconds(30), || {
            let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
            let asked = recorder.asked_about("canary").is_some();
            asked.then_some(()).ok_or(answer.body.to_string())
        });
        recorder
    }

    /// The pod of that name as the API server sent it, if it did.
    pub fn asked_about(&self, name: &str) -> Option<Value> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(name).cloned()
    }
}

fn write_down(body: &[u8], asked: &Asked) -> Vec<u8> {
    let review: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = &review["request"];
    let pod = &request["object"];
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    asked.insert(name.to_owned(), pod.clone());
    let response = json!({"uid": request["uid"], "allowed": true});
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
        .to_string()
        .into_bytes()
}
