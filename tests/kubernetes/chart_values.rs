//! Every value of the chart does what its comment says, and a wrong one is refused.

use serde_json::{Value, json};

use super::chart::by_name;
use super::chart_choices::FILES;
use super::helm::Helm;
use super::stage::Stage;

/// A value, where it arrives, and as what.
const EFFECTS: &[(&str, &str, &str, &str)] = &[
    (
        "image: {tag: v2}",
        "Deployment",
        "/spec/template/spec/containers/0/image",
        "\"slicegate:v2\"",
    ),
    (
        "image: {pullPolicy: Always}",
        "Deployment",
        "/spec/template/spec/containers/0/imagePullPolicy",
        "\"Always\"",
    ),
    (
        "image: {pullSecrets: [{name: r}]}",
        "Deployment",
        "/spec/template/spec/imagePullSecrets/0/name",
        "\"r\"",
    ),
    ("replicas: 3", "Deployment", "/spec/replicas", "3"),
    ("replicas: 5", "ResourceQuota", "/spec/hard/pods", "\"15\""),
    (
        "tolerations: [{operator: Exists}]",
        "Deployment",
        "/spec/template/spec/tolerations/0/operator",
        "\"Exists\"",
    ),
    (
        "affinity: {nodeAffinity: {}}",
        "Deployment",
        "/spec/template/spec/affinity/nodeAffinity",
        "{}",
    ),
    (
        "affinity: {nodeAffinity: {}}",
        "Deployment",
        "/spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/weight",
        "100",
    ),
    (
        "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: []}}",
        "Deployment",
        "/spec/template/spec/affinity",
        r#"{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[]}}"#,
    ),
    (
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]",
        "Deployment",
        "/spec/template/spec/topologySpreadConstraints/0/maxSkew",
        "1",
    ),
    (
        "podDisruptionBudget: {maxUnavailable: 50%}",
        "PodDisruptionBudget",
        "/spec/maxUnavailable",
        "\"50%\"",
    ),
    (
        "podDisruptionBudget: {enabled: false}",
        "PodDisruptionBudget",
        "",
        "",
    ),
    ("priorityClassName: ''", "ResourceQuota", "", ""),
    (
        "priorityClassName: ''",
        "Deployment",
        "/spec/template/spec/priorityClassName",
        "",
    ),
    ("networkPolicy: {enabled: false}", "NetworkPolicy", "", ""),
    (
        "networkPolicy: {metricsFrom: [{podSelector: {}}]}",
        "NetworkPolicy",
        "/spec/ingress/1/from",
        r#"[{"podSelector":{}}]"#,
    ),
    (
        "networkPolicy: {egress: [{ports: [{port: 443}]}]}",
        "NetworkPolicy",
        "/spec/policyTypes",
        r#"["Ingress","Egress"]"#,
    ),
    ("hostNetwork: true", "NetworkPolicy", "", ""),
    (
        "hostNetwork: true",
        "Deployment",
        "/spec/template/spec/hostNetwork",
        "true",
    ),
    (
        "hostNetwork: true",
        "Deployment",
        "/spec/strategy/rollingUpdate/maxSurge",
        "0",
    ),
    (
        "ports: {webhook: 10250}",
        "Deployment",
        "/spec/template/spec/containers/0/ports/0/containerPort",
        "10250",
    ),
    (
        "webhook: {failurePolicy: Fail}",
        "MutatingWebhookConfiguration",
        "/webhooks/0/failurePolicy",
        "\"Fail\"",
    ),
    (
        "webhook: {failurePolicy: Fail}",
        "ValidatingWebhookConfiguration",
        "/webhooks/0/failurePolicy",
        "\"Fail\"",
    ),
    (
        "webhook: {timeoutSeconds: 2}",
        "ValidatingWebhookConfiguration",
        "/webhooks/0/timeoutSeconds",
        "2",
    ),
    (
        "neverMatch: [kube-system, gpus]",
        "ValidatingWebhookConfiguration",
        "/webhooks/0/namespaceSelector/matchExpressions/0/values",
        r#"["kube-system","gpus","slicegate-system"]"#,
    ),
    (
        "neverMatch: []",
        "MutatingWebhookConfiguration",
        "/webhooks/0/namespaceSelector/matchExpressions/0/values",
        r#"["slicegate-system"]"#,
    ),
    (
        "serviceAccount: {name: other}",
        "Deployment",
        "/spec/template/spec/serviceAccountName",
        "\"other\"",
    ),
    (
        "serviceAccount: {name: other}",
        "ClusterRoleBinding",
        "/subjects/0/name",
        "\"other\"",
    ),
    ("serviceAccount: {create: false}", "ServiceAccount", "", ""),
    (
        "runAsUser: null",
        "Deployment",
        "/spec/template/spec/securityContext/runAsUser",
        "",
    ),
    (
        "podAnnotations: {a: b}",
        "Deployment",
        "/spec/template/metadata/annotations",
        r#"{"a":"b"}"#,
    ),
    (
        "podLabels: {a: b}",
        "Deployment",
        "/spec/template/metadata/labels",
        r#"{"a":"b","app.kubernetes.io/name":"slicegate"}"#,
    ),
    (
        "extraEnv: [{name: RUST_LOG, value: warn}]",
        "Deployment",
        "/spec/template/spec/containers/0/env/2/value",
        "\"warn\"",
    ),
    (
        "policy: {defaultTier: batch}",
        "SharingPolicy",
        "/spec",
        r#"{"defaultTier":"batch"}"#,
    ),
    (
        "podMonitor: {enabled: true, interval: 30s}",
        "PodMonitor",
        "/spec/podMetricsEndpoints",
        r#"[{"port":"admin","path":"/metrics","interval":"30s"}]"#,
    ),
];

