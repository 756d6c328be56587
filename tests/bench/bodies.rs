//! AdmissionReviews of the size and order a real API server sends, made here so that no file has to be at hand.

use serde_json::{Value, json};

/// A body with its name, for tables.
pub struct Body {
    /// `typical`, `share` or `other`.
    pub name: &'static str,
    /// The bytes of the request.
    pub bytes: Vec<u8>,
}

/// The bodies to measure: those of the folder that `SLICEGATE_BENCH_BODIES` names, else our own.
pub fn all() -> Vec<Body> {
    let Ok(folder) = std::env::var("SLICEGATE_BENCH_BODIES") else {
        return own();
    };
    let read = |name: &'static str| Body {
        name,
        bytes: std::fs::read(format!("{folder}/{name}.json")).expect("a body in the folder"),
    };
    ["typical", "share", "other"].map(read).into()
}

/// The nodes and namespaces to decide against: the files `SLICEGATE_BENCH_WORLD` names, else our own.
pub fn world() -> String {
    let Ok(folder) = std::env::var("SLICEGATE_BENCH_WORLD") else {
        return WORLD.to_owned();
    };
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).expect(name);
    format!("{}\n---\n{}", read("nodes.yaml"), read("namespaces.yaml"))
}

/// Four whole GPUs, one MPS share, and the first in a namespace that is off.
fn own() -> Vec<Body> {
    let typical = |namespace| {
        review(
            namespace,
            "4",
            json!({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}),
            None,
        )
    };
    vec![
        Body {
            name: "typical",
            bytes: typical("inference-prod"),
        },
        Body {
            name: "share",
            bytes: review("inference-shared", "1", Value::Null, Some("16Gi")),
        },
        Body {
            name: "other",
            bytes: typical("off"),
        },
    ]
}

/// The nodes and namespaces these bodies are judged against, as the files users give.
const WORLD: &str = include_str!("world.yaml");

fn review(namespace: &str, gpus: &str, selector: Value, memory: Option<&str>) -> Vec<u8> {
    let mut pod = pod(namespace, gpus);
    if !selector.is_null() {
        pod["spec"]["nodeSelector"] = selector;
    }
    if let Some(memory) = memory {
        pod["metadata"]["annotations"]["slicegate.dev/gpu-memory"] = json!(memory);
    }
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "0b4b3f5c-8f5e-4c07-9d5b-0d0d6f4f8a11",
            "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "uid": "6b1f6d3a-2a55-4a0e-9f4c-7f6c2c1d9e10",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
                "extra": {"authentication.kubernetes.io/credential-id": ["JTI=2f0a"]}
            },
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}
        }
    });
    review.to_string().into_bytes()
}

fn pod(namespace: &str, gpus: &str) -> Value {
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "generateName": "chat-model-7d9f8c6b5-", "namespace": namespace,
            "uid": "f2f8c0aa-9a27-4b6e-bb0a-4a0d6c1a5b77", "creationTimestamp": "2026-11-22T09:00:00Z",
            "labels": labels(),
            "annotations": {
                "prometheus.io/scrape": "true", "prometheus.io/port": "8000", "prometheus.io/path": "/metrics",
                "checksum/config": "4f1c0e7fb3a94f0f9d1e5b7c3a2d6e8f", "example.com/notes": "{\"team\": \"search\", \"escaped\": \"yes\"}"
            },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "chat-model-7d9f8c6b5",
                "uid": "1e6b2c9d-7a0f-4f61-8f27-5b6c3d2e1f00", "controller": true, "blockOwnerDeletion": true
            }],
            "managedFields": [managed_fields()]
        },
        "spec": {
            "volumes": [
                {"name": "cache", "persistentVolumeClaim": {"claimName": "models"}},
                {"name": "config", "configMap": {"name": "chat-config", "defaultMode": 420}},
                {"name": "kube-api-access-x7k2p", "projected": {"sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                    {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}
                ], "defaultMode": 420}}
            ],
            "initContainers": [container("fetch", "registry.example/tools/fetch:2.1", 2, None)],
            "containers": [
                container("server", "registry.example/inference/server:0.9.1", 12, Some(gpus)),
                container("metrics", "registry.example/tools/metrics:1.4", 2, None)
            ],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
                "weight": 100,
                "podAffinityTerm": {"labelSelector": {"matchLabels": {"app.kubernetes.io/name": "chat"}}, "topologyKey": "kubernetes.io/hostname"}
            }]}},
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "chat"}}
            }],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 60, "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "chat", "serviceAccount": "chat", "securityContext": {"fsGroup": 1000},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            ],
            "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority"
        }
    })
}

