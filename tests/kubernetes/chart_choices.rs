//! What people may choose in the chart, and that a real API server takes every choice, down to the last field.

use serde_json::json;
use slicegate::config::policy;

use super::assets;
use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::helm::{Helm, chart, parse};
use super::stage::Stage;

/// A certificate of one's own; the authority is one that has long ended.
pub const FILES: &str = "certificates:
  mode: files
  files:
    secretName: mine
    caBundle: |
      -----BEGIN CERTIFICATE-----
      MIIBczCCARmgAwIBAgIUT40wBwZ+UQHqoOtP5ZYVX6oLw+wwCgYIKoZIzj0EAwIw
      -----END CERTIFICATE-----
";

/// Each with a name for messages.
pub const CHOICES: &[(&str, &str)] = &[
    ("as it stands", ""),
    ("cert-manager", "certificates: {mode: cert-manager}"),
    (
        "an issuer of one's own",
        "certificates: {mode: cert-manager, certManager: {issuerRef: {name: corporate, kind: ClusterIssuer}, dnsNames: [slicegate.example.org]}}",
    ),
    ("files", FILES),
    (
        "an address in place of the Service",
        "{certificates: {mode: cert-manager}, webhook: {url: 'https://192.0.2.7:4443/slicegate'}}",
    ),
    (
        "closed",
        "webhook: {failurePolicy: Fail, timeoutSeconds: 1}",
    ),
    (
        "no guard, no events",
        "{keepGuard: false, events: false, logFormat: text}",
    ),
    (
        "on the nodes' network",
        "{hostNetwork: true, ports: {webhook: 9443, admin: 9080}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app.kubernetes.io/name: slicegate}}}]}",
    ),
    (
        "an image by its digest",
        "image: {repository: registry.example/slicegate, digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', pullPolicy: IfNotPresent, pullSecrets: [{name: registry}]}",
    ),
    (
        "nodes of its own",
        "{nodeSelector: {pool: system}, tolerations: [{key: CriticalAddonsOnly, operator: Exists}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: nvidia.com/gpu.present, operator: DoesNotExist}]}]}}}}",
    ),
    (
        "as little as possible",
        "{replicas: 1, priorityClassName: '', nodeSelector: null, affinity: {podAntiAffinity: {}}, podDisruptionBudget: {enabled: false}, networkPolicy: {enabled: false}, resources: {requests: null, limits: null}, runAsUser: null}",
    ),
    (
        "a narrow network",
        "networkPolicy: {metricsFrom: [{namespaceSelector: {matchLabels: {team: monitoring}}}], egress: [{to: [{ipBlock: {cidr: 10.96.0.1/32}}], ports: [{port: 443, protocol: TCP}]}]}",
    ),
    (
        "an account of one's own",
        "serviceAccount: {create: true, name: gpu-sharing, annotations: {example.org/team: platform}}",
    ),
    (
        "a policy",
        "policy: {namespaceDefault: dry-run, defaultTier: batch, rules: {host-device: warn}}",
    ),
    (
        "more of everything",
        "{replicas: 4, podAnnotations: {a: b}, podLabels: {c: d}, extraArgs: ['--tls-client-ca=/tls/ca.crt'], extraEnv: [{name: RUST_LOG, value: warn}], podMonitor: {enabled: true, labels: {release: prometheus}, interval: 30s}, neverMatch: [kube-system]}",
    ),
];

const BARE: Options = Options {
    plugins: "",
    parts: Parts::Api,
};

pub fn every_choice_is_taken_by_the_api_server(stage: &mut Stage) {
    let definitions = match assets::definitions() {
        Ok(folder) => folder.display().to_string(),
        Err(why) => return stage.skip(why),
    };
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, BARE);
    let Some(helm) = Helm::find(stage, &cluster.plane().kubeconfig) else {
        return;
    };
    let own = format!("{}/crds", chart());
    let apply = ["apply", "-f", &own, "-f", &definitions, "--server-side"];
    cluster.kubectl.run(&apply).good();
    let wait = ["wait", "crd", "--all", "--for=condition=Established"];
    cluster.kubectl.run(&wait).good();
    let namespace = json!({"metadata": {"name": "slicegate-system"}});
    cluster.create("/api/v1/namespaces", &namespace);
    let dry = ["apply", "--dry-run=server", "--validate=strict", "-f", "-"];
    let built_in = built_in_policy();
    let whole = [("the built-in policy, written out", built_in.as_str())];
    for (name, values) in CHOICES.iter().chain(&whole) {
        let text = helm.release("template", &[], values).good().out;
        let run = cluster.kubectl.run_with(&dry, &text);
        assert_eq!(run.status, 0, "{name}: {}", run.err);
        assert_eq!(run.err, "", "{name}: nothing to warn of");
    }
    let text = helm.template("policy: {defaultTear: batch}");
    let run = cluster.kubectl.run_with(&dry, &text);
    assert!(run.err.contains("defaultTear"), "{}", run.err);
}

/// As values of the chart.
fn built_in_policy() -> String {
    let policy = parse(policy::DEFAULT_TEXT).remove(0);
    json!({"policy": policy["spec"]}).to_string()
}