pub fn every_value_arrives_where_it_belongs(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    for (values, kind, path, expected) in EFFECTS {
        let objects = helm.objects(values);
        let mut of_kind = objects.iter().filter(|o| o["kind"] == *kind);
        // The other roles are for people.
        let is_for_people =
            |o: &Value| kind.ends_with("Role") && o["metadata"]["name"] != "slicegate";
        let slicegates = of_kind.find(|o| !is_for_people(o));
        let found = slicegates.and_then(|o| o.pointer(path));
        let expected: Option<Value> = serde_json::from_str(expected).ok();
        assert_eq!(found, expected.as_ref(), "{values}: {kind} {path}");
    }
}

/// Values, arguments that come, and arguments that go.
const ARGUMENTS: &[(&str, &[&str], &[&str])] = &[
    (
        "",
        &["--tls-secret=slicegate-tls", "--keep-guard", "--events"],
        &["--tls-cert=/tls/tls.crt"],
    ),
    (
        "certificates: {mode: cert-manager}",
        &["--tls-cert=/tls/tls.crt", "--tls-key=/tls/tls.key"],
        &["--tls-secret=slicegate-tls"],
    ),
    (
        "{keepGuard: false, events: false}",
        &[],
        &["--keep-guard", "--events"],
    ),
    (
        "logFormat: text",
        &["--log-format=text"],
        &["--log-format=json"],
    ),
    (
        "neverMatch: [a]",
        &["--never-match=a,slicegate-system"],
        &[],
    ),
    (
        "ports: {webhook: 9443, admin: 9080}",
        &["--listen=0.0.0.0:9443", "--admin-listen=0.0.0.0:9080"],
        &[],
    ),
    (
        "extraArgs: ['--listen=[::]:8443']",
        &["--listen=[::]:8443"],
        &[],
    ),
];

pub fn values_become_arguments_of_the_server(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    for (values, come, go) in ARGUMENTS {
        let objects = by_name(helm.objects(values));
        let deployment = &objects["\"Deployment\" \"slicegate-system\"/\"slicegate\""];
        let arguments = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
        let arguments = arguments.as_array().expect("arguments");
        let missing = come.iter().find(|a| !arguments.contains(&json!(a)));
        let left = go.iter().find(|a| arguments.contains(&json!(a)));
        assert!(
            missing.is_none() && left.is_none(),
            "{values}: {arguments:?}"
        );
    }
}