fn labels() -> Value {
    json!({
        "app.kubernetes.io/name": "chat", "app.kubernetes.io/instance": "chat-model", "app.kubernetes.io/component": "server",
        "app.kubernetes.io/part-of": "assistant", "app.kubernetes.io/managed-by": "Helm", "team": "search",
        "environment": "production", "pod-template-hash": "7d9f8c6b5"
    })
}

fn container(name: &str, image: &str, variables: usize, gpus: Option<&str>) -> Value {
    let env: Vec<Value> = (0..variables)
        .map(|n| match n % 4 {
            3 => json!({"name": format!("SETTING_{n}"), "valueFrom": {"secretKeyRef": {"name": "chat-secrets", "key": format!("setting-{n}")}}}),
            _ => json!({"name": format!("SETTING_{n}"), "value": format!("value of setting {n}, long enough to look real")}),
        })
        .collect();
    let mut limits = json!({"cpu": "32", "memory": "256Gi"});
    if let Some(gpus) = gpus {
        limits["nvidia.com/gpu"] = json!(gpus);
    }
    let probe = json!({
        "httpGet": {"path": "/health", "port": "http", "scheme": "HTTP"}, "initialDelaySeconds": 30,
        "timeoutSeconds": 5, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 6
    });
    json!({
        "name": name, "image": image,
        "command": ["python3", "-m", "server.main"],
        "args": ["--model", "/models/chat", "--port", "8000", "--max-model-len", "32768", "--served-model-name", "chat"],
        "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
        "env": env,
        "resources": {"limits": limits.clone(), "requests": limits},
        "volumeMounts": [
            {"name": "cache", "mountPath": "/models"}, {"name": "config", "mountPath": "/etc/chat", "readOnly": true},
            {"name": "kube-api-access-x7k2p", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
        ],
        "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "capabilities": {"add": ["IPC_LOCK"], "drop": ["ALL"]}, "runAsUser": 1000, "runAsNonRoot": true,
            "allowPrivilegeEscalation": false, "seccompProfile": {"type": "RuntimeDefault"}
        }
    })
}

/// What the API server remembers of who wrote which field: a third of a real pod's bytes.
fn managed_fields() -> Value {
    let fields = |names: &[&str]| -> Value {
        let entries = names.iter().map(|n| (format!("f:{n}"), json!({})));
        Value::Object(entries.collect())
    };
    let container = fields(&[
        "name",
        "image",
        "command",
        "args",
        "ports",
        "resources",
        "volumeMounts",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "imagePullPolicy",
        "securityContext",
    ]);
    let env: Value = (0..12)
        .map(|n| {
            (
                format!("k:{{\"name\":\"SETTING_{n}\"}}"),
                json!({".": {}, "f:name": {}, "f:value": {}}),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut containers = serde_json::Map::new();
    for name in ["server", "metrics", "fetch"] {
        let mut entry = container.clone();
        entry["f:env"] = env.clone();
        containers.insert(format!("k:{{\"name\":\"{name}\"}}"), entry);
    }
    json!({
        "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
        "time": "2026-11-22T09:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": fields(&["generateName", "labels", "annotations", "ownerReferences"]), "f:spec": {
            "f:containers": containers, "f:affinity": {}, "f:tolerations": {}, "f:volumes": {}, "f:serviceAccountName": {}
        }}
    })
}
