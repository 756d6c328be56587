//! One review's bytes to its answer's, counted and logged, with a net under it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::refusal::Refusal;
use crate::admission::{
    BadReview, NoDecision, ReviewedRequest, Tally, Webhook, missing_namespace,
    respond_without_decision, tally,
};
use crate::engine::{ClusterState, Outcome, Strategy};
use crate::server::log::shortened;
use crate::server::metrics::Rejection;
use crate::server::shared::Shared;

/// [`crate::admission::respond_observed`], but for the test of the net.
pub(super) type Line = fn(
    &ClusterState,
    Webhook,
    &[u8],
    &mut dyn FnMut(&ReviewedRequest<'_, '_>),
) -> Result<Vec<u8>, BadReview>;

/// The answer, whatever the bytes are, as long as they have a uid to answer to.
pub(super) fn answer(
    line: Line,
    shared: &Shared,
    world: &ClusterState,
    webhook: Webhook,
    body: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let started = Instant::now();
    let mut observer = |judged: &ReviewedRequest<'_, '_>| {
        // A pod that is confirmed was counted when it was rewritten.
        if is_confirmation(judged) {
            return;
        }
        let took = started.elapsed();
        let tally = tally(&judged.decision.findings);
        shared.metrics.judged(judged, &tally, took);
        log(judged, &tally, took);
        if let Some(notes) = &shared.notes {
            notes.leave(judged);
        }
    };
    // Nothing is shared that a panic could leave half done: the world is read only, counters are single numbers.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        line(world, webhook, body, &mut observer)
    }));
    if !matches!(answered, Ok(Ok(_))) {
        // Whatever is wrong with the request, what becomes of it is its namespace's administrator's word.
        if let Some(namespace) = missing_namespace(world, body) {
            return Err(Refusal::Namespace(namespace));
        }
    }
    match answered {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(BadReview::Namespace(name))) => Err(Refusal::Namespace(name)),
        Ok(Err(problem)) => {
            warn!(%problem, bytes = body.len(), "a request cannot be read");
            let unreadable =
                respond_without_decision(world, body, &NoDecision::Unreadable(&problem));
            if unreadable.is_some() {
                shared.metrics.rejected(Rejection::Malformed);
            }
            unreadable.ok_or(Refusal::NotAReview(problem))
        }
        Err(_) => {
            let failed = respond_without_decision(world, body, &NoDecision::Failed);
            error!(
                answered = failed.is_some(),
                "a request made slicegate panic"
            );
            if failed.is_some() {
                shared.metrics.rejected(Rejection::Malformed);
            }
            failed.ok_or(Refusal::Failed)
        }
    }
}

/// Whether the second webhook only said yes to what the first one made.
fn is_confirmation(judged: &ReviewedRequest<'_, '_>) -> bool {
    judged.webhook == Webhook::Validate
        && judged.request.operation() == "CREATE"
        && judged.outcome != Outcome::Denied
}

/// Bytes of a name in the log. The longest that Kubernetes allows has 253, and who else calls may write anything.
const LONGEST_NAME: usize = 256;
/// Rules in one line of the log.
const MOST_RULES: usize = 20;

/// One line a decision, never the object.
fn log(judged: &ReviewedRequest<'_, '_>, tally: &[Tally<'_>], took: Duration) {
    let ReviewedRequest {
        request, decision, ..
    } = judged;
    let metadata = request.object.as_ref().and_then(|o| o.metadata.as_ref());
    let name = metadata.and_then(|m| m.name.as_deref().or(m.generate_name.as_deref()));
    info!(
        uid = short(&request.uid),
        operation = short(request.operation()),
        namespace = short(request.namespace()),
        name = short(name.unwrap_or_default()),
        mode = decision.mode.word(),
        outcome = judged.outcome.word(),
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

/// `mps-user=warn visible-devices=deny*60000`.
fn rules(tally: &[Tally<'_>]) -> String {
    let mut text = String::new();
    for tally in tally.iter().take(MOST_RULES) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(tally.rule.id);
        text.push('=');
        text.push_str(tally.severity.word());
        if tally.count > 1 {
            text.push_str(&format!("*{}", tally.count));
        }
    }
    if let Some(more) = tally.len().checked_sub(MOST_RULES).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
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
    use crate::server::metrics::Metrics;
    use crate::server::shared::Shared;

    fn panics(
        _: &ClusterState,
        _: Webhook,
        _: &[u8],
        _: &mut dyn FnMut(&ReviewedRequest<'_, '_>),
    ) -> Result<Vec<u8>, BadReview> {
        panic!("a fault");
    }

    fn world() -> ClusterState {
        let policy = policy::built_in().unwrap();
        let namespaces = "{apiVersion: v1, kind: Namespace, metadata: {name: open}}\n---\n\
            {apiVersion: v1, kind: Namespace, metadata: {name: closed, \
            annotations: {slicegate.dev/mode: enforce}}}";
        let views = fleet::namespace_views("", documents::parse("", namespaces)).unwrap();
        let supply = fleet::assumed(&policy).unwrap();
        ClusterState::new(policy, supply, Namespaces::known(views))
    }

    fn asked(shared: &Shared, namespace: &str) -> Value {
        let review = json!({"request": {"uid": "uid-1", "namespace": namespace}}).to_string();
        let answer = answer(panics, shared, &world(), Webhook::Mutate, review.as_bytes()).unwrap();
        serde_json::from_slice::<Value>(&answer).unwrap()["response"].take()
    }

    #[test]
    fn a_panic_is_answered_with_the_uid_closed_where_slicegate_enforces_and_open_elsewhere() {
        let shared = Shared::new(Metrics::new(), None, None);
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
        assert!(answer(panics, &shared, &world(), Webhook::Mutate, b"no review").is_err());
    }
}
