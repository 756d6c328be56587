//! The manifests people apply: what is generated stands in its file, and the files fit one another.
//!
//! `SLICEGATE_BLESS=1 cargo test --test manifests` writes what is generated, for a person to read in the diff.

mod chart;
mod image;
mod installation;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slicegate::cel::guard;
use slicegate::config::{documents, policy};
use slicegate::engine::{ExcludedNamespaces, RuntimeClasses};
use slicegate::manifests::{self, CaBundleSource, Service};
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

const GENERATED: &str = "# Generated from the indicators in src/engine/relevance; SLICEGATE_BLESS=1 cargo test --test manifests
# updates it. slicegate fills in caBundle itself. If you apply this file again, caBundle stays. For cert-manager, or
# your own certificate, see certs/README.md.
#
# The expression is wide on purpose: it matches every pod that may concern slicegate, in any namespace. The
# namespace's annotation slicegate.dev/mode decides whether slicegate acts there.
";

#[test]
fn the_registration_stands_in_its_file() {
    let never = ExcludedNamespaces::default();
    let (service, trust) = (Service::default(), CaBundleSource::OwnAuthority);
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

const GUARD: &str = "# The guard for the built-in policy, for reading only: in a cluster, slicegate maintains the guard for the policy in force.
# slicegate guard --policy FILE prints it for another policy. Generated from the rules in src/engine; SLICEGATE_BLESS=1
# cargo test --test manifests updates it. Needs Kubernetes 1.30.
#
# While slicegate is down, the guard denies GPU pods in enforced namespaces, and every way around the request there. It
# protects slicegate's labels in all namespaces. It does not affect other pods. Before Kubernetes 1.36, a user who forges
# all of slicegate's labels and its receipt can pass the guard while slicegate is down. guard-1.36.yaml closes this gap.
";

const GUARD_1_36: &str = "# The part of the guard that needs Kubernetes 1.36 (MutatingAdmissionPolicy v1). It is a separate file, because an older
# API server does not know the kind. The rest is in guard.yaml. It removes the receipt from pods that users send, so that
# only the webhook can add it. Generated; SLICEGATE_BLESS=1 cargo test --test manifests updates it.
";

#[test]
fn the_guard_for_the_built_in_policy_stands_in_its_files() {
    let policy = policy::built_in().expect("the built-in policy is valid");
    for (name, head, objects) in [
        (
            "guard",
            GUARD,
            guard::validating(
                &policy,
                &ExcludedNamespaces::default(),
                &RuntimeClasses::default(),
            ),
        ),
        ("guard-1.36", GUARD_1_36, guard::mutating(&policy)),
    ] {
        let documents: Vec<String> = objects
            .iter()
            .map(|o| yaml::write(o).expect("YAML"))
            .collect();
        let path = format!("examples/guard/{name}.yaml");
        check_golden(&path, &format!("{head}{}", documents.join("---\n")));
    }
}

const DEFINITION: &str = "# The kind SharingPolicy. Generated from the type that the policy reader in src/config/policy fills;
# SLICEGATE_BLESS=1 cargo test --test manifests writes it anew. What it refuses slicegate would refuse; slicegate
# has the last word on the rest, as the condition Accepted of the object named default says.
";

#[test]
fn the_definition_of_the_policys_kind_stands_in_its_file() {
    let definition = policy::definition().expect("a definition");
    let text = yaml::write(&definition).expect("YAML");
    check_golden(
        "webhook-config/05-sharing-policy.yaml",
        &format!("{DEFINITION}{text}"),
    );
    let built_in = documents::parse("built-in", policy::DEFAULT_TEXT).documents;
    let of_policy = &built_in[0].value;
    let version = format!("{}/{}", policy::GROUP, policy::VERSION);
    assert_eq!(of_policy["apiVersion"], version);
    assert_eq!(of_policy["kind"], policy::KIND);
}

#[test]
fn the_registration_says_whom_to_trust_in_three_ways() {
    let service = Service::default();
    let never = ExcludedNamespaces::default();
    for make in [manifests::mutating_webhook, manifests::validating_webhook] {
        let bundle = |o: &Value| o["webhooks"][0]["clientConfig"]["caBundle"].clone();
        let kept = make(service, CaBundleSource::OwnAuthority, &never);
        assert!(kept["metadata"]["annotations"].is_null() && bundle(&kept).is_null());
        let injected = make(service, CaBundleSource::CertManager("slicegate"), &never);
        let from = &injected["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
        assert_eq!(from, "slicegate-system/slicegate");
        assert!(bundle(&injected).is_null());
        let given = make(service, CaBundleSource::Authority("a certificate"), &never);
        assert!(given["metadata"]["annotations"].is_null());
        assert_eq!(bundle(&given), "YSBjZXJ0aWZpY2F0ZQ==");
    }
}
