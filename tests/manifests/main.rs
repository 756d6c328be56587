//! The manifests people apply: what is generated stands in its file, and the files fit one another.
//!
//! `SLICEGATE_BLESS=1 cargo test --test manifests` writes what is generated, for a person to read in the diff.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slicegate::config::{documents, policy};
use slicegate::engine::{NeverMatched, words};
use slicegate::guard;
use slicegate::manifests::{self, NAMESPACE, Service, TLS_SECRET, Trust};
use slicegate::yaml;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares with a file of the repository; with `SLICEGATE_BLESS` set it becomes what the file says.
#[track_caller]
fn check_golden(name: &str, text: &str) {
    if std::env::var_os("SLICEGATE_BLESS").is_some() {
        fs::write(file(name), text).expect("a writable folder");
    }
    let expected = fs::read_to_string(file(name)).unwrap_or_default();
    assert_eq!(text, expected, "{name}; SLICEGATE_BLESS=1 takes it over");
}

/// Every object of a folder, file by file.
fn objects(folder: &str) -> Vec<Value> {
    let entries = fs::read_dir(file(folder)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    let mut objects = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("text");
        let input = documents::parse(&path.display().to_string(), &text);
        assert!(input.errors.is_empty(), "{:?}", input.errors);
        objects.extend(input.documents.into_iter().map(|d| d.value));
    }
    objects
}

#[track_caller]
fn one(objects: &[Value], kind: &str, name: &str) -> Value {
    let is = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
    let mut found = objects.iter().filter(is);
    let object = found.next().unwrap_or_else(|| panic!("no {kind} {name}"));
    assert!(found.next().is_none(), "two of {kind} {name}");
    object.clone()
}

const GENERATED: &str = "# Generated from the signs in src/engine/touches; SLICEGATE_BLESS=1 cargo test --test manifests
# writes it anew. cert-manager fills in caBundle; without cert-manager, slicegate certs prints this object
# with a caBundle of its own (see certs/README.md).
#
# The expression is wide on purpose: it names every pod slicegate may have to say something about, in any
# namespace. Whether it acts there is the namespace's annotation slicegate.dev/mode.
";

#[test]
fn the_registration_stands_in_its_file() {
    let never = NeverMatched::default();
    let (service, trust) = (Service::default(), Trust::CertManager("slicegate"));
    for (name, object) in [
        (
            "mutating",
            manifests::mutating_webhook(service, trust, &never),
        ),
        (
            "validating",
            manifests::validating_webhook(service, trust, &never),
        ),
    ] {
        let text = yaml::write(&object).expect("YAML");
        let path = format!("webhook-config/{name}-webhook.yaml");
        check_golden(&path, &format!("{GENERATED}{text}"));
    }
}

const GUARD: &str = "# The guard for the built-in policy: slicegate guard --policy FILE prints it for another. Generated from the rules in
# src/engine; SLICEGATE_BLESS=1 cargo test --test manifests writes it anew. Needs Kubernetes 1.30.
#
# With slicegate away, pods that take GPUs in enforced namespaces are refused, and so is every way around the request
# there; slicegate's labels are protected everywhere; nobody else notices. Before 1.36 whoever forges a complete stamp
# gets past it while slicegate is away: guard-1.36.yaml closes that.
";

const GUARD_1_36: &str = "# The part of the guard that needs Kubernetes 1.36 (MutatingAdmissionPolicy v1), apart because an older API server does
# not know the kind; all else is in guard.yaml. It takes the receipt from what users send, so that only the webhook
# can put it back. Generated; SLICEGATE_BLESS=1 cargo test --test manifests writes it anew.
";

#[test]
fn the_guard_for_the_built_in_policy_stands_in_its_files() {
    let policy = policy::built_in().expect("the built-in policy is valid");
    for (name, head, objects) in [
        (
            "guard",
            GUARD,
            guard::validating(&policy, &NeverMatched::default()),
        ),
        ("guard-1.36", GUARD_1_36, guard::mutating(&policy)),
    ] {
        let documents: Vec<String> = objects
            .iter()
            .map(|o| yaml::write(o).expect("YAML"))
            .collect();
        let path = format!("webhook-config/{name}.yaml");
        check_golden(&path, &format!("{head}{}", documents.join("---\n")));
    }
}

const DEFINITION: &str = "# The kind SharingPolicy. Generated from the tables and limits of the policy reader in src/config/policy;
# SLICEGATE_BLESS=1 cargo test --test manifests writes it anew. What it refuses slicegate would refuse; slicegate
# has the last word on the rest, as the condition Accepted of the object named default says.
";

#[test]
fn the_definition_of_the_policys_kind_stands_in_its_file() {
    let schema = policy::schema().expect("the built-in policy is valid");
    let definition = manifests::sharing_policies(&schema);
    let text = yaml::write(&definition).expect("YAML");
    check_golden(
        "webhook-config/05-sharing-policy.yaml",
        &format!("{DEFINITION}{text}"),
    );
    let built_in = documents::parse("built-in", policy::DEFAULT_TEXT).documents;
    let of_policy = &built_in[0].value;
    let version = format!("{}/{}", manifests::GROUP, manifests::VERSION);
    assert_eq!(of_policy["apiVersion"], version);
    assert_eq!(of_policy["kind"], manifests::KIND);
}

