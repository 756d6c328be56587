//! From the bytes of a review to those of its answer, with metrics, log, events, and a net for panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::refusal::Refusal;
use crate::admission::{
    BadReview, NoDecision, ReviewedRequest, Tally, Webhook, missing_namespace,
    respond_without_decision, tally,
};
use crate::engine::{ClusterState, Outcome, Strategy};
use crate::server::events::event;
use crate::server::log::shortened;
use crate::server::metrics::Rejection;
use crate::server::shared::Shared;

/// [`crate::admission::respond_observed`], except in the test of the net.
pub type Line = fn(
    &ClusterState,
    Webhook,
    &[u8],
    &mut dyn FnMut(&ReviewedRequest<'_, '_>),
) -> Result<Vec<u8>, BadReview>;

/// The answer to any bytes with a uid.
pub fn answer(
    line: Line,
    shared: &Shared,
    state: &ClusterState,
    webhook: Webhook,
    body: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let started = Instant::now();
    let mut observer = |reviewed: &ReviewedRequest<'_, '_>| {
        // A confirmed pod was counted when it was rewritten.
        if is_confirmation(reviewed) {
            return;
        }
        let took = started.elapsed();
        let tally = tally(&reviewed.decision.findings);
        shared.metrics.decided(reviewed, &tally, took);
        log(reviewed, &tally, took);
        if let Some(events) = &shared.events
            && let Some(event) = event(reviewed)
        {
            // A full queue drops the event.
            let _ = events.try_send(event);
        }
    };
    // A panic leaves no shared data half written: the state is read only, and counters are single numbers.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        line(state, webhook, body, &mut observer)
    }));
    // Without a decision, the mode of the namespace decides, so it has to be known.
    if !matches!(answered, Ok(Ok(_)))
        && let Some(namespace) = missing_namespace(state, body)
    {
        return Err(Refusal::Namespace(namespace));
    }
    // A refusal is counted by the handler.
    let counted =
        |answer: Option<Vec<u8>>| answer.inspect(|_| shared.metrics.rejected(Rejection::Malformed));
    match answered {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(BadReview::Namespace(name))) => Err(Refusal::Namespace(name)),
        Ok(Err(problem)) => {
            warn!(%problem, bytes = body.len(), "a request cannot be read");
            let answer = respond_without_decision(state, body, &NoDecision::Unreadable(&problem));
            counted(answer).ok_or(Refusal::NotAReview(problem))
        }
        Err(_) => {
            let answer = respond_without_decision(state, body, &NoDecision::Failed);
            let is_answered = answer.is_some();
            error!(answered = is_answered, "a request made slicegate panic");
            counted(answer).ok_or(Refusal::Failed)
        }
    }
}

/// Whether the second webhook confirms the result of the first one.
fn is_confirmation(reviewed: &ReviewedRequest<'_, '_>) -> bool {
    reviewed.webhook == Webhook::Validate
        && reviewed.request.operation() == "CREATE"
        && reviewed.outcome != Outcome::Denied
}

/// Bytes of a name in the log. The longest that Kubernetes allows has 253, and other clients may send anything.
const LONGEST_NAME: usize = 256;
/// The most rules in one line of the log.
const MOST_RULES: usize = 20;

/// Logs one line for each decision, never the object.
fn log(reviewed: &ReviewedRequest<'_, '_>, tally: &[Tally<'_>], took: Duration) {
    let ReviewedRequest {
        request, decision, ..
    } = reviewed;
    let metadata = request.object.as_ref().and_then(|o| o.metadata.as_ref());
    let name = metadata.and_then(|m| m.name.as_deref().or(m.generate_name.as_deref()));
    info!(
        uid = short(&request.uid),
        operation = short(request.operation()),
        namespace = short(request.namespace()),
        name = short(name.unwrap_or_default()),
        mode = decision.mode.word(),
        outcome = reviewed.outcome.word(),
        strategy = decision.strategy.map_or("none", Strategy::word),
        tier = short(decision.tier.unwrap_or_default()),
        boundary = short(decision.boundary.as_deref().unwrap_or_default()),
        rules = rules(tally).as_str(),
        dry_run = request.dry_run.unwrap_or_default(),
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "decision"
    );
}

fn short(name: &str) -> &str {
    shortened(name, LONGEST_NAME).unwrap_or(name)
}

/// Rules as in `mps-user=warn visible-devices=deny*60000`.
fn rules(tally: &[Tally<'_>]) -> String {
    let rules = tally.iter().take(MOST_RULES).map(|tally| {
        let (rule, severity) = (tally.rule.id, tally.severity.word());
        match tally.count {
            ..=1 => format!("{rule}={severity}"),
            count => format!("{rule}={severity}*{count}"),
        }
    });
    let mut text = rules.collect::<Vec<_>>().join(" ");
    if tally.len() > MOST_RULES {
        text.push_str(&format!(" and {} more", tally.len() - MOST_RULES));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::answer;
    use crate::admission::{BadReview, ReviewedRequest, Webhook};
    use crate::config::{documents, fleet, policy};
    use crate::engine::{ClusterState, Namespaces};
    use crate::server::shared::Shared;

    fn panics(
        _: &ClusterState,
        _: Webhook,
        _: &[u8],
        _: &mut dyn FnMut(&ReviewedRequest<'_, '_>),
    ) -> Result<Vec<u8>, BadReview> {
        panic!("a fault");
    }

    fn state() -> ClusterState {
        let policy = policy::built_in().unwrap();
        let namespaces = "{apiVersion: v1, kind: Namespace, metadata: {name: open}}\n---\n\
            {apiVersion: v1, kind: Namespace, metadata: {name: closed, \
            annotations: {slicegate.dev/mode: enforce}}}";
        let views = fleet::namespace_views("", &documents::parse("", namespaces)).unwrap();
        let supply = fleet::assumed(&policy).unwrap();
        ClusterState::new(policy, supply, Namespaces::known(views))
    }

    fn asked(shared: &Shared, namespace: &str) -> Value {
        let review = json!({"request": {"uid": "uid-1", "namespace": namespace}}).to_string();
        let answer = answer(panics, shared, &state(), Webhook::Mutate, review.as_bytes()).unwrap();
        serde_json::from_slice::<Value>(&answer).unwrap()["response"].take()
    }

    #[test]
    fn a_panic_is_answered_with_the_uid_closed_where_slicegate_enforces_and_open_elsewhere() {
        let shared = Shared::new(None, None);
        let refused = asked(&shared, "closed");
        assert_eq!(
            (&refused["uid"], &refused["allowed"]),
            (&json!("uid-1"), &json!(false))
        );
        assert_eq!(refused["status"]["code"], 500);
        let passed = asked(&shared, "open");
        assert_eq!(
            (&passed["uid"], &passed["allowed"]),
            (&json!("uid-1"), &json!(true))
        );
        assert!(answer(panics, &shared, &state(), Webhook::Mutate, b"no review").is_err());
    }
}
