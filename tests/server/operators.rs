//! What operators look at: probes, metrics, logs.

use super::client::{Connection, get};
use super::process::{Server, until};
use super::world::{attack, pod, review};

#[test]
fn probes_and_metrics_are_on_the_second_port_and_only_there() {
    let server = Server::start();
    assert_eq!(get(server.admin, "/livez"), (200, "ok\n".to_owned()));
    let is_ready = || (get(server.admin, "/readyz") == (200, "ok\n".to_owned())).then_some(());
    assert!(until(is_ready).is_some());
    assert_eq!(get(server.admin, "/mutate").0, 404);
    let mut connection = Connection::to(&server);
    assert_eq!(connection.request("GET /metrics", "", b"").status, 404);
}

#[test]
fn metrics_count_what_was_decided_and_hold_nothing_a_user_wrote() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let mut named = attack();
    named["metadata"]["name"] = "a-users-word".into();
    named["spec"]["containers"][0]["name"] = "a-users-word".into();
    connection.review(&review("a-users-word", "inference", &named));
    connection.review(&review("uid", "inference", &pod()));
    connection.review(&review("uid", "trial", &pod()));
    connection.review(&review("uid", "a-users-word", &pod()));
    let mut odd = review("uid", "inference", &pod());
    odd["request"]["operation"] = "a-users-word".into();
    connection.review(&odd);
    Connection::to(&server).post(b"a-users-word");
    let (status, text) = get(server.admin, "/metrics");
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("a-users-word"), "{text}");
    for line in [
        "slicegate_admission_total{operation=\"CREATE\",mode=\"enforce\",outcome=\"denied\",strategy=\"none\"} 1",
        "slicegate_admission_total{operation=\"CREATE\",mode=\"enforce\",outcome=\"rewritten\",strategy=\"mps\"} 1",
        "slicegate_admission_total{operation=\"CREATE\",mode=\"dry-run\",outcome=\"rewritten\",strategy=\"mps\"} 1",
        "slicegate_admission_total{operation=\"CREATE\",mode=\"off\",outcome=\"untouched\",strategy=\"none\"} 1",
        "slicegate_findings_total{rule=\"visible-devices\",severity=\"deny\"} 1",
        "slicegate_admission_duration_seconds_count 4",
        "slicegate_policy_info{name=\"built-in\"",
        "slicegate_offers{strategy=\"mig\"}",
        "slicegate_inflight 0",
        "slicegate_rejected_total{reason=\"malformed\"} 1",
        "slicegate_cache_age_seconds{kind=\"nodes\"}",
        "slicegate_tls_certificate_not_after_seconds ",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn the_log_has_one_line_for_a_decision_and_never_the_object() {
    let server = Server::start();
    let mut pod = attack();
    pod["spec"]["containers"][0]["command"] = serde_json::json!(["a-secret-of-the-user"]);
    pod["metadata"]["name"] = "line\nbreak\u{1b}[31m".into();
    Connection::to(&server).review(&review("uid-1", "inference", &pod));
    let is = |line: &&serde_json::Value| line["uid"] == "uid-1";
    let line = until(|| server.log().iter().find(is).cloned()).expect("a line");
    assert_eq!(line["message"], "decision");
    assert_eq!(line["namespace"], "inference");
    assert_eq!(line["outcome"], "denied");
    assert_eq!(line["rules"], "mps-user=warn visible-devices=deny");
    assert!(line["took_us"].is_u64(), "{line}");
    let log = format!("{:?}", server.log());
    assert!(!log.contains("a-secret-of-the-user"), "{log}");
    assert_eq!(server.log().iter().filter(is).count(), 1);
}

#[test]
fn a_decision_in_the_log_has_the_fields_of_the_documented_one() {
    let server = Server::start();
    Connection::to(&server).review(&review("uid-1", "inference", &attack()));
    let page = include_str!("../../docs/operate.md");
    let documented = page.lines().find(|l| l.starts_with("{\"timestamp\""));
    let documented = serde_json::from_str(documented.expect("a line")).expect("JSON");
    let shape = |line: serde_json::Value| {
        let fields = line.as_object().expect("an object").iter();
        let kind = |value: &serde_json::Value| match value {
            serde_json::Value::String(_) => "text",
            serde_json::Value::Number(_) => "number",
            serde_json::Value::Bool(_) => "yes or no",
            _ => "something else",
        };
        fields
            .map(|(name, value)| format!("{name}: {}", kind(value)))
            .collect::<Vec<_>>()
    };
    assert_eq!(shape(server.logged("decision")), shape(documented));
}

#[test]
fn nobody_waits_for_a_log_that_is_not_read_and_the_lines_that_are_lost_are_counted() {
    let server = Server::start();
    let unread = server.unread_log();
    let mut connection = Connection::to(&server);
    for _ in 0..10_000 {
        assert_eq!(connection.post(b"{}").status, 400);
    }
    drop(unread);
    let line = server.logged("lines of the log found no room");
    let lost = line["lost"].as_u64().expect("a number");
    assert!((500..2_000).contains(&lost), "{line}");
}

#[test]
fn a_line_of_the_log_and_a_denial_are_short_whatever_was_found() {
    let server = Server::start();
    let mut pod = attack();
    let variable = pod["spec"]["containers"][0]["env"][0].clone();
    pod["spec"]["containers"][0]["env"] = vec![variable; 4_900].into();
    let mut review = review("uid-1", "inference", &pod);
    review["request"]["object"]["metadata"]["name"] = "n".repeat(900).into();
    let answer = Connection::to(&server).review(&review);
    let message = answer["response"]["status"]["message"]
        .as_str()
        .expect("a message");
    assert!(message.contains("4,899 more"), "{message}");
    assert!(message.len() < 32 << 10, "{} bytes", message.len());
    let is = |line: &&serde_json::Value| line["uid"] == "uid-1";
    let line = until(|| server.log().iter().find(is).cloned()).expect("a line");
    assert_eq!(line["rules"], "mps-user=warn visible-devices=deny*4900");
    assert!(line.to_string().len() < 1_500, "{line}");
    let metrics = get(server.admin, "/metrics").1;
    let counted = "slicegate_findings_total{rule=\"visible-devices\",severity=\"deny\"} 4900";
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn what_is_no_review_is_told_of_in_a_short_line_and_a_short_answer() {
    let server = Server::start();
    let mut review = review("uid-1", "nobody-knows-it", &pod());
    review["request"]["operation"] = serde_json::json!({"a": "b".repeat(1 << 20)});
    review["request"]["dryRun"] = "x".repeat(1 << 20).into();
    let answer = Connection::to(&server).post(review.to_string().as_bytes());
    assert!(answer.body.len() < 4096, "{} bytes", answer.body.len());
    let line = server.logged("a request cannot be read");
    assert!(line.to_string().len() < 4096, "{line}");
}
