//! The files of `webhook-config` and `certs` fit one another, and grant what slicegate does and no more.

use std::fs;

use serde_json::{Value, json};
use slicegate::config::documents;
use slicegate::engine::vocabulary::names;
use slicegate::manifests::{NAMESPACE, Service, TLS_SECRET};

use super::{file, objects, one};

fn deployment() -> Value {
    one(&objects("webhook-config"), "Deployment", "slicegate")
}

fn arguments(container: &Value) -> Vec<String> {
    serde_json::from_value(container["args"].clone()).expect("args")
}

#[test]
fn everything_is_in_the_namespace_that_comes_first() {
    let objects = objects("webhook-config");
    assert_eq!(objects[0]["kind"], "Namespace");
    assert_eq!(objects[0]["metadata"]["name"], NAMESPACE);
    for object in &objects[1..] {
        let kind = object["kind"].as_str().expect("a kind");
        let is_global = kind.ends_with("WebhookConfiguration")
            || kind.starts_with("Cluster")
            || kind == "CustomResourceDefinition";
        let namespace = &object["metadata"]["namespace"];
        assert!(is_global || *namespace == NAMESPACE, "{object}");
    }
    let kinds: Vec<&str> = objects.iter().filter_map(|o| o["kind"].as_str()).collect();
    assert!(
        kinds.ends_with(&[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration"
        ]),
        "nobody is asked before there is somebody to ask: {kinds:?}"
    );
}

#[test]
fn everything_bears_slicegates_name() {
    for folder in ["webhook-config", "certs/cert-manager"] {
        for object in objects(folder).iter().filter(|o| is_made(o)) {
            let name = &object["metadata"]["labels"]["app.kubernetes.io/name"];
            assert_eq!(name, "slicegate", "{object}");
        }
    }
}

/// What reaches a cluster, in contrast to what says how.
fn is_made(object: &Value) -> bool {
    object["kind"] != "Kustomization"
}

/// In a cluster slicegate keeps it, for the policy in force; applied from here it would go back to the built-in one.
#[test]
fn the_guard_is_not_applied_with_the_manifests() {
    for object in objects("webhook-config") {
        let kind = object["kind"].as_str().expect("a kind");
        assert!(!kind.contains("AdmissionPolicy"), "{kind}");
    }
}

#[test]
fn who_builds_on_the_manifests_gets_all_of_them() {
    let text = fs::read_to_string(file("webhook-config/Kustomization")).expect("text");
    let mut listed: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("- ")).collect();
    listed.sort_unstable();
    let entries = fs::read_dir(file("webhook-config")).expect("a folder");
    let names = entries.map(|e| e.expect("an entry").file_name());
    let names = names.map(|n| n.to_string_lossy().into_owned());
    let mut there: Vec<String> = names.filter(|n| n.ends_with(".yaml")).collect();
    there.sort();
    assert_eq!(listed, there, "webhook-config/Kustomization lists them");
}

#[test]
fn the_webhook_leads_through_the_service_to_the_port_of_the_server() {
    let objects = objects("webhook-config");
    let webhook = one(&objects, "MutatingWebhookConfiguration", "slicegate");
    let client = &webhook["webhooks"][0]["clientConfig"]["service"];
    let service = one(
        &objects,
        "Service",
        client["name"].as_str().expect("a name"),
    );
    assert_eq!(service["metadata"]["namespace"], client["namespace"]);
    let port = &service["spec"]["ports"][0];
    assert_eq!(port["port"], client["port"]);
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let ports = container["ports"].as_array().expect("ports");
    let target = ports.iter().find(|p| p["name"] == port["targetPort"]);
    assert_eq!(target.expect("the port")["containerPort"], 8443);
}

