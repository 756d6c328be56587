//! What a server takes of memory and time while large bodies are sent to it, and how late others are meanwhile.
//!
//! Times and memory are those of a release build: `cargo test --release --test server pressure`.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Connection, get};
use super::cluster::{Answers, is_ready, namespace, start};
use super::process::{Server, until};
use super::readers::{of_size, runtime, try_ask};
use super::world::{attack, pod, review};

/// What it may take with [`NODES`] known.
const MOST: u64 = 192 << 20;
const NODES: usize = 5_000;
const READERS: usize = 12;
/// The largest body is taken, and one byte more is not.
const LARGEST: usize = 7 << 20;
/// How late anybody else may be.
const LATE: Duration = Duration::from_millis(100);

/// A cluster of nodes no two of which are quite alike.
fn cluster() -> Answers {
    let answers = Answers::of_a_cluster();
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/nodes.yaml"));
    let parsed = slicegate::config::documents::parse("nodes", &text.expect("nodes"));
    let examples: Vec<Value> = parsed.documents.into_iter().map(|d| d.value).collect();
    let nodes: Vec<Value> = (0..NODES)
        .map(|n| node(&examples[n % examples.len()], n))
        .collect();
    answers.list("/api/v1/nodes", &nodes);
    let namespaces = [
        namespace("inference", "enforce"),
        namespace("legacy", "off"),
    ];
    answers.list("/api/v1/namespaces", &namespaces);
    answers
}

fn node(example: &Value, number: usize) -> Value {
    let mut node = example.clone();
    let name = format!("node-{number}.example.internal");
    node["metadata"]["name"] = name.clone().into();
    node["metadata"]["labels"]["kubernetes.io/hostname"] = name.into();
    node["metadata"]["labels"]["topology.kubernetes.io/zone"] =
        format!("zone-{}", number % 50).into();
    node["metadata"]["labels"]["example.com/rack"] = format!("rack-{}", number % 200).into();
    node
}

/// A server that knows all of them, and with which lease it is kept in order.
fn started(answers: &Answers) -> Server {
    let server = start(answers, &["--keep-records"]);
    assert!(
        until(|| is_ready(&server).then_some(())).is_some(),
        "{:#?}",
        server.log()
    );
    server
}

/// The bodies that cost most of what may be sent.
fn hostile() -> Vec<(&'static str, String)> {
    let of = |object: &Value| review("uid", "inference", object).to_string();
    let with = |pointer: &str, value: Value| {
        let mut pod = pod();
        *pod.pointer_mut(pointer).expect("a place") = value;
        of(&pod)
    };
    let mut variables = attack();
    let variable = variables["spec"]["containers"][0]["env"][0].clone();
    let count = LARGEST / (variable.to_string().len() + 1) - 50;
    variables["spec"]["containers"][0]["env"] = vec![variable; count].into();
    let labels = (0..250_000).map(|n| (format!("label-{n}"), json!("value")));
    let escaped = "\"\\\u{1}".repeat(LARGEST / 12);
    vec![
        (
            "one long annotation",
            with(
                "/metadata",
                json!({"annotations": {"a": "x".repeat(LARGEST - 2_000)}}),
            ),
        ),
        (
            "one long text of escapes",
            with("/metadata", json!({"annotations": {"a": escaped}})),
        ),
        ("many findings", of(&variables)),
        (
            "many labels",
            with(
                "/metadata",
                json!({"labels": labels.collect::<serde_json::Map<_, _>>()}),
            ),
        ),
        ("a long uid", of_size(LARGEST - 2_000)),
        ("no pod", with("/spec", json!("x".repeat(LARGEST - 2_000)))),
        ("no JSON", "[".repeat(LARGEST - 1)),
    ]
}

