//! A healthy installation as an API server would print it, and ways to change it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::gathered::Aim;
use super::super::{
    Clocks, Gathered, Observation, ProbeAnswer, ProbeResult, Unseen, probes, rights,
};
use crate::cel::guard;
use crate::certificates;
use crate::config::{documents, fleet, policy};
use crate::engine::{ExcludedNamespaces, RuntimeClasses};
use crate::manifests::{self, CaBundleSource, Service};

/// 2026-11-22 or later: certificates are made now.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub(super) fn deployment() -> Value {
    json!({"metadata": {"name": "slicegate"}, "spec": {"replicas": 2, "template": {
        "metadata": {"labels": {"app.kubernetes.io/name": "slicegate"}},
        "spec": {"serviceAccountName": "slicegate", "priorityClassName": "system-cluster-critical",
            "containers": [{"name": "slicegate", "args": ["serve", "--tls-cert=/tls/tls.crt", "--tls-key=/tls/tls.key", "--keep-records", "--events"],
                "volumeMounts": [{"name": "tls", "mountPath": "/tls"}]}],
            "volumes": [{"name": "tls", "secret": {"secretName": "slicegate-tls"}}]}}},
        "status": {"readyReplicas": 2}})
}

pub(super) fn nodes() -> Vec<Value> {
    let input = documents::parse("fleet", fleet::ASSUMED_FLEET);
    let values = input.documents.into_iter().map(|d| d.value);
    let named = values.map(|mut node| {
        let name = node["metadata"]["name"].clone();
        node["metadata"]["labels"]["kubernetes.io/hostname"] = name;
        node
    });
    named.collect()
}

/// Nothing was read yet.
pub(in super::super) fn nothing(namespace: &str) -> Gathered {
    fn unasked<T>() -> Observation<T> {
        Err(Unseen::unasked("it"))
    }
    Gathered {
        namespace: namespace.to_owned(),
        user: unasked(),
        policy_file: None,
        version: unasked(),
        clocks: unasked(),
        own_namespace: unasked(),
        deployment: unasked(),
        budgets: unasked(),
        service: unasked(),
        endpoints: unasked(),
        secret: unasked(),
        policy_map: unasked(),
        mutating: unasked(),
        validating: unasked(),
        guard: Vec::new(),
        policies: unasked(),
        namespaces: unasked(),
        quotas: unasked(),
        nodes: unasked(),
        runtime_classes: unasked(),
        pods: unasked(),
        rights: Vec::new(),
        tried: Vec::new(),
    }
}

