//! Events on the owners of pods that are refused, or would be: who made a Deployment never sees the answer itself.
//!
//! They are told by somebody else than who answers, and rather dropped than waited for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::admission::{ReviewedRequest, denial_message, finding_lines};
use crate::cluster::{EventRecorder, ObjectEvent, Regarding};
use crate::engine::Outcome;
use crate::engine::line::Decision;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::{Mode, Severity};
use crate::facts::Pod;
use crate::facts::text::Text;
use crate::server::log::shortened;

/// What may wait to be told.
const WAITING: usize = 256;
/// Events in a second, over time, and at once after a quiet while.
const RATE: f64 = 5.0;
const BURST: f64 = 25.0;
/// A controller that is refused tries again and again: the same of the same owner is told this often.
const REPEAT: Duration = Duration::from_secs(10);
/// What a note holds at most; the API refuses a longer one.
const LONGEST: usize = 1000;

/// An event is called like its object, with a time behind it, and a name has 253 characters.
const LONGEST_NAME: usize = 230;

/// Where notes are left.
pub(super) struct Notes(mpsc::Sender<ObjectEvent>);

impl Notes {
    /// A place to leave notes, and where they come out.
    pub(super) fn new() -> (Self, mpsc::Receiver<ObjectEvent>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Leaves a note of a decision, if there is anything to tell and anybody to tell it to.
    pub(super) fn leave(&self, judged: &ReviewedRequest<'_, '_>) {
        if let Some(note) = note(judged) {
            // There are too many already: what is said of one pod is said of its successor too.
            let _ = self.0.try_send(note);
        }
    }
}

/// Tells what is left, for ever.
pub(super) async fn tell(recorder: EventRecorder, mut notes: mpsc::Receiver<ObjectEvent>) {
    let mut limit = Limit::new(Instant::now());
    let mut said = false;
    while let Some(note) = notes.recv().await {
        if !limit.lets_through(&note, Instant::now()) {
            continue;
        }
        match recorder.publish(&note).await {
            Ok(()) => said = false,
            Err(problem) if said => debug!(%problem, "an event was not taken"),
            Err(problem) => {
                warn!(%problem, "an event was not taken");
                said = true;
            }
        }
    }
}

/// What there is to tell: never of a request that is to have no effect.
fn note(judged: &ReviewedRequest<'_, '_>) -> Option<ObjectEvent> {
    let (request, decision) = (judged.request, judged.decision);
    let is_rehearsal = decision.mode == Mode::DryRun;
    let is_worth_telling = match is_rehearsal {
        true => !decision.findings.is_empty(),
        false => judged.outcome == Outcome::Denied,
    };
    let namespace = request.namespace();
    if !is_worth_telling || request.dry_run == Some(true) || !is_dns_label(namespace) {
        return None;
    }
    let regarding = owner(request.object.as_ref()?)?;
    let denials = || {
        decision
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Deny)
    };
    let first = denials().next().or(decision.findings.first());
    Some(ObjectEvent {
        namespace: namespace.to_owned(),
        regarding,
        is_warning: denials().next().is_some() || !is_rehearsal,
        reason: match is_rehearsal {
            true => "SlicegateDryRun",
            false => "SlicegateDenied",
        },
        action: first.map_or("final-state", |f| f.rule.id).to_owned(),
        note: text(judged),
    })
}

fn text(judged: &ReviewedRequest<'_, '_>) -> String {
    let decision = judged.decision;
    let text = match (decision.mode, judged.outcome) {
        (Mode::DryRun, Outcome::Denied) => format!("would be refused: {}", reasons(decision)),
        (Mode::DryRun, _) => format!("would be warned of: {}", finding_lines(&decision.findings)),
        (_, Outcome::Denied) if decision.outcome == Outcome::Denied => reasons(decision),
        _ => "slicegate: the pod is not as slicegate makes it, after all webhooks were called"
            .to_owned(),
    };
    cut(&text)
}

/// The reasons of a denial without the line that sums them up: an event has room for a few, and none to say one twice.
fn reasons(decision: &Decision<'_>) -> String {
    let text = denial_message(decision);
    text.split_once('\n')
        .map_or(text.clone(), |(_, reasons)| reasons.to_owned())
}

fn cut(text: &str) -> String {
    match shortened(text, LONGEST) {
        None => text.to_owned(),
        Some(start) => format!("{start}..."),
    }
}

/// Who made the pod, if it stands in a namespace as the pod does. Its author may claim any: an event in its own
/// namespace is all that comes of it.
fn owner(pod: &Pod<'_>) -> Option<Regarding> {
    let owner = pod.controller()?;
    let part = |part: &Option<Text<'_>>| {
        let text = part.as_deref().unwrap_or_default();
        (!text.is_empty() && text.len() <= LONGEST_NAME).then(|| text.to_owned())
    };
    Some(Regarding {
        api_version: part(&owner.api_version)?,
        kind: part(&owner.kind)?,
        name: part(&owner.name)?,
        uid: part(&owner.uid)?,
    })
}

/// How often anything is told.
struct Limit {
    tokens: f64,
    filled: Instant,
    last: HashMap<(Regarding, String), Instant>,
}

impl Limit {
    fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled: now,
            last: HashMap::new(),
        }
    }

    fn lets_through(&mut self, note: &ObjectEvent, now: Instant) -> bool {
        let is_recent = |at: &Instant| now.duration_since(*at) < REPEAT;
        let key = (note.regarding.clone(), note.action.clone());
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

    use super::{LONGEST, Limit, cut};
    use crate::cluster::{ObjectEvent, Regarding};

    fn note(owner: usize, action: &str) -> ObjectEvent {
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
    fn the_same_of_one_owner_is_told_once_in_a_while_and_something_else_at_once() {
        let start = Instant::now();
        let mut limit = Limit::new(start);
        assert!(limit.lets_through(&note(1, "node-name"), start));
        assert!(!limit.lets_through(&note(1, "node-name"), start + Duration::from_secs(9)));
        assert!(limit.lets_through(&note(1, "limit-env"), start + Duration::from_secs(9)));
        assert!(limit.lets_through(&note(1, "node-name"), start + Duration::from_secs(10)));
    }

    #[test]
    fn a_thousand_owners_at_once_are_not_told_of_all_at_once() {
        let start = Instant::now();
        let mut limit = Limit::new(start);
        let mut told = |at| {
            (0..1000)
                .filter(|n| limit.lets_through(&note(*n, "x"), at))
                .count()
        };
        assert_eq!(told(start), 25);
        assert_eq!(told(start + Duration::from_secs(2)), 10);
        assert_eq!(told(start + Duration::from_secs(3600)), 25);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "ä".repeat(LONGEST);
        let short = cut(&text);
        assert!(short.ends_with("ä...") && short.len() <= LONGEST + 3);
        assert_eq!(cut("short"), "short");
    }
}
