//! A cluster that is watched, played by a server that lists what it is told to and whose watches say nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Connection, get};
use super::process::{Server, command, until};
use super::world::{pod, review};

/// A path, and what is answered there.
type Known = (String, StatusCode, Arc<Value>);

/// What the server is to answer: lists by path, single objects by path.
#[derive(Clone, Default)]
pub struct Answers {
    known: Arc<Mutex<Vec<Known>>>,
    /// What was asked, and when.
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
    /// How long single namespaces take to be answered.
    delay: Duration,
}

impl Answers {
    /// A cluster with the nodes of the examples, one namespace, no quotas and no policy of its own.
    pub fn of_a_cluster() -> Self {
        let answers = Self::default();
        let version = json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"});
        answers.set("/version", StatusCode::OK, version);
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/nodes.yaml");
        let text = fs::read_to_string(examples).expect("nodes");
        let nodes = slicegate::config::documents::parse("nodes", &text).documents;
        let nodes: Vec<Value> = nodes.into_iter().map(|document| document.value).collect();
        answers.list("/api/v1/nodes", &nodes);
        answers.list("/api/v1/namespaces", &[namespace("default", "off")]);
        answers.list("/api/v1/resourcequotas", &[]);
        answers.list("/apis/node.k8s.io/v1/runtimeclasses", &[]);
        answers
    }

    pub fn list(&self, path: &str, items: &[Value]) {
        let list = json!({"kind": "List", "apiVersion": "v1",
            "metadata": {"resourceVersion": "7"}, "items": items});
        self.set(path, StatusCode::OK, list);
    }

    pub fn set(&self, path: &str, status: StatusCode, body: Value) {
        let mut answers = self.known.lock().expect("answers");
        answers.retain(|(known, ..)| known != path);
        answers.push((path.to_owned(), status, Arc::new(body)));
    }

    fn find(&self, path: &str) -> (StatusCode, Arc<Value>) {
        let answers = self.known.lock().expect("answers");
        let found = answers.iter().find(|(known, ..)| known == path);
        found.map_or_else(
            || {
                let missing = status(404, "there is no such thing");
                (StatusCode::NOT_FOUND, Arc::new(missing))
            },
            |(_, status, body)| (*status, Arc::clone(body)),
        )
    }
}

impl Answers {
    /// When something was asked that ends so.
    pub fn asked(&self, end: &str) -> Vec<Instant> {
        let asked = self.asked.lock().expect("what was asked");
        let asked = asked.iter().filter(|(_, path)| path.ends_with(end));
        asked.map(|(at, _)| *at).collect()
    }
}

fn status(code: u16, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": "Test", "message": message})
}

pub fn namespace(name: &str, mode: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "resourceVersion": "1",
        "annotations": {"slicegate.dev/mode": mode, "slicegate.dev/tier": "trusted-inference"}}})
}

async fn answer(State(answers): State<Answers>, request: Request) -> Response {
    let asked = (Instant::now(), request.uri().path().to_owned());
    if asked.1.starts_with("/api/v1/namespaces/") {
        tokio::time::sleep(answers.delay).await;
    }
    answers.asked.lock().expect("what is asked").push(asked);
    let (status, body) = answers.find(request.uri().path());
    let is_watch = request
        .uri()
        .query()
        .is_some_and(|q| q.contains("watch=true"));
    match is_watch && status.is_success() {
        true => {
            let path = request.uri().path().to_owned();
            Body::from_stream(silence(answers, path)).into_response()
        }
        false => (status, body.to_string()).into_response(),
    }
}

/// A watch that says nothing, and ends when its list could not be had any more.
fn silence(answers: Answers, path: String) -> impl Stream<Item = Result<Vec<u8>, String>> {
    futures_util::stream::unfold((answers, path), |(answers, path)| async move {
        while answers.find(&path).0.is_success() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    })
}

/// Plays the API server, and writes a kubeconfig that leads to it.
fn play(answers: &Answers, folder: &TempDir) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let router = Router::new().fallback(answer).with_state(answers.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            axum::serve(listener, router).await.expect("a server");
        });
    });
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "x", "user": {}}]});
    fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).expect("a file");
}

#[track_caller]
pub fn start(answers: &Answers, flags: &[&str]) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    play(answers, &folder);
    let all = [&["--kubeconfig", "kubeconfig"], flags].concat();
    Server::watching(folder, &all)
}

pub fn is_ready(server: &Server) -> bool {
    get(server.admin, "/readyz").0 == 200
}