#[test]
fn whatever_selects_slicegates_pods_selects_them() {
    let objects = objects("webhook-config");
    let deployment = deployment();
    let template = &deployment["spec"]["template"];
    let wishes = "/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution";
    let wishes = template.pointer(wishes).and_then(Value::as_array);
    let wishes = wishes
        .expect("wishes")
        .iter()
        .map(|w| &w["podAffinityTerm"]);
    let over: Vec<&Value> = wishes.clone().map(|term| &term["topologyKey"]).collect();
    assert_eq!(
        over,
        ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    );
    let selectors = wishes.map(|term| term["labelSelector"]["matchLabels"].clone());
    let mut selectors: Vec<Value> = selectors.collect();
    selectors.push(deployment["spec"]["selector"]["matchLabels"].clone());
    for (kind, path) in [
        ("Service", "/spec/selector"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
    ] {
        let object = one(&objects, kind, "slicegate");
        selectors.push(object.pointer(path).expect("a selector").clone());
    }
    for selector in selectors {
        for (key, value) in selector.as_object().expect("a selector") {
            assert_eq!(template["metadata"]["labels"][key], *value);
        }
    }
}

#[test]
fn the_network_policy_and_the_probes_name_the_ports_of_the_server() {
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let ports = container["ports"].as_array().expect("ports");
    let mut named = Vec::new();
    let policy = one(&objects("webhook-config"), "NetworkPolicy", "slicegate");
    for rule in policy["spec"]["ingress"].as_array().expect("rules") {
        named.push(rule["ports"][0]["port"].clone());
    }
    assert_eq!(named.len(), ports.len());
    for probe in ["livenessProbe", "readinessProbe"] {
        named.push(container[probe]["httpGet"]["port"].clone());
    }
    for name in named {
        assert!(ports.iter().any(|p| p["name"] == name), "{name}");
    }
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]));
}

#[test]
fn the_server_and_both_webhooks_leave_out_the_same_namespaces() {
    let objects = objects("webhook-config");
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let arguments = arguments(container);
    let told = arguments
        .iter()
        .find_map(|a| a.strip_prefix("--never-match="));
    let told: Vec<&str> = told.expect("the flag").split(',').collect();
    assert_eq!(told, names::EXCLUDED_NAMESPACES);
    for kind in ["Mutating", "Validating"] {
        let webhook = one(
            &objects,
            &format!("{kind}WebhookConfiguration"),
            "slicegate",
        );
        let selector = &webhook["webhooks"][0]["namespaceSelector"];
        assert_eq!(selector["matchExpressions"][0]["values"], json!(told));
    }
}

#[test]
fn every_flag_of_the_server_is_one() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(["serve", "--help"])
        .output()
        .expect("the binary runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let known: Vec<&str> = help.split_whitespace().collect();
    let patch = one(&objects("certs/mounted"), "Deployment", "slicegate");
    for deployment in [deployment(), patch] {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let arguments = arguments(container);
        assert_eq!(arguments[0], "serve");
        for argument in &arguments[1..] {
            let flag = argument.split('=').next().unwrap_or_default();
            assert!(known.contains(&flag), "{flag} is no flag of serve");
        }
    }
}

