//! `slicegate certs`: what it prints is what kubectl applies, and holds no key but the server's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use slicegate::config::documents;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::GeneralName;

use crate::{Run, slicegate};

/// The objects of a run: Secret and webhook.
#[track_caller]
fn objects(run: &Run) -> [Value; 3] {
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let input = documents::parse("certs", &run.out);
    assert!(input.errors.is_empty(), "{:?}", input.errors);
    let values: Vec<Value> = input.documents.into_iter().map(|d| d.value).collect();
    values.try_into().expect("three objects")
}

fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().expect("text"));
    String::from_utf8(bytes.expect("base64")).expect("PEM")
}

#[test]
fn it_prints_a_secret_and_the_webhooks_that_trust_it() {
    let [secret, mutating, validating] = objects(&slicegate(&["certs"]));
    assert_eq!(secret["kind"], "Secret");
    assert_eq!(secret["metadata"]["name"], "slicegate-tls");
    assert_eq!(secret["metadata"]["namespace"], "slicegate-system");
    for (webhook, kind, path) in [
        (mutating, "MutatingWebhookConfiguration", "/mutate"),
        (validating, "ValidatingWebhookConfiguration", "/validate"),
    ] {
        assert_eq!(webhook["kind"], kind);
        let client = &webhook["webhooks"][0]["clientConfig"];
        assert_eq!(client["caBundle"], secret["data"]["ca.crt"]);
        assert_eq!(client["service"]["path"], path);
        assert!(webhook["metadata"]["annotations"].is_null());
    }
    let data = &secret["data"];
    let all = ["ca.crt", "tls.crt", "tls.key"].map(|key| decoded(&data[key]));
    let keys = all
        .iter()
        .map(|text| text.matches("PRIVATE KEY-----").count());
    assert_eq!(keys.collect::<Vec<_>>(), [0, 0, 2], "only the server's key");
}

#[test]
fn as_json_it_is_one_list_of_the_same() {
    let run = slicegate(&["certs", "-o", "json"]);
    let list: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(list["kind"], "List");
    let kinds: Vec<&Value> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| &i["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            "Secret",
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration"
        ]
    );
}

#[test]
fn the_certificate_bears_every_name_of_the_service_for_so_many_days() {
    let run = slicegate(&["certs", "--namespace=gpus", "--service=gate", "--days=30"]);
    let [secret, webhook, _] = objects(&run);
    let (_, pem) = parse_x509_pem(decoded(&secret["data"]["tls.crt"]).as_bytes()).expect("PEM");
    let certificate = pem.parse_x509().expect("a certificate");
    let names = certificate
        .subject_alternative_name()
        .expect("names")
        .expect("names");
    let names: Vec<&str> = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [
            "gate",
            "gate.gpus",
            "gate.gpus.svc",
            "gate.gpus.svc.cluster.local"
        ]
    );
    let left = certificate
        .validity()
        .time_to_expiration()
        .expect("it is good");
    assert_eq!((left.whole_hours() + 1) / 24, 30);
    let service = &webhook["webhooks"][0]["clientConfig"]["service"];
    assert_eq!(
        (&service["namespace"], &service["name"]),
        (&"gpus".into(), &"gate".into())
    );
    let never = &webhook["webhooks"][0]["namespaceSelector"]["matchExpressions"][0]["values"];
    assert_eq!(
        *never,
        serde_json::json!(["kube-system", "gpus", "gpu-operator"])
    );
    assert_eq!(secret["metadata"]["namespace"], "gpus");
}

#[test]
fn each_run_makes_another_key() {
    let [first, second] = [(), ()].map(|()| {
        objects(&slicegate(&["certs"]))
            .into_iter()
            .next()
            .expect("a Secret")
    });
    assert_ne!(first["data"]["tls.key"], second["data"]["tls.key"]);
}

#[test]
fn what_is_no_name_and_no_time_is_bad_usage() {
    for flag in [
        "--namespace=Team A",
        "--service=a.b",
        "--days=0",
        "--days=99999999",
    ] {
        let run = slicegate(&["certs", flag]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{flag}");
        let name = flag.split('=').next().expect("a flag");
        assert!(run.err.contains(name), "{flag}: {}", run.err);
    }
}