pub(super) fn healthy() -> Gathered {
    let service = Service::default();
    let made = certificates::generate(&service.dns_names(), &[], 90).unwrap();
    let trust = CaBundleSource::Authority(&made.ca_pem);
    let encoded = |pem: &str| STANDARD.encode(pem);
    let in_force = policy::built_in().unwrap();
    let never = ExcludedNamespaces::default();
    let mut gathered = nothing("slicegate-system");
    gathered.user = Ok("alice".to_owned());
    gathered.version = Ok(json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}));
    gathered.clocks = Ok(Clocks {
        server: now(),
        here: now(),
    });
    gathered.own_namespace = Ok(Some(json!({"metadata": {"name": "slicegate-system",
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})));
    gathered.deployment = Ok(Some(deployment()));
    gathered.budgets = Ok(vec![
        json!({"spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "slicegate"}}}}),
    ]);
    gathered.service = Ok(Some(json!({"spec": {"ports": [{"port": 443}]}})));
    gathered.endpoints = Ok(vec![
        json!({"metadata": {"labels": {"kubernetes.io/service-name": "slicegate"}},
        "endpoints": [{"conditions": {"ready": true}}, {"conditions": {"ready": false}}]}),
    ]);
    gathered.secret = Ok(Some(
        json!({"data": {"ca.crt": encoded(&made.ca_pem), "tls.crt": encoded(&made.cert_pem)}}),
    ));
    gathered.mutating = Ok(vec![manifests::mutating_webhook(service, trust, &never)]);
    gathered.validating = Ok(vec![manifests::validating_webhook(service, trust, &never)]);
    let mut objects = guard::validating(&in_force, &never, &RuntimeClasses::default());
    objects.extend(guard::mutating(&in_force));
    for kind in [
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ] {
        let of_kind = objects.iter().filter(|o| o["kind"] == kind).cloned();
        gathered.guard.push((kind, Ok(Some(of_kind.collect()))));
    }
    gathered.policies = Ok(Some(Vec::new()));
    gathered.namespaces = Ok(["team", "off", "kube-system", "slicegate-system"]
        .map(|name| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name,
            "annotations": {"slicegate.dev/mode": if name == "off" { "off" } else { "enforce" }}}})
        })
        .to_vec());
    annotate(&mut gathered, 0, "tier", "trusted-inference");
    gathered.quotas = Ok(Vec::new());
    gathered.runtime_classes = Ok(Vec::new());
    gathered.nodes = Ok(nodes());
    gathered.pods = Ok(vec![pod("team", "a"), pod("team", "b")]);
    gathered.rights = rights(&gathered)
        .into_iter()
        .map(|r| (r, Ok(true)))
        .collect();
    gathered.tried = probes(&gathered)
        .into_iter()
        .map(|probe| {
            let words = match probe.aim {
                Aim::Webhook => "admission webhook \"mutate.slicegate.dev\" denied the request: slicegate: no",
                Aim::Guard => "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'slicegate-labels' with binding",
            };
            let answer = ProbeAnswer::Refused(words.to_owned());
            ProbeResult { probe, answer }
        })
        .collect();
    gathered
}

/// A share on the one MPS node of the assumed fleet, as slicegate would have it.
pub(super) fn pod(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": {"slicegate.dev/trust-boundary": namespace}},
        "spec": {"nodeName": mps_node(), "schedulerName": "default-scheduler",
            "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu.shared": "1"}}}]},
        "status": {"phase": "Running"}})
}

/// That share with the boundary's term, which keeps all but `spared` away; without a receipt nobody gave it to the pod.
pub(super) fn closing(namespace: &str, spared: &str, receipt: Option<&str>) -> Value {
    let key = "slicegate.dev/trust-boundary";
    let mut pod = pod(namespace, "closing");
    if let Some(receipt) = receipt {
        pod["metadata"]["annotations"] = json!({"slicegate.dev/decision": receipt});
    }
    pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!([{
        "labelSelector": {"matchExpressions": [
            {"key": key, "operator": "Exists"}, {"key": key, "operator": "NotIn", "values": [spared]}]},
        "namespaceSelector": {}, "topologyKey": "kubernetes.io/hostname"}]);
    pod
}

pub(super) fn mps_node() -> String {
    let is_mps = |n: &Value| n["metadata"]["labels"]["nvidia.com/gpu.sharing-strategy"] == "mps";
    let node = nodes().into_iter().find(is_mps).unwrap();
    node["metadata"]["name"].as_str().unwrap().to_owned()
}

pub(super) fn refused(gathered: &mut Gathered, aim: Aim, words: &str) {
    for tried in gathered.tried.iter_mut().filter(|t| t.probe.aim == aim) {
        tried.answer = ProbeAnswer::Refused(words.to_owned());
    }
}

pub(super) fn found<T>(found: &mut Observation<T>) -> &mut T {
    found.as_mut().unwrap()
}

pub(super) fn webhook(gathered: &mut Gathered) -> &mut Value {
    &mut found(&mut gathered.mutating)[0]["webhooks"][0]
}

pub(super) fn template(gathered: &mut Gathered) -> &mut Value {
    let deployment = found(&mut gathered.deployment).as_mut().unwrap();
    &mut deployment["spec"]["template"]["spec"]
}

pub(super) fn argument(gathered: &mut Gathered, argument: &str) {
    let args = template(gathered)["containers"][0]["args"]
        .as_array_mut()
        .unwrap();
    args.push(argument.into());
}