#[test]
fn every_file_the_server_is_told_of_is_mounted() {
    let patch = one(&objects("certs/mounted"), "Deployment", "slicegate");
    let container = &patch["spec"]["template"]["spec"]["containers"][0];
    let mounts = container["volumeMounts"].as_array().expect("mounts");
    let mounted = |folder: &str| mounts.iter().any(|m| m["mountPath"] == folder);
    let arguments = arguments(container);
    let files: Vec<&str> = arguments
        .iter()
        .filter_map(|a| a.split_once('=')?.1.rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    assert_eq!(files.len(), 2, "certificate and key");
    assert!(files.iter().all(|folder| mounted(folder)), "{files:?}");
    let usual = deployment();
    let usual = &usual["spec"]["template"]["spec"];
    assert!(usual["volumes"].is_null(), "by itself it needs no file");
}

/// The patch replaces the list as a whole, so nothing else would carry a change of the others over.
#[test]
fn a_certificate_from_files_changes_no_other_argument() {
    let is_other = |a: &String| !a.starts_with("--tls-");
    let others = |deployment: &Value| -> Vec<String> {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        arguments(container).into_iter().filter(is_other).collect()
    };
    let patch = one(&objects("certs/mounted"), "Deployment", "slicegate");
    assert_eq!(others(&patch), others(&deployment()));
}

/// They name rules by where they stand, which every new rule moves.
#[test]
fn a_certificate_from_files_takes_the_rights_away_that_it_names() {
    let text = fs::read_to_string(file("certs/mounted/kustomization.yaml")).expect("text");
    let component = documents::parse("component", &text)
        .documents
        .remove(0)
        .value;
    let patches = component["patches"].as_array().expect("patches");
    let mut tried = 0;
    for patch in patches.iter().filter(|p| p["target"].is_object()) {
        let word = |key: &str| patch["target"][key].as_str().expect("a word");
        let mut role = one(&objects("webhook-config"), word("kind"), word("name"));
        let operations = documents::parse("patch", patch["patch"].as_str().expect("operations"));
        let operations = &operations.documents[0].value;
        let operations: json_patch::Patch =
            serde_json::from_value(operations.clone()).expect("RFC 6902");
        json_patch::patch(&mut role, &operations).expect("it finds what it tests for");
        let rules = role["rules"].as_array().expect("rules");
        let writes_authority = |rule: &Value| {
            has(rule, "resources", "mutatingwebhookconfigurations") && has(rule, "verbs", "patch")
        };
        let is_left = |rule: &Value| has(rule, "resources", "secrets") || writes_authority(rule);
        assert!(!rules.iter().any(is_left), "{role}");
        tried += 1;
    }
    assert_eq!(tried, 2);
}

fn rules(kind: &str, name: &str) -> Vec<Value> {
    let role = one(&objects("webhook-config"), kind, name);
    role["rules"].as_array().expect("rules").clone()
}

fn has(rule: &Value, field: &str, word: &str) -> bool {
    let words = rule[field].as_array();
    words.is_some_and(|words| words.iter().any(|w| w == word))
}

#[test]
fn slicegate_has_no_right_to_pods_and_to_other_secrets_and_deletes_nothing() {
    let cluster = rules("ClusterRole", "slicegate");
    let own = rules("Role", "slicegate");
    for rule in cluster.iter().chain(&own) {
        for field in ["apiGroups", "resources", "verbs", "resourceNames"] {
            assert!(!has(rule, field, "*"), "{rule}");
        }
        for verb in [
            "delete",
            "deletecollection",
            "impersonate",
            "escalate",
            "bind",
        ] {
            assert!(!has(rule, "verbs", verb), "{rule}");
        }
        assert!(!has(rule, "resources", "pods"), "{rule}");
        let named = rule["resourceNames"]
            .as_array()
            .is_some_and(|n| n.len() == 1);
        // Nothing can be created by name, and what is in all namespaces is read by kind.
        let creates = rule["verbs"] == json!(["create"]);
        assert!(named || creates || !own.contains(rule), "{rule}");
        let configures = has(rule, "resources", "validatingwebhookconfigurations");
        assert!(named || !configures, "{rule}");
    }
    assert!(!cluster.iter().any(|rule| has(rule, "resources", "secrets")));
}

#[test]
fn the_rights_are_bound_to_the_account_the_pods_run_as() {
    let objects = objects("webhook-config");
    let deployment = deployment();
    let account = &deployment["spec"]["template"]["spec"]["serviceAccountName"];
    one(
        &objects,
        "ServiceAccount",
        account.as_str().expect("a name"),
    );
    for kind in ["ClusterRole", "Role"] {
        one(&objects, kind, "slicegate");
        let binding = one(&objects, &format!("{kind}Binding"), "slicegate");
        assert_eq!(binding["roleRef"]["kind"], kind);
        assert_eq!(binding["roleRef"]["name"], "slicegate");
        assert_eq!(
            binding["subjects"],
            json!([{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}])
        );
    }
}

#[test]
fn who_may_adopt_may_patch_pods_and_has_the_verb_the_guard_asks_for() {
    let role = one(&objects("webhook-config"), "ClusterRole", "slicegate-adopt");
    let rules = rules("ClusterRole", "slicegate-adopt");
    let allows = |group: &str, resource: &str, verb: &str| {
        rules.iter().any(|rule| {
            has(rule, "apiGroups", group)
                && has(rule, "resources", resource)
                && has(rule, "verbs", verb)
        })
    };
    assert!(allows("", "pods", "patch"));
    assert!(allows("slicegate.dev", "pods", "adopt"));
    assert!(!allows("", "pods", "create") && !allows("", "pods", "update"));
    assert!(
        role["aggregationRule"].is_null()
            && role["metadata"]["labels"]
                .as_object()
                .is_some_and(|labels| labels.keys().all(|key| !key.contains("aggregate-to")))
    );
}

#[test]
fn every_way_to_a_certificate_makes_the_secret_the_server_reads() {
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let flag = format!("--tls-secret={TLS_SECRET}");
    assert!(arguments(container).contains(&flag));
    let kept = rules("Role", "slicegate");
    let reads = |rule: &&Value| has(rule, "resources", "secrets") && has(rule, "verbs", "update");
    let rule = kept.iter().find(reads).expect("a rule");
    assert_eq!(rule["resourceNames"], json!([TLS_SECRET]));

    let patch = one(&objects("certs/mounted"), "Deployment", "slicegate");
    let volume = &patch["spec"]["template"]["spec"]["volumes"][0];
    assert_eq!(volume["secret"]["secretName"], TLS_SECRET);
    let certificate = one(&objects("certs/cert-manager"), "Certificate", "slicegate");
    assert_eq!(certificate["metadata"]["namespace"], NAMESPACE);
    assert_eq!(certificate["spec"]["secretName"], TLS_SECRET);
    let names: Vec<String> =
        serde_json::from_value(certificate["spec"]["dnsNames"].clone()).expect("names");
    assert_eq!(names, Service::default().dns_names());
    assert!(names::EXCLUDED_NAMESPACES.contains(&NAMESPACE));
}

#[test]
fn no_key_is_in_the_repositorys_manifests() {
    for folder in [
        "certs/cert-manager",
        "certs/files",
        "certs/mounted",
        "webhook-config",
        "charts/slicegate",
        "charts/slicegate/templates",
    ] {
        for entry in fs::read_dir(file(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let text = fs::read_to_string(path).expect("text");
                assert!(
                    !text.contains("PRIVATE KEY") && !text.contains("tls.key:"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn who_may_see_what_the_doctor_or_an_audit_sees_may_change_nothing_and_reads_no_secret() {
    let objects = objects("webhook-config");
    let doctor = one(&objects, "ClusterRole", "slicegate-doctor");
    reads_alone(&doctor);
    reads_alone(&one(&objects, "ClusterRole", "slicegate-audit"));
    let tries = one(&objects, "ClusterRole", "slicegate-doctor-try");
    let rules = tries["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0]["verbs"], json!(["create"]));
    assert_eq!(rules[0]["resources"], json!(["pods"]));
}

#[track_caller]
fn reads_alone(role: &Value) {
    for rule in role["rules"].as_array().expect("rules") {
        let words = |field: &str| rule[field].as_array().cloned().unwrap_or_default();
        let asks = words("resources") == ["subjectaccessreviews"] && words("verbs") == ["create"];
        let reads = words("verbs").iter().all(|v| v == "get" || v == "list");
        assert!(asks || reads, "{rule}");
        // Whoever may see everything may see secrets.
        for field in ["apiGroups", "resources", "verbs", "nonResourceURLs"] {
            let is_wide = |word: &Value| word.as_str().is_none_or(|w| w.contains('*'));
            assert!(!words(field).iter().any(is_wide), "{rule}");
        }
        let is_secret = |r: &Value| r.as_str().is_none_or(|r| r.starts_with("secrets"));
        assert!(!words("resources").iter().any(is_secret), "{rule}");
    }
    assert!(role["aggregationRule"].is_null(), "its rules are all of it");
}
