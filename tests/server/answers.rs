//! What is answered: the uid always, the patch as base64, a sentence to whoever sends something else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::version;

use super::client::{Connection, Dialect, config};
use super::process::Server;
use super::world::{attack, pod, review};

#[track_caller]
fn patch(response: &Value) -> Value {
    assert_eq!(response["patchType"], "JSONPatch");
    let patch = response["patch"].as_str().expect("base64, not numbers");
    let patch = STANDARD.decode(patch).expect("base64");
    serde_json::from_slice(&patch).expect("JSON")
}

#[test]
fn a_pod_is_rewritten_refused_or_left_and_the_answer_carries_its_uid() {
    let server = Server::start();
    let mut connection = Connection::to(&server);

    let answer = connection.review(&review("uid-1", "inference", &pod()));
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    let response = &answer["response"];
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("uid-1"), &json!(true))
    );
    let patch = patch(response);
    let patch: json_patch::Patch = serde_json::from_value(patch).expect("a patch");
    let mut rewritten = pod();
    json_patch::patch(&mut rewritten, &patch).expect("it applies");
    let limits = &rewritten["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!(limits, &json!({"nvidia.com/gpu.shared": "1"}));

    let answer = connection.review(&review("uid-2", "inference", &attack()));
    let response = &answer["response"];
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("uid-2"), &json!(false))
    );
    let status = &response["status"];
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(403), &json!("Forbidden"))
    );
    let message = status["message"].as_str().expect("a message");
    assert!(message.contains("[visible-devices]"), "{message}");
    assert!(message.lines().next().expect("a line").chars().count() <= 200);
    assert!(response.get("patch").is_none());

    let answer = connection.review(&review("uid-3", "legacy", &attack()));
    assert_eq!(answer["response"], json!({"uid": "uid-3", "allowed": true}));
}

#[test]
fn dry_run_says_and_records_what_enforcing_would_do_and_changes_nothing() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    for (object, said, record) in [
        (
            pod(),
            "slicegate dry-run: this pod would be given mps",
            "mps-user (warn)",
        ),
        (
            attack(),
            "slicegate dry-run: this pod would be refused",
            "visible-devices (deny)",
        ),
    ] {
        let answer = connection.review(&review("uid", "trial", &object));
        let response = &answer["response"];
        assert_eq!(response["allowed"], true);
        assert!(response.get("patch").is_none(), "{response}");
        assert_eq!(response["warnings"][0], said);
        let written = response["auditAnnotations"]["dry-run"].as_str();
        let written = written.expect("a record");
        assert!(
            written.starts_with(said) && written.contains(record),
            "{written}"
        );
    }
}

#[test]
fn what_creates_no_pod_passes_unlooked_at() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let change = |pointer: &str, value: Value| {
        let mut review = review("uid", "inference", &attack());
        *review.pointer_mut(pointer).expect("a field") = value;
        review
    };
    let mut of_part = review("uid", "inference", &attack());
    of_part["request"]["subResource"] = json!("ephemeralcontainers");
    for review in [
        change("/request/operation", json!("UPDATE")),
        change("/request/operation", json!("DELETE")),
        change("/request/object", Value::Null),
        change("/request/resource/resource", json!("deployments")),
        change("/request/resource/group", json!("example.com")),
        of_part,
    ] {
        let answer = connection.review(&review);
        assert_eq!(answer["response"], json!({"uid": "uid", "allowed": true}));
    }
}

#[test]
fn an_object_that_is_no_pod_is_refused_where_slicegate_enforces_and_passes_elsewhere() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let object = json!({"spec": {"containers": "none"}});
    let answer = connection.review(&review("uid-1", "inference", &object));
    let response = &answer["response"];
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("uid-1"), &json!(false))
    );
    assert_eq!(response["status"]["code"], 403);
    for namespace in ["legacy", "trial", "kube-system", "nobody-knows-it"] {
        let answer = connection.review(&review("uid-2", namespace, &object));
        let response = &answer["response"];
        assert_eq!(
            (&response["uid"], &response["allowed"]),
            (&json!("uid-2"), &json!(true))
        );
        let warning = response["warnings"][0].as_str().expect("a warning");
        assert!(warning.contains("not judged"), "{warning}");
    }
}