pub(super) fn node<'g>(gathered: &'g mut Gathered, name: &str) -> &'g mut Value {
    let nodes = found(&mut gathered.nodes);
    nodes
        .iter_mut()
        .find(|n| n["metadata"]["name"] == name)
        .unwrap()
}

pub(super) fn object<'g>(gathered: &'g mut Gathered, kind: &str, name: &str) -> &'g mut Value {
    let (_, of_kind) = gathered.guard.iter_mut().find(|(k, _)| *k == kind).unwrap();
    let objects = found(of_kind).as_mut().unwrap();
    objects
        .iter_mut()
        .find(|o| o["metadata"]["name"] == name)
        .unwrap()
}

pub(super) fn sharing_policy(gathered: &mut Gathered, name: &str, status: &Value) {
    let object = json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
        "metadata": {"name": name, "generation": 2}, "spec": {},
        "status": {"conditions": [status]}});
    found(&mut gathered.policies).as_mut().unwrap().push(object);
}

/// slicegate reads this policy, and the guard is made for it.
pub(super) fn with_policy(gathered: &mut Gathered, spec: &str) {
    let text = format!(
        "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nmetadata: {{name: default}}\nspec: {spec}\n"
    );
    gathered.policy_file = Some(("policy.yaml".to_owned(), text));
}

pub(super) fn quota(gathered: &mut Gathered, namespace: &str, spec: &Value) {
    found(&mut gathered.quotas).push(json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": namespace}, "spec": spec}));
}

/// One of the namespaces is annotated with a key of slicegate's.
pub(super) fn annotate(gathered: &mut Gathered, namespace: usize, key: &str, value: &str) {
    let object = &mut found(&mut gathered.namespaces)[namespace];
    object["metadata"]["annotations"][format!("slicegate.dev/{key}")] = value.into();
}

/// One of the namespaces has a label.
pub(super) fn label(gathered: &mut Gathered, namespace: usize, key: &str, value: &str) {
    found(&mut gathered.namespaces)[namespace]["metadata"]["labels"][key] = value.into();
}

/// No node hands out a part of a GPU.
pub(super) fn whole_alone(gathered: &mut Gathered) {
    let is_whole = |node: &Value| {
        let labels = &node["metadata"]["labels"];
        labels["nvidia.com/gpu.sharing-strategy"] == "none"
            && labels["nvidia.com/mig.strategy"].is_null()
    };
    found(&mut gathered.nodes).retain(is_whole);
}

/// Nothing of slicegate's is there.
pub(super) fn absent(gathered: &mut Gathered) {
    gathered.deployment = Ok(None);
    gathered.service = Ok(None);
    gathered.own_namespace = Ok(None);
    gathered.mutating = Ok(Vec::new());
    gathered.validating = Ok(Vec::new());
    for (_, objects) in &mut gathered.guard {
        *objects = Ok(Some(Vec::new()));
    }
}

/// A pod of slicegate's own with that status.
pub(super) fn own_pod(gathered: &mut Gathered, status: &Value) {
    let deployment = found(&mut gathered.deployment).as_mut().unwrap();
    deployment["status"] = json!({});
    found(&mut gathered.pods).push(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "slicegate-system", "name": "slicegate-1",
            "labels": {"app.kubernetes.io/name": "slicegate", "pod-template-hash": "x"}},
        "spec": {"containers": [{"name": "slicegate"}]}, "status": status}));
}

/// One of the namespaces claims a boundary.
pub(super) fn claims(gathered: &mut Gathered, namespace: usize, boundary: &str) {
    annotate(gathered, namespace, "trust-boundary", boundary);
}

/// A pod on another node, which takes whole GPUs.
pub(super) fn on(node: &str, mut pod: Value) -> Value {
    pod["spec"]["nodeName"] = node.into();
    pod["spec"]["containers"][0]["resources"]["limits"] = json!({"nvidia.com/gpu": "1"});
    pod
}
