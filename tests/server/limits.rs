//! Who is too large, too slow or too many.

use std::convert::Infallible;
use std::io::Read as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::pending;
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;

use super::client::{Connection, head};
use super::process::Server;
use super::readers::{narrow, runtime};
use super::world::{pod, review};

const LARGEST: usize = 7 << 20;

#[test]
fn a_body_of_3_mib_is_judged_and_one_above_7_mib_is_refused_unread() {
    let server = Server::start();
    let mut large = pod();
    // Nothing reads it, so that no limit on what a pod may say is met.
    large["metadata"]["managedFields"] = json!([{"manager": "x".repeat(3 << 20)}]);
    let answer = Connection::to(&server).review(&review("uid", "inference", &large));
    assert_eq!(answer["response"]["uid"], "uid");
    assert!(answer["response"]["patch"].is_string());

    let mut connection = Connection::to(&server);
    let head = head("POST /mutate", "application/json", LARGEST + 1);
    connection.send(head.as_bytes()).expect("the head is taken");
    let response = connection.response().expect("an answer before the body");
    assert_eq!(response.status, 413, "{response:?}");
    assert!(response.body.contains("7 MiB"));
}

#[test]
fn a_body_that_does_not_say_how_long_it_is_may_not_go_on_for_ever() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let head = "POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    connection.send(head.as_bytes()).expect("the head is taken");
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    // The answer may come, and the connection close, before all of it is sent.
    for _ in 0..8 {
        if connection.send(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let response = connection.response().expect("an answer");
    assert_eq!(response.status, 413, "{response:?}");
}

#[test]
fn a_body_that_does_not_come_in_the_time_its_sender_allows_is_given_up() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let head = head("POST /mutate?timeout=1s", "application/json", 1000);
    connection.send(head.as_bytes()).expect("the head is taken");
    connection.send(b"{\"request\":").expect("a part is taken");
    let started = Instant::now();
    let response = connection.response().expect("an answer");
    assert_eq!(response.status, 408, "{response:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(response.body.contains("did not come"), "{response:?}");
}

#[test]
fn who_connects_and_says_nothing_is_sent_away() {
    let server = Server::start();
    let mut silent = TcpStream::connect(server.webhook).expect("a connection");
    let mut greeted = Connection::to(&server);
    let mut stuttering = Connection::to(&server);
    stuttering
        .send(b"POST /mutate HTTP/1.1\r\nHost: loc")
        .expect("a part of a head");
    let started = Instant::now();
    let limit = Duration::from_secs(20);
    silent.set_read_timeout(Some(limit)).expect("a limit");
    assert_eq!(
        silent.read(&mut [0; 16]).expect("an end"),
        0,
        "no handshake"
    );
    assert!(greeted.response().is_err(), "no request");
    assert!(stuttering.response().is_err(), "half a head");
    assert!(started.elapsed() < limit);
    // Others were answered meanwhile, and are now.
    let answer = Connection::to(&server).review(&review("uid", "inference", &pod()));
    assert_eq!(answer["response"]["allowed"], true);
}

/// As many as have room for their requests, each with half of one.
fn half_asked(server: &Server, count: usize) -> Vec<Connection> {
    let begin = |_| {
        let mut connection = Connection::to(server);
        let head = head("POST /mutate?timeout=30s", "application/json", 100);
        connection.send(head.as_bytes()).expect("the head is taken");
        connection
    };
    (0..count).map(begin).collect()
}

fn ordinary(server: &Server) -> super::client::Response {
    let body = review("uid", "inference", &pod()).to_string();
    Connection::to(server).post(body.as_bytes())
}

fn in_flight(server: &Server) -> u64 {
    let page = super::client::get(server.admin, "/metrics").1;
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("slicegate_inflight "));
    count.and_then(|count| count.parse().ok()).expect("a count")
}

#[test]
fn too_many_at_once_are_told_to_come_again_and_are_answered_when_they_do() {
    let server = Server::start();
    let runtime = runtime();
    let waiting = runtime.block_on(async {
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let io = TokioIo::new(narrow(&server, true).await);
            let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
            let (sender, connection) = handshake.expect("HTTP/2");
            tokio::spawn(connection);
            for _ in 0..128 {
                // A body that never comes.
                let body = StreamBody::new(pending::<Result<Frame<Bytes>, Infallible>>());
                let request = hyper::Request::post("https://localhost/mutate?timeout=20s")
                    .header("content-type", "application/json")
                    .header("content-length", "100")
                    .body(body)
                    .expect("a request");
                waiting.push(tokio::spawn(sender.clone().send_request(request)));
            }
        }
        let refused = loop {
            // The thread is not to be kept from what was spawned on it.
            tokio::task::yield_now().await;
            let answer = Some(ordinary(&server)).filter(|r| r.status == 429);
            if let Some(refused) = answer {
                break refused;
            }
        };
        assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
        waiting
    });
    drop((waiting, runtime));
    let taken = super::process::until(|| Some(ordinary(&server)).filter(|r| r.status == 200));
    assert!(taken.is_some(), "room again");
}

#[test]
fn who_does_not_go_on_with_a_request_gives_way_to_others() {
    let server = Server::start();
    let waiting = half_asked(&server, 256);
    let all = super::process::until(|| (in_flight(&server) == 256).then_some(()));
    assert!(all.is_some(), "{}", in_flight(&server));
    thread::sleep(Duration::from_millis(2_100));
    for _ in 0..20 {
        let answer = ordinary(&server);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    drop(waiting);
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let server = Server::start();
    let silent: Vec<TcpStream> = (0..700)
        .map(|_| TcpStream::connect(server.webhook).expect("a connection"))
        .collect();
    let started = Instant::now();
    let answer = ordinary(&server);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    let probes: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(server.admin).expect("a connection"))
        .collect();
    let started = Instant::now();
    assert_eq!(super::client::get(server.admin, "/livez").0, 200);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    drop((silent, probes));
}

#[test]
fn half_of_many_large_bodies_leaves_room_for_ordinary_ones() {
    let server = Server::start();
    let half = vec![b' '; LARGEST / 2];
    let begin = |_| {
        let mut connection = Connection::to(&server);
        let head = head("POST /mutate?timeout=30s", "application/json", LARGEST);
        connection.send(head.as_bytes()).expect("the head is taken");
        // Who finds no room is answered, and its connection closed, before it has sent all of it.
        let _ = connection.send(&half);
        connection
    };
    let waiting: Vec<Connection> = (0..12).map(begin).collect();
    assert_eq!(in_flight(&server), 4, "four of the largest have room");
    for _ in 0..20 {
        assert_eq!(ordinary(&server).status, 200);
    }
    drop(waiting);
    assert!(super::process::until(|| (in_flight(&server) == 0).then_some(())).is_some());
}

#[test]
fn requests_on_kept_connections_are_answered_side_by_side() {
    let server = Server::start();
    thread::scope(|scope| {
        for client in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let mut connection = Connection::to(server);
                for number in 0..50 {
                    let uid = format!("{client}-{number}");
                    let answer = connection.review(&review(&uid, "inference", &pod()));
                    assert_eq!(answer["response"]["uid"], uid.as_str());
                }
            });
        }
    });
}
