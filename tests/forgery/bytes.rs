//! Bodies that no API server sends: keys twice, nesting without end, wrong types. None is admitted unjudged.

use slicegate::admission::Webhook;

use super::scene::{SHARED, gpu_pod, report, review, send, try_send};

/// The body of a pod's creation with one text replaced.
fn body(from: &str, to: &str) -> String {
    let body = review(SHARED, &gpu_pod(), None, "");
    assert!(body.contains(from), "{from}");
    body.replacen(from, to, 1)
}

#[test]
fn a_key_that_stands_twice_never_hides_what_an_api_server_would_see() {
    let spec = r#""spec":{"containers":[{"name":"main"}]}"#;
    let limits = r#""limits":{"nvidia.com/gpu":"1"}"#;
    let mut faults = Vec::new();
    for (from, to) in [
        (r#""spec":{"#, format!("{spec},\"spec\":{{")),
        (
            r#""metadata":{"#,
            r#""metadata":{"labels":{}},"metadata":{"#.to_owned(),
        ),
        (
            r#""containers":[{"#,
            r#""containers":[],"containers":[{"#.to_owned(),
        ),
        (r#""name":"main""#, r#""name":"x","name":"main""#.to_owned()),
        (
            r#""resources":{"#,
            r#""resources":{},"resources":{"#.to_owned(),
        ),
        (limits, format!("\"limits\":{{}},{limits}")),
        (limits, format!("{limits},\"limits\":{{}}")),
        (r#""object":{"#, r#""object":null,"object":{"#.to_owned()),
        (
            r#""namespace":"team-b""#,
            r#""namespace":"plain","namespace":"team-b""#.to_owned(),
        ),
        (
            r#""operation":"CREATE""#,
            r#""operation":"DELETE","operation":"CREATE""#.to_owned(),
        ),
    ] {
        for webhook in [Webhook::Mutate, Webhook::Validate] {
            let doubled = body(from, &to);
            let answer = try_send(webhook, &doubled, None);
            if answer.is_some_and(|a| a.allowed) {
                faults.push(format!("{to} is admitted by {webhook:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn of_a_resource_or_annotation_that_stands_twice_the_last_one_counts() {
    let twice = r#""nvidia.com/gpu":"0","nvidia.com/gpu":"1""#;
    let answer = send(
        Webhook::Validate,
        &body(r#""nvidia.com/gpu":"1""#, twice),
        None,
    );
    assert!(!answer.allowed, "it asks for one, and has no stamp");
    let hidden = r#""annotations":{"cdi.k8s.io/a":"nvidia.com/gpu=all","cdi.k8s.io/a":"x"}"#;
    let answer = send(Webhook::Mutate, &body(r#""annotations":{}"#, hidden), None);
    assert!(answer.is_refused_by("visible-devices"), "{answer:?}");
}

#[test]
fn nesting_without_end_is_answered() {
    let deep =
        |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    for n in [100, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for from in [
                r#""name":"app""#,
                r#""image":"registry.example/app:1""#,
                r#""runAsUser":1000"#,
                r#""nvidia.com/gpu":"1""#,
            ] {
                let key = from.split(':').next().unwrap_or_default();
                let to = format!("{key}:{}", deep(open, close, n));
                // Validated, a pod that was never rewritten is refused, whatever else it holds.
                let answer = send(Webhook::Validate, &body(from, &to), None);
                assert!(!answer.allowed, "{n} times {open} at {key}");
            }
            let unread = format!("\"spec\":{{\"x\":{},", deep(open, close, n));
            let answer = send(Webhook::Validate, &body("\"spec\":{", &unread), None);
            assert!(!answer.allowed, "{n} times {open} in an unread field");
            for field in ["command", "args"] {
                let to = format!("\"{field}\":{},\"name\":\"main\"", deep(open, close, n));
                let answer = send(Webhook::Mutate, &body(r#""name":"main""#, &to), None);
                let told = answer.pod.is_none();
                assert!(told, "{n} times {open} in {field}");
            }
        }
    }
}

#[test]
fn half_a_body_and_a_pod_of_another_type_are_refused() {
    let whole = body("\"main\"", "\"main\"");
    let mut faults = Vec::new();
    for (from, to) in [
        ("\"object\":{", "\"object\":7,\"was\":{"),
        ("\"spec\":{", "\"spec\":\"x\",\"was\":{"),
        ("\"containers\":[{", "\"containers\":{\"0\":{}},\"was\":[{"),
        ("\"resources\":{", "\"resources\":\"all\",\"was\":{"),
        ("\"limits\":{", "\"limits\":[\"nvidia.com/gpu\"],\"was\":{"),
        ("\"labels\":{}", "\"labels\":[[\"a\",\"b\"]]"),
    ] {
        let answer = send(Webhook::Mutate, &whole.replacen(from, to, 1), None);
        if answer.allowed {
            faults.push(to.to_owned());
        }
    }
    report(&faults);
}
