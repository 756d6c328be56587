//! The doctor's own way with an API server: what it asks, what it prints, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::{Run, command, finish};

/// Status and body by the path that was asked, without its query.
type Answers = fn(&str) -> (u16, Value);

/// An API server as far as the doctor asks one.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.expect("a connection"), answers, &seen);
            }
        });
        Self { port, asked }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "x", "cluster": {"server": format!("http://127.0.0.1:{}", self.port)}}],
            "users": [{"name": "x", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]});
        std::fs::write(&path, config.to_string()).expect("a file");
        let flag = format!("--kubeconfig={}", path.display());
        finish(&mut command(&[&["doctor", &flag], arguments].concat()))
    }
}

fn answer(mut stream: TcpStream, answers: Answers, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut head = String::new();
    reader.read_line(&mut head).expect("a request");
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let request = head.trim_end_matches(" HTTP/1.1\r\n").to_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = answers(path.split('?').next().unwrap_or_default());
    seen.lock().expect("a list").push(request);
    let body = body.to_string();
    let text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).expect("an answer");
}

fn refusal(code: u16, message: &str) -> (u16, Value) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
        "reason": "X", "code": code});
    (code, status)
}

const VERSION: &str = r#"{"major": "1", "minor": "33+", "gitVersion": "v1.33.4-gke.1"}"#;

/// A cluster without slicegate: one enforced namespace, one node, and whatever else is asked is empty or missing.
fn bare(path: &str) -> (u16, Value) {
    match path {
        "/version" => (200, serde_json::from_str(VERSION).expect("JSON")),
        "/api/v1/namespaces" => (
            200,
            json!({"items": [{"metadata": {"name": "team", "annotations": {"slicegate.dev/mode": "enforce"}}}]}),
        ),
        "/api/v1/nodes" => (
            200,
            json!({"items": [{"metadata": {"name": "n"}, "status": {"allocatable": {"nvidia.com/gpu": "8"}}}]}),
        ),
        "/apis/slicegate.dev/v1alpha1/sharingpolicies" => refusal(404, "no such kind"),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => (
            201,
            json!({"status": {"userInfo": {"username": "oidc:alice"}}}),
        ),
        p if p.contains("mutatingadmissionpolic") => refusal(404, "no such kind"),
        "/api/v1/namespaces/team/pods" => (201, json!({"kind": "Pod"})),
        "/api/v1/namespaces/slicegate-system/pods" => refusal(404, "no such namespace"),
        p if p.ends_with("/slicegate") || p.ends_with("/slicegate-system") => {
            refusal(404, "no such object")
        }
        _ => (200, json!({"items": []})),
    }
}

/// The same, where the API server is told to ask somebody who is not there.
fn broken(path: &str) -> (u16, Value) {
    match path {
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations" => (
            200,
            json!({"items": [{"metadata": {"name": "slicegate"}, "webhooks": [{"name": "mutate.slicegate.dev",
                "clientConfig": {"service": {"name": "slicegate", "namespace": "slicegate-system"}}}]}]}),
        ),
        _ => bare(path),
    }
}

#[test]
fn where_slicegate_is_not_installed_that_is_all_there_is_to_say() {
    let server = Server::start(bare);
    let run = server.run(&[]);
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(
        lines[0],
        "slicegate is not installed in slicegate-system; 1 namespace opted in, and nothing acts on it."
    );
    assert!(lines.len() < 32, "{}", run.out);
    assert!(
        run.out.contains("  kubectl apply -f webhook-config/\n"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("Own namespace"), "{}", run.out);
}

#[test]
fn the_verdict_comes_first_and_then_where_to_begin() {
    let server = Server::start(broken);
    let run = server.run(&[]);
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    let mut lines = run.out.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with(
        "slicegate does NOT work here; the trust boundary is NOT guaranteed. Wrong: Own namespace,"
    )));
    let mut lines = lines.skip_while(|line| !line.contains(" wrong"));
    assert!(
        lines
            .next()
            .is_some_and(|l| l.ends_with(" of them follow from others)"))
    );
    assert_eq!(lines.next(), Some("Begin with: Own namespace"));
    let asked = lines.next().unwrap_or_default();
    assert!(asked.starts_with("Asked: http://127.0.0.1:"), "{asked}");
    assert!(asked.contains(" as user x (context x of "), "{asked}");
    assert!(asked.ends_with(", there oidc:alice"), "{asked}");
    assert!(
        !run.out.contains('\u{1b}'),
        "no colours where nobody sees them"
    );
    for words in [
        "  ok    API server          v1.33.4-gke.1\n",
        "  fail  Own namespace       there is no namespace slicegate-system\n",
        "  fail  Asked about pods    nobody answered for a pod in team",
        "1.33 has no MutatingAdmissionPolicy v1",
        // It says what time it is, which is some time ago by now.
        "behind this machine",
        // Whole, so that it can be copied.
        "\n                              slicegate guard | kubectl apply -f -\n",
    ] {
        assert!(run.out.contains(words), "{words}\n{}", run.out);
    }
}