/// Bytes, as the kernel counts them.
fn resident(server: &Server, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid()));
    let status = status.expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim_start_matches(':').trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|k| k.trim().parse::<u64>().ok())
        .expect("a size")
        << 10
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "NOT RUN: memory is that of a release build"
)]
fn twelve_slow_readers_of_the_largest_bodies_and_five_thousand_nodes_stay_below_192_mb() {
    let server = started(&cluster());
    let quiet = until(|| Some(resident(&server, "VmRSS")).filter(|bytes| *bytes < MOST / 2));
    let quiet =
        quiet.unwrap_or_else(|| panic!("{} bytes without any request", resident(&server, "VmRSS")));
    let runtime = runtime();
    for (name, body) in hostile() {
        fs::write(format!("/proc/{}/clear_refs", server.pid()), "5")
            .expect("the mark is taken back");
        let readers = runtime.block_on(async {
            let mut readers = Vec::new();
            for _ in 0..READERS {
                readers.push(ask_and_wait(&server, &body).await);
            }
            readers
        });
        thread::sleep(Duration::from_secs(1));
        let (now, most) = (resident(&server, "VmRSS"), resident(&server, "VmHWM"));
        println!("{name}: {} MB, at most {} MB", now >> 20, most >> 20);
        assert!(most < MOST, "{name}: {most} bytes");
        drop(readers);
    }
    let given_back = until(|| (resident(&server, "VmRSS") < quiet + (24 << 20)).then_some(()));
    let after = resident(&server, "VmRSS");
    println!("before {} MB, after {} MB", quiet >> 20, after >> 20);
    assert!(given_back.is_some(), "{quiet} bytes before, {after} after");
}

/// Whoever finds no room is answered before all is sent, and ends.
async fn ask_and_wait(server: &Server, body: &str) -> impl Sized + use<> {
    let asked = tokio::time::timeout(Duration::from_secs(5), try_ask(server, body)).await;
    asked.ok()
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "NOT RUN: times are those of a release build"
)]
fn while_large_bodies_are_sent_nobody_else_is_late() {
    let answers = cluster();
    let server = started(&answers);
    let quiet = Server::start();
    let bodies = hostile();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for sender in 0..4 {
            let (server, bodies, ends) = (&server, &bodies, &ends);
            scope.spawn(move || {
                let mut number = sender;
                while !ends.load(Ordering::Relaxed) {
                    let (_, body) = &bodies[number % bodies.len()];
                    number += 1;
                    let mut connection = Connection::to(server);
                    let _ = connection.try_request(
                        "POST /mutate?timeout=5s",
                        "application/json",
                        body.as_bytes(),
                    );
                }
            });
        }
        // Another server, to which nothing is sent, says how late the machine itself is; and that may do something
        // else for a moment, so the best of three tries counts.
        let late = |_| {
            let [asked, quiet] = probe([&server, &quiet]);
            println!("{asked:?}; a quiet one: {quiet:?}");
            let livez = asked.livez.saturating_sub(quiet.livez);
            livez.max(asked.pod.saturating_sub(quiet.pod))
        };
        let best = (0..3).map(late).min().expect("three");
        ends.store(true, Ordering::Relaxed);
        assert!(best < LATE, "{best:?}");
    });
    let renewed = answers.asked("/leases/slicegate");
    let gaps = renewed
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]));
    let longest = gaps.max().expect("a lease that is looked at");
    assert!(longest < Duration::from_secs(3) + 2 * LATE, "{longest:?}");
}

/// After how long 99 of 100 were answered.
#[derive(Debug)]
struct Latest {
    livez: Duration,
    pod: Duration,
}

fn probe(servers: [&Server; 2]) -> [Latest; 2] {
    let body = review("uid", "inference", &pod()).to_string();
    let mut asked = servers.map(|server| (server, Connection::to(server), Vec::new(), Vec::new()));
    let ends = Instant::now() + Duration::from_secs(5);
    while Instant::now() < ends {
        for (server, connection, livez, pods) in &mut asked {
            let began = Instant::now();
            assert_eq!(get(server.admin, "/livez").0, 200);
            livez.push(began.elapsed());
            let began = Instant::now();
            let answer = connection.post(body.as_bytes());
            assert_eq!(answer.status, 200, "{answer:?}");
            pods.push(began.elapsed());
        }
        thread::sleep(Duration::from_millis(10));
    }
    asked.map(|(_, _, livez, pods)| Latest {
        livez: of_99(livez),
        pod: of_99(pods),
    })
}

fn of_99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() - 1 - took.len() / 100]
}
