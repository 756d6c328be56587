//! Events on the owners of pods that are or would be refused: the author of a Deployment never sees the answer itself.
//!
//! A task publishes them, so that no request waits. If too many wait, further ones are dropped.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::log::shortened;
use crate::admission::{ReviewedRequest, denial_message, finding_lines};
use crate::cluster::{EventRecorder, ObjectEvent, Regarding};
use crate::engine::Outcome;
use crate::engine::line::Decision;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::{Mode, Severity};
use crate::facts::Pod;
use crate::facts::text::Text;

/// The events that may wait to be published. Further ones are dropped: the next pod of the owner brings the same.
pub(super) const QUEUE: usize = 256;
/// Events in a second, over time, and at once after a pause.
const RATE: f64 = 5.0;
const BURST: f64 = 25.0;
/// The pause before the same event of the same owner. A controller whose pod is refused tries again and again.
const REPEAT: Duration = Duration::from_secs(10);
/// The longest note; the API refuses a longer one.
const LONGEST: usize = 1000;

/// The longest name of an owner. An event's name is that of its object with a time behind it, and has at most 253
/// characters.
const LONGEST_NAME: usize = 230;

pub(super) async fn publish(recorder: EventRecorder, mut queue: mpsc::Receiver<ObjectEvent>) {
    let mut limit = RateLimit::new(Instant::now());
    let mut has_failed = false;
    while let Some(event) = queue.recv().await {
        if !limit.allows(&event, Instant::now()) {
            continue;
        }
        match recorder.publish(event).await {
            Ok(()) => has_failed = false,
            Err(problem) if has_failed => debug!(%problem, "an event was not taken"),
            Err(problem) => {
                warn!(%problem, "an event was not taken");
                has_failed = true;
            }
        }
    }
}

/// The event about a decision, if there is anything to report. A dry-run request has no effects, and so no event.
pub(super) fn event(reviewed: &ReviewedRequest<'_, '_>) -> Option<ObjectEvent> {
    let (request, decision) = (reviewed.request, reviewed.decision);
    let is_dry_run = decision.mode == Mode::DryRun;
    let is_relevant = if is_dry_run {
        !decision.findings.is_empty()
    } else {
        reviewed.outcome == Outcome::Denied
    };
    let namespace = request.namespace();
    if !is_relevant || request.dry_run == Some(true) || !is_dns_label(namespace) {
        return None;
    }
    let findings = &decision.findings;
    let denial = findings.iter().find(|f| f.severity == Severity::Deny);
    let first = denial.or(findings.first());
    Some(ObjectEvent {
        namespace: namespace.to_owned(),
        regarding: owner(request.object.as_ref()?)?,
        is_warning: denial.is_some() || !is_dry_run,
        reason: if is_dry_run {
            "SlicegateDryRun"
        } else {
            "SlicegateDenied"
        },
        action: first.map_or("final-state", |f| f.rule.id).to_owned(),
        note: cut(note(reviewed)),
    })
}

fn note(reviewed: &ReviewedRequest<'_, '_>) -> String {
    let decision = reviewed.decision;
    match (decision.mode, reviewed.outcome) {
        (Mode::DryRun, Outcome::Denied) => format!("would be refused: {}", reasons(decision)),
        (Mode::DryRun, _) => format!("would be warned of: {}", finding_lines(&decision.findings)),
        (_, Outcome::Denied) if decision.outcome == Outcome::Denied => reasons(decision),
        _ => "slicegate: the pod is not as slicegate makes it, after all webhooks were called"
            .to_owned(),
    }
}

/// The reasons of a denial without its first line, which sums them up: an event has room for a few.
fn reasons(decision: &Decision<'_>) -> String {
    let text = denial_message(decision);
    match text.split_once('\n') {
        Some((_, reasons)) => reasons.to_owned(),
        None => text,
    }
}

fn cut(text: String) -> String {
    match shortened(&text, LONGEST) {
        None => text,
        Some(start) => format!("{start}..."),
    }
}

/// The controller of a pod. Authors may claim any, and gain no more than an event in their own namespace.
fn owner(pod: &Pod<'_>) -> Option<Regarding> {
    let owner = pod.controller()?;
    let field = |field: &Option<Text<'_>>| {
        let text = field.as_deref().unwrap_or_default();
        (!text.is_empty() && text.len() <= LONGEST_NAME).then(|| text.to_owned())
    };
    Some(Regarding {
        api_version: field(&owner.api_version)?,
        kind: field(&owner.kind)?,
        name: field(&owner.name)?,
        uid: field(&owner.uid)?,
    })
}

/// Limits the rate of all events and of equal ones.
struct RateLimit {
    tokens: f64,
    filled: Instant,
    last: HashMap<(Regarding, String), Instant>,
}

impl RateLimit {
    fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled: now,
            last: HashMap::new(),
        }
    }

    fn allows(&mut self, event: &ObjectEvent, now: Instant) -> bool {
        let is_recent = |at: &Instant| now.duration_since(*at) < REPEAT;
        let key = (event.regarding.clone(), event.action.clone());
        if self.last.get(&key).is_some_and(is_recent) {
            return false;
        }
        let since = now.duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + since * RATE).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        self.last.retain(|_, at| is_recent(at));
        self.last.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LONGEST, RateLimit, cut};
    use crate::cluster::{ObjectEvent, Regarding};

    fn event(owner: usize, action: &str) -> ObjectEvent {
        ObjectEvent {
            namespace: "team-a".to_owned(),
            regarding: Regarding {
                name: owner.to_string(),
                ..Regarding::default()
            },
            is_warning: true,
            reason: "SlicegateDenied",
            action: action.to_owned(),
            note: String::new(),
        }
    }

    #[test]
    fn the_same_event_of_one_owner_is_published_once_in_a_while() {
        let start = Instant::now();
        let mut limit = RateLimit::new(start);
        assert!(limit.allows(&event(1, "node-name"), start));
        assert!(!limit.allows(&event(1, "node-name"), start + Duration::from_secs(9)));
        assert!(limit.allows(&event(1, "limit-env"), start + Duration::from_secs(9)));
        assert!(limit.allows(&event(1, "node-name"), start + Duration::from_secs(10)));
    }

    #[test]
    fn the_events_of_a_thousand_owners_are_not_published_at_once() {
        let start = Instant::now();
        let mut limit = RateLimit::new(start);
        let mut allowed = |at| {
            (0..1000)
                .filter(|n| limit.allows(&event(*n, "x"), at))
                .count()
        };
        assert_eq!(allowed(start), 25);
        assert_eq!(allowed(start + Duration::from_secs(2)), 10);
        assert_eq!(allowed(start + Duration::from_secs(3600)), 25);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "ä".repeat(LONGEST);
        let short = cut(text);
        assert!(short.ends_with("ä...") && short.len() <= LONGEST + 3);
        assert_eq!(cut("short".to_owned()), "short");
    }
}
