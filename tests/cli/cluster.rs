//! What the commands that ask an API server make of its answers: pages, lists that grew old, and others who were faster.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{Run, command, finish};

pub const NAMESPACES: &str =
    r#"{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"team-a"}}]}"#;
const NO_QUOTAS: &str = r#"{"kind":"ResourceQuotaList","apiVersion":"v1","items":[]}"#;
const NODES: &str = r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n","labels":{}},"status":{"allocatable":{"nvidia.com/gpu":"8"}}}]}"#;

/// Answers requests one after another with what is listed for them, and remembers what was asked.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answers`: the beginning of the request line, the status and the body; each is used once, in this order.
    pub fn start(answers: Vec<(&'static str, u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            let mut answers = answers;
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                answer(stream, &mut answers, &seen);
            }
        });
        Self { port, asked }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_at("127.0.0.1", self.port, arguments, &[])
    }

    /// Runs a command against an address, with a few variables.
    fn run_at(&self, host: &str, port: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Config","current-context":"x",
            "clusters":[{{"name":"x","cluster":{{"server":"http://{host}:{port}"}}}}],
            "users":[{{"name":"x","user":{{"token":"t"}}}}],
            "contexts":[{{"name":"x","context":{{"cluster":"x","user":"x"}}}}]}}"#
        );
        std::fs::write(&path, text).expect("a file");
        let flag = format!("--kubeconfig={}", path.display());
        let mut command = command(&[arguments, &[&flag]].concat());
        finish(command.envs(variables.iter().copied()))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a list").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    answers: &mut Vec<(&'static str, u16, String)>,
    seen: &Mutex<Vec<String>>,
) {
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
    let said = format!("{request} {}", String::from_utf8_lossy(&body));
    let listed = answers
        .iter()
        .position(|(start, ..)| request.starts_with(start));
    // These clusters have no policy of their own, no nodes and no quotas, unless some are listed.
    let aside = match listed {
        Some(_) => None,
        None => aside(&request),
    };
    if aside.is_none() {
        let mut seen = seen.lock().expect("a list");
        seen.push(said.trim_end().to_owned());
    }
    let (status, body) = match listed.map(|index| answers.remove(index)) {
        Some((_, status, body)) => (status, body),
        None if aside.is_some() => aside.unwrap_or_default(),
        None => (500, status_of(500, "nobody expected that")),
    };
    let text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).expect("an answer");
}

fn aside(request: &str) -> Option<(u16, String)> {
    let has_none = ["/sharingpolicies/default", "/runtimeclasses?"];
    if has_none.iter().any(|path| request.contains(path)) {
        return Some((404, status_of(404, "not found")));
    }
    let is_list = ["GET /api/v1/nodes?", "GET /api/v1/resourcequotas?"]
        .iter()
        .any(|start| request.starts_with(start));
    is_list.then(|| (200, NO_QUOTAS.to_owned()))
}

/// What adopt says of pods, without where they are and how many.
pub fn of_pods(run: &Run) -> Vec<&str> {
    let lines: Vec<&str> = run.out.lines().collect();
    let [first, pods @ .., last] = &lines[..] else {
        panic!("{}", run.out);
    };
    assert!(first.starts_with("At http://127.0.0.1:"), "{first}");
    assert!(first.contains(" as user x (context x of "), "{first}");
    assert!(last.contains("GPU pod"), "{last}");
    pods.to_vec()
}

fn status_of(code: u16, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{message}","reason":"X","code":{code}}}"#
    )
}

pub fn pod(name: &str, version: u32, label: &str) -> String {
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"team-a","resourceVersion":"{version}",
        "labels":{{{label}}}}},"spec":{{"nodeName":"n","containers":[{{"name":"main","resources":{{"limits":{{"nvidia.com/gpu":"1"}}}}}}]}},
        "status":{{"phase":"Running"}}}}"#
    )
}

pub fn pods(pods: &[String], next: &str) -> String {
    format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":"{next}"}},"items":[{}]}}"#,
        pods.join(",")
    )
}

#[test]
fn every_page_of_a_list_is_read_and_one_that_grew_old_is_begun_anew() {
    let page = |name: &str, next: &str| pods(&[pod(name, 1, "")], next);
    let server = Server::start(vec![
        ("GET /api/v1/nodes?limit=500", 200, NODES.to_owned()),
        (
            "GET /api/v1/namespaces?limit=500",
            200,
            NAMESPACES.to_owned(),
        ),
        (
            "GET /api/v1/resourcequotas?limit=500",
            200,
            NO_QUOTAS.to_owned(),
        ),
        (
            "GET /api/v1/pods?limit=500&continue=a%2B",
            410,
            status_of(410, "too old"),
        ),
        (
            "GET /api/v1/pods?limit=500&continue=b",
            200,
            page("second", ""),
        ),
        ("GET /api/v1/pods?limit=500", 200, page("first", "a+")),
        ("GET /api/v1/pods?limit=500", 200, page("first", "b")),
    ]);
    let run = server.run(&["audit", "--boundaries", "-o", "json"]);
    assert_eq!(
        (run.status, run.err.as_str()),
        (0, ""),
        "{:?}",
        server.asked()
    );
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["summary"]["pods"], 2);
    assert_eq!(report["uncovered"][1]["name"], "second");
}