#[test]
fn what_is_no_review_is_told_so_in_a_sentence() {
    let server = Server::start();
    let good = review("uid", "inference", &pod()).to_string();
    let old = good.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    let json = "application/json";
    let cases: [(&str, &str, &[u8], u16, &str); 11] = [
        ("POST /mutate", json, b"", 400, "no AdmissionReview"),
        ("POST /mutate", json, b"{\"request\":", 400, "EOF"),
        ("POST /mutate", json, b"[]", 400, "no AdmissionReview"),
        ("POST /mutate", json, b"{}", 400, "missing field `request`"),
        ("POST /mutate", json, b"\xff\xfe", 400, "not UTF-8"),
        (
            "POST /mutate",
            json,
            &good.as_bytes()[..good.len() - 9],
            400,
            "EOF",
        ),
        (
            "POST /mutate",
            json,
            old.as_bytes(),
            400,
            "only admission.k8s.io/v1 is answered",
        ),
        (
            "POST /mutate",
            "text/plain",
            good.as_bytes(),
            415,
            "application/json",
        ),
        ("POST /mutate", "", good.as_bytes(), 415, "application/json"),
        ("GET /mutate", json, b"", 405, "POST /mutate"),
        ("POST /other", json, good.as_bytes(), 404, "POST /mutate"),
    ];
    for (line, content_type, body, status, said) in cases {
        let response = Connection::to(&server).request(line, content_type, body);
        assert_eq!(
            response.status, status,
            "{line} {content_type}: {response:?}"
        );
        assert!(response.body.starts_with("slicegate: "), "{response:?}");
        assert!(response.body.contains(said), "{said}: {response:?}");
    }
    let parameters = "Application/JSON; charset=utf-8";
    let response = Connection::to(&server).request("POST /mutate", parameters, good.as_bytes());
    assert_eq!(response.status, 200);
}

#[test]
fn tls_1_2_and_1_3_are_spoken() {
    let server = Server::start();
    for (version, name) in [(&version::TLS12, "TLSv1_2"), (&version::TLS13, "TLSv1_3")] {
        let dialect = Dialect {
            version: Some(version),
            ..Dialect::default()
        };
        let config = config(&server.path("certificates/ca.crt"), dialect);
        let mut connection = Connection::with(server.webhook, config).expect("a connection");
        assert_eq!(connection.version(), name);
        let answer = connection.review(&review("uid", "inference", &pod()));
        assert_eq!(answer["response"]["allowed"], true);
    }
}

#[test]
fn many_requests_at_once_on_one_http2_connection_get_each_its_own_answer() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let dialect = Dialect {
        http2: true,
        ..Dialect::default()
    };
    let config = config(&server.path("certificates/ca.crt"), dialect);
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(server.webhook).await;
        let name = "localhost".try_into().expect("a name");
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, socket.expect("a socket")).await;
        let stream = stream.expect("TLS");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = TokioIo::new(stream);
        let handshake =
            hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), io);
        let (sender, connection) = handshake.await.expect("HTTP/2");
        tokio::spawn(connection);
        let requests = (0..100).map(|number| {
            let mut sender = sender.clone();
            let uid = format!("uid-{number}");
            let body = review(&uid, "inference", &pod()).to_string();
            tokio::spawn(async move {
                let request = Request::post("https://localhost/mutate?timeout=5s")
                    .header("content-type", "application/json")
                    .body(Full::new(Bytes::from(body)))
                    .expect("a request");
                let response = sender.send_request(request).await.expect("an answer");
                assert_eq!(response.status(), 200);
                let body = response.into_body().collect().await.expect("a body");
                let answer: Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
                assert_eq!(answer["response"]["uid"], uid);
                assert!(answer["response"]["patch"].is_string());
            })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.expect("a request");
        }
    });
}

#[test]
fn a_namespace_that_is_never_asked_about_is_left_alone_under_the_next_policy_too() {
    let server = Server::with(&["--never-match", "kube-system,inference"]);
    let mut connection = Connection::to(&server);
    let allowed = |connection: &mut Connection, namespace: &str| {
        let answer = connection.review(&review("uid-1", namespace, &attack()));
        answer["response"]["allowed"].clone()
    };
    assert_eq!(allowed(&mut connection, "inference"), json!(true));
    super::world::write_policy(
        server.path("policy.yaml").parent().expect("a folder"),
        "other",
    );
    server.logged("new policy in force");
    assert_eq!(allowed(&mut connection, "inference"), json!(true));
    let other = Server::start();
    let mut without = Connection::to(&other);
    assert_eq!(allowed(&mut without, "inference"), json!(false));
}