#[test]
fn a_namespace_that_is_too_new_to_have_been_seen_is_asked_for() {
    let answers = Answers::of_a_cluster();
    let server = start(&answers, &[]);
    assert!(
        until(|| is_ready(&server).then_some(())).is_some(),
        "{:?}",
        server.log()
    );
    let mut connection = Connection::to(&server);
    let mut ask = |name: &str| {
        let answer = connection.post(review("uid", name, &pod()).to_string().as_bytes());
        (answer.status, answer.body)
    };
    // The watch says nothing of it, and never will.
    answers.set(
        "/api/v1/namespaces/new",
        StatusCode::OK,
        namespace("new", "enforce"),
    );
    let (status, answer) = ask("new");
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("patch"), "{answer}");
    server.logged("was not known yet was asked for");

    // One that nobody knows has said nothing, and one that cannot be asked for is asked for again.
    let (status, answer) = ask("nobody");
    assert!(status == 200 && !answer.contains("patch"), "{answer}");
    let gone = StatusCode::INTERNAL_SERVER_ERROR;
    answers.set(
        "/api/v1/namespaces/sick",
        gone,
        self::status(500, "etcd is away"),
    );
    let (status, answer) = ask("sick");
    assert_eq!(status, 429, "{answer}");
    assert!(
        answer.contains("namespace sick is new and could not be asked for"),
        "{answer}"
    );
    let (status, _) = ask("default");
    assert_eq!(status, 200, "others are judged as ever");
    // What no namespace can be called is not put into a path.
    let (status, _) = ask("../secrets");
    assert_eq!(status, 200);
}

/// One that is ready, and whose cluster takes its time over single namespaces.
fn ready(answers: &Answers) -> Server {
    let server = start(answers, &[]);
    assert!(until(|| is_ready(&server).then_some(())).is_some());
    server
}

fn asks(server: &Server, name: &str) -> super::client::Response {
    let review = review("uid", name, &pod()).to_string();
    Connection::to(server).post(review.as_bytes())
}

#[test]
fn a_new_namespace_is_asked_for_once_however_many_pods_it_has_at_once() {
    let answers = Answers {
        delay: Duration::from_millis(300),
        ..Answers::of_a_cluster()
    };
    let path = "/api/v1/namespaces/new";
    answers.set(path, StatusCode::OK, namespace("new", "enforce"));
    let server = ready(&answers);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let answer = asks(&server, "new");
                assert_eq!(answer.status, 200, "{answer:?}");
                assert!(answer.body.contains("patch"), "{answer:?}");
            });
        }
    });
    assert!(asks(&server, "new").body.contains("patch"));
    let asked = answers.asked(path);
    let (first, last) = (asked[0], asked[asked.len() - 1]);
    let seconds = last.duration_since(first).as_secs() + 1;
    assert!(asked.len() as u64 <= seconds, "{asked:?}");
}

#[test]
fn a_name_that_nobody_bears_is_asked_for_once_in_a_second() {
    let answers = Answers::of_a_cluster();
    let server = ready(&answers);
    let started = Instant::now();
    let answered: Vec<u16> = (0..50).map(|_| asks(&server, "nobody").status).collect();
    let seconds = started.elapsed().as_secs() + 1;
    let times = answers.asked("/nobody").len() as u64;
    assert!(
        (1..=seconds).contains(&times),
        "{times} times in {seconds} s"
    );
    assert_eq!(answered[0], 200, "it has said nothing");
    assert!(answered.contains(&429), "{answered:?}");
}

#[test]
fn only_so_many_names_are_asked_for_at_once() {
    let answers = Answers {
        delay: Duration::from_secs(2),
        ..Answers::of_a_cluster()
    };
    let server = ready(&answers);
    let refused: usize = thread::scope(|scope| {
        let ask = |number| asks(&server, &format!("invented-{number}")).status;
        let asked: Vec<_> = (0..60).map(|n| scope.spawn(move || ask(n))).collect();
        let statuses = asked
            .into_iter()
            .map(|asked| asked.join().expect("an answer"));
        statuses.filter(|status| *status == 429).count()
    });
    let invented = (0..60).filter(|n| !answers.asked(&format!("/invented-{n}")).is_empty());
    assert_eq!((invented.count(), refused), (16, 60 - 16));
}

#[test]
fn a_namespace_born_enforced_is_never_taken_for_one_that_nobody_bears() {
    let answers = Answers::of_a_cluster();
    let server = ready(&answers);
    for round in 0..5 {
        let name = format!("born-{round}");
        assert_eq!(asks(&server, &name).status, 200, "nobody bears it");
        let path = format!("/api/v1/namespaces/{name}");
        answers.set(&path, StatusCode::OK, namespace(&name, "enforce"));
        let judged = until(|| {
            let answer = asks(&server, &name);
            assert!(
                answer.status == 429 || answer.body.contains("patch"),
                "{answer:?}"
            );
            (answer.status == 200).then_some(())
        });
        assert!(judged.is_some(), "it is asked for again");
    }
}

