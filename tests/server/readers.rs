//! Clients that do not read what they asked for.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::{Connection, Dialect, config, get, head};
use super::process::{Server, until};
use super::world::{pod, review};

/// After so long a client that does not read is sent away, and a little more.
const SENT_AWAY: Duration = Duration::from_secs(14);

/// A body with a uid of so many bytes.
pub fn of_size(bytes: usize) -> String {
    review(&"u".repeat(bytes), "legacy", &pod()).to_string()
}

/// A body whose answer is as large as hardly any: every term of a pod is narrowed, one by one.
fn of_a_large_answer() -> String {
    let term = |n: usize| {
        let values = [n.to_string()];
        json!({"matchExpressions": [{"key": "example.com/rack", "operator": "NotIn", "values": values}]})
    };
    let terms: Vec<Value> = (0..90).map(term).collect();
    let mut large = pod();
    large["spec"]["affinity"] = json!({"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    review("uid", "inference", &large).to_string()
}

/// It has more characters than this.
const LARGE: usize = 50_000;

/// More of them than the buffers of any machine take.
const MANY: usize = 2_000;

/// A connection whose end takes in next to nothing before it is read.
pub async fn narrow(server: &Server, http2: bool) -> TlsStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let stream = socket.connect(server.webhook).await.expect("a connection");
    let dialect = Dialect {
        http2,
        ..Dialect::default()
    };
    let config = config(&server.path("certificates/ca.crt"), dialect);
    let connector = TlsConnector::from(Arc::new(config));
    let name = "localhost".try_into().expect("a name");
    connector.connect(name, stream).await.expect("TLS")
}

/// Asks once by HTTP/1.1 and reads nothing; who finds no room is answered, and its connection ended, before it has sent all of it.
pub async fn try_ask(server: &Server, body: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut stream = narrow(server, false).await;
    let head = head("POST /mutate?timeout=30s", "application/json", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    Ok(stream)
}

pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn in_flight(server: &Server) -> String {
    metric(server, "slicegate_inflight ")
}

fn metric(server: &Server, name: &str) -> String {
    let page = get(server.admin, "/metrics").1;
    let line = page.lines().find(|line| line.starts_with(name));
    line.expect("a count").to_owned()
}

/// How many were answered, once no more are.
fn answered_at_last(server: &Server) -> String {
    let answered = || metric(server, "slicegate_admission_duration_seconds_count ");
    let mut before = answered();
    let last = until(|| {
        thread::sleep(Duration::from_secs(1));
        let now = answered();
        let is_last = now == before;
        before = now;
        is_last.then(|| before.clone())
    });
    last.expect("an end")
}

#[track_caller]
fn holds_room_and_is_sent_away(server: &Server) {
    let held = until(|| (in_flight(server) == "slicegate_inflight 1").then_some(()));
    assert!(
        held.is_some(),
        "an answer that is not written holds its room"
    );
    thread::sleep(Duration::from_secs(3));
    assert_eq!(in_flight(server), "slicegate_inflight 1", "for a while");
    let started = Instant::now();
    while in_flight(server) != "slicegate_inflight 0" {
        assert!(started.elapsed() < SENT_AWAY, "for ever");
        thread::sleep(Duration::from_millis(100));
    }
}

/// By HTTP/1.1, where each request waits for the answer before it.
#[test]
fn who_asks_without_end_and_reads_nothing_is_not_read_either_and_holds_one_room_at_most() {
    let server = Server::start();
    let runtime = runtime();
    let body = of_a_large_answer();
    let head = head("POST /mutate?timeout=30s", "application/json", body.len());
    let requests = format!("{head}{body}").repeat(MANY);
    let mut stream = runtime.block_on(narrow(&server, false));
    let asking = async move { stream.write_all(requests.as_bytes()).await };
    let asking = thread::spawn(move || runtime.block_on(asking));

    let answered = answered_at_last(&server);
    let answered = answered.rsplit(' ').next().and_then(|n| n.parse().ok());
    assert!(answered < Some(MANY), "{answered:?} of {MANY}");
    let held = in_flight(&server);
    assert!(
        ["slicegate_inflight 0", "slicegate_inflight 1"].contains(&&*held),
        "{held}"
    );
    let mut other = Connection::to(&server);
    other.review(&review("uid", "inference", &pod()));
    drop(server);
    assert!(
        asking.join().expect("no panic").is_err(),
        "not all went out"
    );
}

#[test]
fn a_stream_whose_window_is_closed_holds_its_room_and_is_sent_away() {
    let server = Server::start();
    let runtime = runtime();
    runtime.block_on(async {
        let io = TokioIo::new(narrow(&server, true).await);
        let (mut sender, connection) =
            hyper::client::conn::http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(1)
                .handshake::<_, Full<Bytes>>(io)
                .await
                .expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let ask = |body: String| {
            let request = Request::post("https://localhost/mutate?timeout=5s");
            let request = request.header("content-type", "application/json");
            request
                .body(Full::new(Bytes::from(body)))
                .expect("a request")
        };
        let body = review("uid", "inference", &pod()).to_string();
        let unread = sender
            .send_request(ask(body))
            .await
            .expect("the head of an answer");
        assert_eq!(unread.status(), 200);
        tokio::task::spawn_blocking(move || {
            holds_room_and_is_sent_away(&server);
            server
        })
        .await
        .expect("it is sent away");
        assert!(connection.await.expect("an end").is_err());
    });
}

#[test]
fn who_does_not_read_what_it_was_refused_is_sent_away_too() {
    let server = Server::start();
    let runtime = runtime();
    runtime.block_on(async {
        let io = TokioIo::new(narrow(&server, true).await);
        let (mut sender, connection) =
            hyper::client::conn::http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(1)
                .handshake::<_, Full<Bytes>>(io)
                .await
                .expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let request = Request::get("https://localhost/nothing").body(Full::default());
        let unread = sender.send_request(request.expect("a request")).await;
        assert_eq!(
            unread.as_ref().expect("the head of an answer").status(),
            404
        );
        let ended = tokio::time::timeout(SENT_AWAY, connection).await;
        assert!(ended.is_ok(), "it is not held for ever");
    });
}

/// So that no test is of something else: an answer to a client that reads.
#[test]
fn who_reads_a_large_answer_gets_all_of_it() {
    let server = Server::start();
    let runtime = runtime();
    let body = of_a_large_answer();
    let answer: Value = runtime.block_on(async {
        let mut stream = try_ask(&server, &body).await.expect("all of it is taken");
        let mut bytes = Vec::new();
        let mut part = vec![0; 64 << 10];
        while !bytes.ends_with(b"}}") {
            let read = stream.read(&mut part).await.expect("a part");
            assert_ne!(read, 0, "an end after {} bytes", bytes.len());
            bytes.extend_from_slice(&part[..read]);
        }
        let text = String::from_utf8(bytes).expect("text");
        let (_, body) = text.split_once("\r\n\r\n").expect("a head");
        serde_json::from_str(body).expect("JSON")
    });
    let patch = answer["response"]["patch"].as_str().map(str::len);
    assert!(patch > Some(LARGE), "{patch:?} characters");
}
