//! One review's bytes to its answer's, counted and logged, with a net under it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::refusal::Refusal;
use crate::admission::{BadReview, Judged, Unjudged, World, unjudged};
use crate::engine::Strategy;
use crate::engine::findings::Finding;
use crate::server::metrics::Rejection;
use crate::server::shared::Shared;

/// [`crate::admission::respond_seen`], but for the test of the net.
pub(super) type Line =
    fn(&World, &[u8], &mut dyn FnMut(&Judged<'_, '_>)) -> Result<Vec<u8>, BadReview>;

/// The answer, whatever the bytes are, as long as they have a uid to answer to.
pub(super) fn answer(line: Line, shared: &Shared, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let started = Instant::now();
    let world = shared.world.load();
    let mut witness = |judged: &Judged<'_, '_>| {
        let took = started.elapsed();
        shared.metrics.judged(judged, took);
        log(judged, took);
    };
    // Nothing is shared that a panic could leave half done: the world is read only, counters are single numbers.
    let answered = catch_unwind(AssertUnwindSafe(|| line(&world, body, &mut witness)));
    match answered {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(problem)) => {
            warn!(%problem, bytes = body.len(), "a request cannot be read");
            let unreadable = unjudged(&world, body, &Unjudged::Unreadable(&problem));
            if unreadable.is_some() {
                shared.metrics.rejected(Rejection::Malformed);
            }
            unreadable.ok_or(Refusal::NotAReview(problem))
        }
        Err(_) => {
            let failed = unjudged(&world, body, &Unjudged::Failed);
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

/// One line a decision, never the object.
fn log(judged: &Judged<'_, '_>, took: Duration) {
    let Judged { request, decision } = judged;
    let metadata = request.object.as_ref().and_then(|o| o.metadata.as_ref());
    let name = metadata.and_then(|m| m.name.as_deref().or(m.generate_name.as_deref()));
    info!(
        uid = &*request.uid,
        namespace = request.namespace(),
        name = name.unwrap_or_default(),
        mode = decision.mode.word(),
        outcome = decision.outcome.word(),
        strategy = decision.strategy.map_or("none", Strategy::word),
        tier = decision.tier.unwrap_or_default(),
        boundary = decision.boundary.as_deref().unwrap_or_default(),
        rules = rules(&decision.findings).as_str(),
        dry_run = request.dry_run.unwrap_or_default(),
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "decision"
    );
}

/// `mps-user=warn node-name=deny`.
fn rules(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(finding.rule.id);
        text.push('=');
        text.push_str(finding.severity.word());
    }
    text
}