#[test]
fn it_is_ready_when_everything_was_seen_and_says_what_it_waits_for() {
    let answers = Answers::of_a_cluster();
    let forbidden = StatusCode::FORBIDDEN;
    answers.set(
        "/api/v1/nodes",
        forbidden,
        status(403, "nodes is forbidden"),
    );
    let server = start(&answers, &[]);
    server.logged("the nodes cannot be watched");
    let waits_for_nodes = (503, "starting, waiting for: nodes\n".to_owned());
    let waits = until(|| (get(server.admin, "/readyz") == waits_for_nodes).then_some(()));
    assert!(waits.is_some(), "{:?}", get(server.admin, "/readyz"));
    assert_eq!(get(server.admin, "/livez").0, 200);
    let line = server.logged("the nodes cannot be watched");
    let problem = line["problem"].as_str().expect("a problem");
    assert!(problem.contains("nodes is forbidden"), "{problem}");
    let nodes = Answers::of_a_cluster().find("/api/v1/nodes").1;
    answers.set("/api/v1/nodes", StatusCode::OK, (*nodes).clone());
    assert!(until(|| is_ready(&server).then_some(())).is_some());
    server.logged("the nodes are watched again");
}

const POLICIES: &str = "/apis/slicegate.dev/v1alpha1/sharingpolicies";

fn policy(name: &str, mode: &str) -> Value {
    json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
        "metadata": {"name": name, "resourceVersion": "3", "generation": 1}, "spec": {"mode": mode}})
}

#[test]
fn the_policy_is_the_clusters_and_a_cluster_that_knows_no_such_kind_has_the_built_in_one() {
    let mode = |answers: &Answers| {
        let server = start(answers, &[]);
        let line = server.logged("ready to judge");
        line["mode"].as_str().expect("a mode").to_owned()
    };
    let answers = Answers::of_a_cluster();
    assert_eq!(mode(&answers), "enforce");
    answers.list(POLICIES, &[policy("other", "off")]);
    assert_eq!(
        mode(&answers),
        "enforce",
        "only the one named default counts"
    );
    answers.list(
        POLICIES,
        &[policy("default", "dry-run"), policy("other", "off")],
    );
    assert_eq!(mode(&answers), "dry-run");
}

#[test]
fn what_answers_404_in_the_place_of_an_api_server_does_not_take_the_policy_away() {
    let answers = Answers::of_a_cluster();
    answers.list(POLICIES, &[policy("default", "dry-run")]);
    let server = start(&answers, &[]);
    assert_eq!(server.logged("ready to judge")["mode"], "dry-run");
    let hash = || {
        let page = get(server.admin, "/metrics").1;
        let line = page
            .lines()
            .find(|line| line.starts_with("slicegate_policy_info"));
        line.expect("a policy").to_owned()
    };
    let before = hash();
    let missing = StatusCode::NOT_FOUND;
    answers.set(POLICIES, missing, json!("default backend - 404"));
    server.logged("the policy cannot be watched");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(hash(), before);
    let page = get(server.admin, "/metrics").1;
    let age = page
        .lines()
        .find_map(|line| line.strip_prefix("slicegate_cache_age_seconds{kind=\"policy\"} "));
    let age: f64 = age.and_then(|age| age.parse().ok()).expect("an age");
    assert!(age > 2.9, "a refusal is no sign of life: {age}");
    let tries = server.log().into_iter().filter(|line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.contains("cannot be watched") || message.contains("watched again")
    });
    assert_eq!(tries.count(), 1, "it is said once: {:#?}", server.log());
}

const REMEMBERED: &str = "/api/v1/namespaces/slicegate-system/configmaps/slicegate-remembered";

#[test]
fn a_policy_that_cannot_be_taken_at_the_start_is_waited_for_or_the_last_good_one_counts() {
    let answers = Answers::of_a_cluster();
    answers.list(POLICIES, &[policy("default", "sometimes")]);
    let server = start(&answers, &[]);
    let line = server.logged("the policy was not taken");
    let problem = line["problem"].as_str().expect("a problem");
    assert!(
        problem.contains("spec.mode") && problem.contains("sometimes"),
        "{problem}"
    );
    let waits_for_policy = (503, "starting, waiting for: policy\n".to_owned());
    let waits = until(|| (get(server.admin, "/readyz") == waits_for_policy).then_some(()));
    assert!(waits.is_some(), "{:?}", get(server.admin, "/readyz"));

    let good = policy("default", "off").to_string();
    let left = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"policy.json": good}});
    answers.set(REMEMBERED, StatusCode::OK, left);
    let server = start(&answers, &["--keep-records"]);
    assert_eq!(server.logged("ready to judge")["mode"], "off");
    server.logged("the last policy that was good is in force");
}

#[test]
fn what_is_kept_in_a_cluster_needs_one() {
    let folder = tempfile::tempdir().expect("a folder");
    super::world::write(folder.path());
    for flag in ["--keep-guard", "--keep-records", "--events"] {
        let mut command = command(folder.path());
        let output = command
            .args(["--tls-generate", "certificates", flag])
            .output();
        let output = output.expect("a run");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(&format!("{flag} needs a cluster")), "{text}");
    }
}
