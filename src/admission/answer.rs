//! Writes the AdmissionReview that goes back.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;

use super::messages::{bare, denial, plain, rehearsal, short, warnings};
use super::respond::Unjudged;
use super::tally::tally;
use crate::engine::line::decision::Decision;
use crate::facts::Pod;
use crate::json;

const HEAD: &str =
    r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"#;

/// The same letters as `STANDARD`, written by what the processor is best at.
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Bytes that an answer needs beside its patch, a few warnings among them.
const ROOM: usize = 1024;

/// Lines about what a pod lacks.
const MOST_MISSED: usize = 200;

/// Characters of why a request cannot be read.
const LONGEST_PROBLEM: usize = 1000;

/// Lets a request through that is none of ours.
pub(super) fn pass(uid: &str) -> Vec<u8> {
    Answer::allowed(uid, None).finish(&[])
}

/// Admits a pod, with what is to be changed.
pub(super) fn allow(
    uid: &str,
    patch: Option<&str>,
    pod: &Pod<'_>,
    decision: &Decision<'_>,
) -> Vec<u8> {
    let mut said = warnings(&decision.findings);
    said.extend(bare(pod, decision));
    Answer::allowed(uid, patch).finish(&said)
}

/// Admits a pod of a namespace in dry-run, and says and records what enforcing would do.
pub(super) fn rehearse(uid: &str, patch: Option<&str>, decision: &Decision<'_>) -> Vec<u8> {
    let mut answer = Answer::allowed(uid, patch);
    let said = rehearsal(decision);
    if let Some(first) = said.first() {
        // The API server puts the webhook's name before the key.
        answer.text.push_str(",\"auditAnnotations\":{\"dry-run\":");
        let mut record = first.clone();
        for tally in tally(&decision.findings) {
            let (id, severity) = (tally.rule.id, tally.severity.word());
            record.push_str(&match tally.count {
                1 => format!("; {id} ({severity})"),
                count => format!("; {id} ({severity}, {count} times)"),
            });
        }
        json::string(&mut answer.text, &record);
        answer.text.push('}');
    }
    answer.finish(&said)
}

/// Refuses a pod with everything that was found.
pub(super) fn deny(uid: &str, decision: &Decision<'_>) -> Vec<u8> {
    let message = denial(decision);
    Answer::refused(uid, 403, "Forbidden", &message).finish(&warnings(&decision.findings))
}

/// Refuses a pod that lacks what slicegate gave it.
pub(super) fn refuse_undone(uid: &str, lacking: &[String]) -> Vec<u8> {
    let mut message =
        "slicegate: the pod is not as slicegate makes it, after all webhooks were called; \
        without that it may land beside another trust boundary or on a weaker share"
            .to_owned();
    for what in lacking.iter().take(MOST_MISSED) {
        message.push_str("\nmissing: ");
        message.push_str(what);
    }
    if let Some(more) = lacking.len().checked_sub(MOST_MISSED).filter(|n| *n > 0) {
        message.push_str(&format!("\nand {more} more"));
    }
    message.push_str(
        "\nfix: create it again; if that does not help, find the webhook that takes this away \
         (the API server's audit log names those that changed the pod), or slicegate did not answer",
    );
    Answer::refused(uid, 403, "Forbidden", &message).finish(&[])
}

/// Refuses a request that got no decision.
pub(super) fn refuse_unjudged(uid: &str, why: &Unjudged<'_>) -> Vec<u8> {
    let message = format!("slicegate: {}", explain(why));
    let (code, reason) = match why {
        Unjudged::Unreadable(_) => (403, "Forbidden"),
        Unjudged::Failed => (500, "InternalError"),
    };
    Answer::refused(uid, code, reason, &message).finish(&[])
}

/// Lets a request through that got no decision, because it is not slicegate's to refuse.
pub(super) fn pass_unjudged(uid: &str, why: &Unjudged<'_>) -> Vec<u8> {
    let warning = plain(format!("slicegate: not judged: {}", explain(why)));
    Answer::allowed(uid, None).finish(&[warning])
}

fn explain(why: &Unjudged<'_>) -> String {
    match why {
        // What serde says may quote what it read.
        Unjudged::Unreadable(problem) => short(&problem.to_string(), LONGEST_PROBLEM),
        Unjudged::Failed => "this pod made slicegate fail, which is a fault in slicegate; \
            its log has the details under this request's uid"
            .to_owned(),
    }
}

/// An answer in the making.
struct Answer {
    text: String,
}

impl Answer {
    fn allowed(uid: &str, patch: Option<&str>) -> Self {
        let size = patch.map_or(0, |p| p.len() * 4 / 3);
        let mut text = String::with_capacity(size + ROOM);
        text.push_str(HEAD);
        json::string(&mut text, uid);
        text.push_str(",\"allowed\":true");
        if let Some(patch) = patch {
            text.push_str(",\"patchType\":\"JSONPatch\",\"patch\":\"");
            BASE64.encode_string(patch, &mut text);
            text.push('"');
        }
        Self { text }
    }

    fn refused(uid: &str, code: u16, reason: &str, message: &str) -> Self {
        let mut text = String::with_capacity(ROOM);
        text.push_str(HEAD);
        json::string(&mut text, uid);
        text.push_str(&format!(
            ",\"allowed\":false,\"status\":{{\"code\":{code},\"reason\":\"{reason}\",\"message\":"
        ));
        json::string(&mut text, message);
        text.push('}');
        Self { text }
    }

    fn finish(mut self, warnings: &[String]) -> Vec<u8> {
        list(&mut self.text, warnings);
        self.text.push_str("}}");
        self.text.into_bytes()
    }
}

fn list(text: &mut String, warnings: &[String]) {
    if warnings.is_empty() {
        return;
    }
    text.push_str(",\"warnings\":[");
    for (index, warning) in warnings.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        json::string(text, warning);
    }
    text.push(']');
}
