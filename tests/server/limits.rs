//! Who is too large, too slow or too many.

use std::io::Read as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Connection, head};
use super::process::Server;
use super::world::{pod, review};

const LARGEST: usize = 7 << 20;

#[test]
fn a_body_of_3_mib_is_judged_and_one_above_7_mib_is_refused_unread() {
    let server = Server::start();
    let mut large = pod();
    large["metadata"]["annotations"]["note"] = "x".repeat(3 << 20).into();
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

#[test]
fn too_many_at_once_are_told_to_come_again_and_are_answered_when_they_do() {
    let server = Server::start();
    let begin = |_| {
        let mut connection = Connection::to(&server);
        let head = head("POST /mutate?timeout=20s", "application/json", 100);
        connection.send(head.as_bytes()).expect("the head is taken");
        connection
    };
    let waiting: Vec<Connection> = (0..256).map(begin).collect();
    let answered = || {
        let body = review("uid", "inference", &pod()).to_string();
        Connection::to(&server).post(body.as_bytes())
    };
    let refused = super::process::until(|| Some(answered()).filter(|r| r.status == 429));
    let refused = refused.expect("no room for one more");
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    let metrics = super::client::get(server.admin, "/metrics").1;
    assert!(metrics.contains("slicegate_inflight 256"), "{metrics}");
    drop(waiting);
    let taken = super::process::until(|| Some(answered()).filter(|r| r.status == 200));
    assert!(taken.is_some(), "room again");
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