#[test]
fn a_pod_that_somebody_else_changed_meanwhile_is_read_and_judged_again() {
    let server = Server::start(vec![
        (
            "GET /api/v1/namespaces?limit=500",
            200,
            NAMESPACES.to_owned(),
        ),
        (
            "GET /api/v1/namespaces/team-a/pods?limit=500",
            200,
            pods(&[pod("a", 1, ""), pod("b", 1, ""), pod("c", 1, "")], ""),
        ),
        (
            "PATCH /api/v1/namespaces/team-a/pods/a?",
            409,
            status_of(409, "modified"),
        ),
        ("GET /api/v1/namespaces/team-a/pods/a", 200, pod("a", 2, "")),
        (
            "PATCH /api/v1/namespaces/team-a/pods/a?",
            200,
            pod("a", 3, ""),
        ),
        // Somebody gave it another label: that stays.
        (
            "PATCH /api/v1/namespaces/team-a/pods/b?",
            409,
            status_of(409, "modified"),
        ),
        (
            "GET /api/v1/namespaces/team-a/pods/b",
            200,
            pod("b", 2, r#""slicegate.dev/trust-boundary":"x""#),
        ),
        (
            "PATCH /api/v1/namespaces/team-a/pods/c?",
            404,
            status_of(404, "not found"),
        ),
    ]);
    let run = server.run(&["adopt", "team-a"]);
    let asked = server.asked();
    assert_eq!((run.status, run.err.as_str()), (1, ""), "{asked:?}");
    let lines = of_pods(&run);
    assert_eq!(
        lines[0],
        "team-a/a: labelled slicegate.dev/trust-boundary=team-a"
    );
    assert!(
        lines[1].starts_with("team-a/b: left alone: it carries slicegate.dev/trust-boundary=x")
    );
    assert_eq!(lines[2], "team-a/c: gone before it could be labelled");
    assert!(
        run.out.ends_with(
            "\n2 GPU pods in 1 namespace: 1 labelled, 0 had their label, 1 left alone\n"
        ),
        "{}",
        run.out
    );
    let patches: Vec<&String> = asked.iter().filter(|a| a.starts_with("PATCH")).collect();
    assert_eq!(
        *patches[1],
        "PATCH /api/v1/namespaces/team-a/pods/a?fieldManager=slicegate \
         {\"metadata\":{\"resourceVersion\":\"2\",\"labels\":{\"slicegate.dev/trust-boundary\":\"team-a\"}}}"
    );
    assert_eq!(patches.len(), 4);
}

#[test]
fn a_pod_that_keeps_changing_is_left_for_the_next_run() {
    let mut answers = vec![
        (
            "GET /api/v1/namespaces?limit=500",
            200,
            NAMESPACES.to_owned(),
        ),
        (
            "GET /api/v1/namespaces/team-a/pods?limit=500",
            200,
            pods(&[pod("a", 1, "")], ""),
        ),
    ];
    for version in 2..10 {
        answers.push((
            "PATCH /api/v1/namespaces/team-a/pods/a?",
            409,
            status_of(409, "modified"),
        ));
        answers.push((
            "GET /api/v1/namespaces/team-a/pods/a",
            200,
            pod("a", version, ""),
        ));
    }
    let run = Server::start(answers).run(&["adopt", "team-a"]);
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    assert_eq!(
        of_pods(&run),
        ["team-a/a: left alone: somebody else kept changing it; run this again"]
    );
}

#[test]
fn a_dry_run_asks_the_api_server_and_what_it_refuses_is_said() {
    let list = pods(&[pod("a", 1, "")], "");
    let server = Server::start(vec![
        (
            "GET /api/v1/namespaces?limit=500",
            200,
            NAMESPACES.to_owned(),
        ),
        ("GET /api/v1/namespaces/team-a/pods?limit=500", 200, list),
        (
            "PATCH /api/v1/namespaces/team-a/pods/a?fieldManager=slicegate&dryRun=All",
            403,
            status_of(403, "the guard says no"),
        ),
    ]);
    let run = server.run(&["adopt", "team-a", "--dry-run"]);
    assert_eq!((run.status, run.out.lines().count()), (2, 1), "{}", run.out);
    for part in [
        "failed to change Pod team-a/a at http://127.0.0.1:",
        "the guard says no; have that user granted it",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[test]
fn a_proxy_in_the_environment_is_used_but_for_what_is_here_or_in_no_proxy() {
    let proxy = Server::start(Vec::new());
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let run = |no_proxy: &str| {
        let variables = [("HTTPS_PROXY", address.as_str()), ("NO_PROXY", no_proxy)];
        proxy.run_at("api.invalid", 6443, &["adopt", "nowhere"], &variables)
    };
    assert_eq!(run("example.com").status, 2);
    let asked = proxy.asked();
    let tunnel = |a: &String| a.starts_with("CONNECT api.invalid:6443");
    assert!(!asked.is_empty() && asked.iter().all(tunnel), "{asked:?}");
    assert_eq!(run("invalid").status, 2);
    assert_eq!(proxy.asked(), asked, "nobody asked it a second time");

    let here = Server::start(vec![(
        "GET /api/v1/namespaces?limit=500",
        200,
        NAMESPACES.to_owned(),
    )]);
    let variables = [("HTTPS_PROXY", address.as_str())];
    let run = here.run_at("127.0.0.1", here.port, &["adopt", "nowhere"], &variables);
    assert!(
        run.err.contains("there is no namespace nowhere"),
        "{}",
        run.err
    );
}