pub fn what_an_installation_does_not_do_it_has_no_right_to(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    for (values, lost) in [
        ("keepGuard: false", "validatingadmissionpolicies"),
        ("events: false", "events"),
        ("certificates: {mode: cert-manager}", "secrets"),
        (FILES, "secrets"),
    ] {
        let named = |values: &str| {
            let roles = helm.objects(values).into_iter();
            // The other roles are for people.
            let roles = roles.filter(|o| o["metadata"]["name"] == "slicegate");
            let roles = roles.filter(|o| o["kind"] == "Role" || o["kind"] == "ClusterRole");
            let rules = roles.map(|role| role["rules"].to_string());
            rules.collect::<String>().contains(&format!("\"{lost}\""))
        };
        assert!(named("") && !named(values), "{values}: {lost}");
    }
}

/// A certificate has to be for the name by which the API server calls.
pub fn the_certificate_is_for_the_host_that_is_called(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    for (host, field) in [
        ("gpu.example.org", "dnsNames"),
        ("192.0.2.7", "ipAddresses"),
    ] {
        let url = format!("https://{host}:4443/slicegate/");
        let values = format!("{{certificates: {{mode: cert-manager}}, webhook: {{url: '{url}'}}}}");
        let objects = by_name(helm.objects(&values));
        let certificate = &objects["\"Certificate\" \"slicegate-system\"/\"slicegate\""];
        let names = certificate["spec"][field].as_array().expect("names");
        assert!(names.contains(&json!(host)), "{names:?}");
        let webhook = &objects["\"MutatingWebhookConfiguration\" null/\"slicegate\""];
        let client = &webhook["webhooks"][0]["clientConfig"];
        assert_eq!(*client, json!({"url": format!("{url}mutate")}));
    }
}

/// Wrong values, and what the refusal has to name.
const WRONG: &[(&str, &str)] = &[
    ("replica: 3", "replica"),
    ("replicas: 0", "replicas"),
    ("image: {tga: v1}", "tga"),
    ("image: {digest: 'sha256:1'}", "digest"),
    ("certificates: {mode: letsencrypt}", "mode"),
    ("certificates: {mode: files}", "secretName"),
    (
        "certificates: {mode: files, files: {secretName: mine}}",
        "caBundle",
    ),
    (
        "certificates: {certManager: {issuerRef: {kind: Issuer}}}",
        "issuerRef",
    ),
    ("webhook: {timeoutSeconds: 6}", "timeoutSeconds"),
    ("webhook: {failurePolicy: Sometimes}", "failurePolicy"),
    ("webhook: {url: 'http://gpu.example.org'}", "url"),
    (
        "webhook: {url: 'https://gpu.example.org'}",
        "certificates.mode",
    ),
    ("ports: {webhook: 443}", "webhook"),
    ("ports: {webhook: 9000, admin: 9000}", "cannot be the same"),
    ("{hostNetwork: true, ports: {webhook: 10250}}", "kubelet"),
    ("neverMatch: [Kube_System]", "neverMatch"),
    ("policy: {namespaceDefault: off}", "namespaceDefault"),
    ("podLabels: {app.kubernetes.io/name: other}", "podLabels"),
    ("extraArgs: [serve]", "extraArgs"),
    ("extraEnv: [{name: POD_NAME}]", "extraEnv"),
    ("topologySpreadConstraints: [{maxSkew: 1}]", "topologyKey"),
    ("runAsUser: 0", "runAsUser"),
];

pub fn wrong_values_are_refused_by_name(stage: &mut Stage) {
    let Some(helm) = Helm::offline(stage) else {
        return;
    };
    for (values, named) in WRONG {
        let run = helm.release("template", &[], values);
        assert!(run.status != 0, "{values} is taken");
        assert!(run.err.contains(named), "{values}: {}", run.err);
    }
}