#[test]
fn the_policy_that_is_installed_is_the_built_in_one() {
    let mut text = "# The built-in policy, as slicegate policy default prints it: change it here. A bad policy never replaces a good\n# one; slicegate policy check says what is wrong before you apply it.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: slicegate-policy\n  namespace: slicegate-system\n  labels: {app.kubernetes.io/name: slicegate}\ndata:\n  policy.yaml: |\n".to_owned();
    for line in policy::DEFAULT_TEXT.lines() {
        let indent = if line.is_empty() { "" } else { "    " };
        text.push_str(&format!("{indent}{line}\n"));
    }
    check_golden("webhook-config/20-policy.yaml", &text);
    let map = one(&objects("webhook-config"), "ConfigMap", "slicegate-policy");
    assert_eq!(map["data"]["policy.yaml"], policy::DEFAULT_TEXT);
}

#[test]
fn everything_is_in_the_namespace_that_comes_first() {
    let objects = objects("webhook-config");
    assert_eq!(objects[0]["kind"], "Namespace");
    assert_eq!(objects[0]["metadata"]["name"], NAMESPACE);
    for object in &objects[1..] {
        let kind = object["kind"].as_str().expect("a kind");
        let is_global = kind.ends_with("WebhookConfiguration")
            || kind.contains("AdmissionPolicy")
            || ["ClusterRole", "CustomResourceDefinition"].contains(&kind);
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
    let deployment = one(&objects, "Deployment", "slicegate");
    let template = &deployment["spec"]["template"];
    let (selector, labels) = (
        &service["spec"]["selector"],
        &template["metadata"]["labels"],
    );
    for (key, value) in selector.as_object().expect("a selector") {
        assert_eq!(&labels[key], value);
    }
    let container = &template["spec"]["containers"][0];
    let ports = container["ports"].as_array().expect("ports");
    let target = ports.iter().find(|p| p["name"] == port["targetPort"]);
    assert_eq!(target.expect("the port")["containerPort"], 8443);
}

#[test]
fn every_flag_of_the_server_is_one_and_every_file_is_mounted() {
    let deployment = one(&objects("webhook-config"), "Deployment", "slicegate");
    let spec = &deployment["spec"]["template"]["spec"];
    let container = &spec["containers"][0];
    let args: Vec<&str> = container["args"]
        .as_array()
        .expect("args")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(args[0], "serve");
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(["serve", "--help"])
        .output()
        .expect("the binary runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let mounts: Vec<&str> = container["volumeMounts"]
        .as_array()
        .expect("mounts")
        .iter()
        .filter_map(|m| m["mountPath"].as_str())
        .collect();
    for arg in &args[1..] {
        let (flag, value) = arg.split_once('=').expect("a flag with its value");
        assert!(help.contains(&format!("{flag} ")), "{flag}");
        let folder = value.rsplit_once('/').map(|(folder, _)| folder);
        assert!(folder.is_none_or(|f| mounts.contains(&f)), "{value}");
    }
}

#[test]
fn who_may_adopt_may_patch_pods_and_has_the_verb_the_guard_asks_for() {
    let role = one(&objects("webhook-config"), "ClusterRole", "slicegate-adopt");
    let rules = role["rules"].as_array().expect("rules");
    let allows = |group: &str, resource: &str, verb: &str| {
        let has = |rule: &Value, field: &str, word: &str| {
            let words = rule[field].as_array().expect("a list");
            words.iter().any(|w| w == word)
        };
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
fn who_may_see_what_the_doctor_sees_may_change_nothing_and_reads_no_secret() {
    let objects = objects("webhook-config");
    let role = one(&objects, "ClusterRole", "slicegate-doctor");
    for rule in role["rules"].as_array().expect("rules") {
        let words = |field: &str| rule[field].as_array().cloned().unwrap_or_default();
        let asks = words("resources") == ["subjectaccessreviews"] && words("verbs") == ["create"];
        let reads = words("verbs").iter().all(|v| v == "get" || v == "list");
        assert!(asks || reads, "{rule}");
        assert!(!words("resources").iter().any(|r| r == "secrets"), "{rule}");
    }
    let tries = one(&objects, "ClusterRole", "slicegate-doctor-try");
    let rules = tries["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0]["verbs"][0], "create");
    assert_eq!(rules[0]["resources"], serde_json::json!(["pods"]));
}

#[test]
fn both_ways_to_a_certificate_make_the_secret_the_server_reads() {
    let deployment = one(&objects("webhook-config"), "Deployment", "slicegate");
    let volumes = &deployment["spec"]["template"]["spec"]["volumes"];
    let mut secrets = volumes
        .as_array()
        .expect("volumes")
        .iter()
        .filter_map(|v| v["secret"]["secretName"].as_str());
    assert_eq!(secrets.next(), Some(TLS_SECRET));
    let certificate = one(&objects("certs"), "Certificate", "slicegate");
    assert_eq!(certificate["metadata"]["namespace"], NAMESPACE);
    assert_eq!(certificate["spec"]["secretName"], TLS_SECRET);
    let names: Vec<String> =
        serde_json::from_value(certificate["spec"]["dnsNames"].clone()).expect("names");
    assert_eq!(names, Service::default().dns_names());
    let webhook = one(
        &objects("webhook-config"),
        "MutatingWebhookConfiguration",
        "slicegate",
    );
    let from = &webhook["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
    assert_eq!(*from, format!("{NAMESPACE}/slicegate"));
    assert!(words::NEVER_MATCHED.contains(&NAMESPACE));
}

#[test]
fn no_key_is_in_the_repositorys_manifests() {
    for folder in ["certs", "webhook-config"] {
        for entry in fs::read_dir(file(folder)).expect("a folder") {
            let text = fs::read_to_string(entry.expect("an entry").path()).expect("text");
            assert!(
                !text.contains("PRIVATE KEY") && !text.contains("tls.key:"),
                "{text}"
            );
        }
    }
}