#[test]
fn it_reads_and_creates_nothing() {
    let server = Server::start(broken);
    server.run(&[]);
    let asked = server.asked.lock().expect("a list").clone();
    assert!(asked.len() > 15, "{asked:?}");
    for request in &asked {
        let is_dry = request.starts_with("POST ") && request.ends_with("/pods?dryRun=All");
        // Who one is is asked by a POST; nothing is kept of it.
        let is_self = request.contains("/selfsubjectreviews?");
        assert!(
            is_self || is_dry || request.starts_with("GET "),
            "{request}"
        );
    }
    assert!(
        !asked.iter().any(|r| r.contains("/secrets")),
        "nobody named one"
    );
}

#[test]
fn json_and_yaml_say_the_same() {
    let server = Server::start(broken);
    let run = server.run(&["-o", "json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["kind"], "DoctorReport");
    assert_eq!(report["verdict"]["works"], false);
    assert_eq!(report["verdict"]["boundary"], "not-guaranteed");
    assert_eq!(report["cluster"]["user"], "oidc:alice");
    assert_eq!(report["grant"], Value::Null);
    let all = report["checks"].as_array().expect("checks");
    let service = all.iter().find(|c| c["id"] == "service");
    assert_eq!(
        service.map(|c| &c["follows"]),
        Some(&json!("Own namespace"))
    );
    let checks = report["checks"].as_array().expect("checks");
    let count = |status: &str| checks.iter().filter(|c| c["status"] == status).count();
    for status in ["ok", "warn", "fail"] {
        assert_eq!(report["summary"][status], count(status), "{status}");
    }
    let yaml = server.run(&["-o", "yaml"]);
    assert_eq!(yaml.status, 1);
    assert!(
        yaml.out
            .starts_with("apiVersion: slicegate.dev/v1alpha1\nkind: DoctorReport\n")
    );
}

#[test]
fn who_may_see_nothing_is_told_one_command_and_nothing_is_called_well() {
    let server = Server::start(|path| match path {
        "/version" | "/apis/authentication.k8s.io/v1/selfsubjectreviews" => bare(path),
        _ => refusal(
            403,
            "x is forbidden: User \"alice\" cannot list resource \"x\"",
        ),
    });
    let run = server.run(&[]);
    assert_eq!((run.status, run.err.as_str()), (2, ""), "{}", run.out);
    assert!(
        run.out
            .starts_with("It could not be seen whether slicegate works here; ")
    );
    let command = "\n  kubectl create clusterrolebinding slicegate-doctor-alice \
        --clusterrole=slicegate-doctor --user=oidc:alice\n";
    assert_eq!(run.out.matches(command).count(), 1, "{}", run.out);
    assert!(run.out.lines().count() < 10, "{}", run.out);
}

#[test]
fn who_may_see_some_of_it_is_judged_by_that_and_told_so() {
    let server = Server::start(|path| match path {
        "/api/v1/nodes" => refusal(403, "nodes is forbidden"),
        _ => broken(path),
    });
    let run = server.run(&[]);
    assert_eq!(run.status, 1, "{}", run.out);
    for words in [
        "oidc:alice may not see what ",
        "the exit status is by the others",
        " --user=oidc:alice\n",
        "  warn  GPU nodes           not checked: failed to list nodes: nodes is forbidden\n",
    ] {
        assert_eq!(run.out.matches(words).count(), 1, "{words}\n{}", run.out);
    }
}

#[test]
fn a_cluster_that_cannot_be_asked_is_an_error_of_its_own() {
    let unknown = Server::start(|_| refusal(401, "Unauthorized"));
    let run = unknown.run(&[]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("log in again"), "{}", run.err);
    let run = finish(&mut command(&["doctor", "--kubeconfig=/nowhere"]));
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    let run = finish(&mut command(&["doctor", "--policy=/nowhere"]));
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("--policy: failed to read /nowhere"),
        "{}",
        run.err
    );
}
