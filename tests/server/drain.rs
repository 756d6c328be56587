//! The end of a server: nothing that was asked stays without an answer.

use std::time::{Duration, Instant};

use super::client::{Connection, get, head};
use super::process::{Server, until};
use super::world::{pod, review};

#[test]
fn sigterm_answers_what_was_asked_and_ends_in_order() {
    let mut server = Server::start();
    let body = review("uid", "inference", &pod()).to_string();
    let (first, rest) = body.as_bytes().split_at(40);
    let mut half_asked = Connection::to(&server);
    let mut idle = Connection::to(&server);
    idle.post(body.as_bytes());
    let head = head("POST /mutate?timeout=10s", "application/json", body.len());
    half_asked.send(head.as_bytes()).expect("the head is taken");
    half_asked.send(first).expect("a part is taken");
    assert_eq!(get(server.admin, "/readyz"), (200, "ok\n".to_owned()));

    server.signal("TERM");
    let not_ready = until(|| Some(get(server.admin, "/readyz")).filter(|r| r.0 == 503));
    assert_eq!(not_ready.expect("not ready any more").1, "shutting down\n");
    assert_eq!(get(server.admin, "/livez").0, 200);
    let late = Connection::to(&server).post(body.as_bytes());
    assert_eq!(late.status, 200, "who does not know yet is answered");
    assert!(late.head.contains("connection: close"), "{late:?}");

    let listens = || std::net::TcpStream::connect(server.webhook).is_ok();
    assert!(until(|| (!listens()).then_some(())).is_some());
    half_asked.send(rest).expect("the rest is taken");
    let response = half_asked.response().expect("an answer");
    assert_eq!(response.status, 200, "{response:?}");
    assert!(idle.response().is_err(), "an idle connection is closed");
    assert!(server.wait().success());
    server.logged("every request was answered");
}

#[test]
fn an_interrupt_ends_it_at_once_when_nothing_is_asked() {
    let mut server = Server::start();
    let started = Instant::now();
    server.signal("INT");
    assert!(server.wait().success());
    assert!(started.elapsed() < Duration::from_secs(2));
}
