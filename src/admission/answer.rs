//! Writes the AdmissionReview of the answer.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;

use super::error::NoDecision;
use super::messages::{
    bare_pod_warning, denial_message, dry_run_warnings, shorten, warning_text, warnings_of,
};
use super::operations::array;
use super::tally::tally;
use crate::engine::line::Decision;
use crate::facts::Pod;
use crate::json;

const HEAD: &str =
    r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"#;

/// The same alphabet as `STANDARD`, with SIMD instructions.
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Bytes of an answer without its patch, with a few warnings.
const ROOM: usize = 1024;

/// Lines about missing edits.
const MOST_MISSING: usize = 200;

/// Characters of why a request cannot be read.
const LONGEST_PROBLEM: usize = 1000;

/// Admits a request that needs no decision.
pub(super) fn allow_unchanged(uid: &str) -> Vec<u8> {
    AnswerBuilder::allowed(uid, None).finish(&[])
}

pub(super) fn allow(
    uid: &str,
    patch: Option<&str>,
    pod: &Pod<'_>,
    decision: &Decision<'_>,
) -> Vec<u8> {
    let mut warnings = warnings_of(&decision.findings);
    warnings.extend(bare_pod_warning(pod, decision));
    AnswerBuilder::allowed(uid, patch).finish(&warnings)
}

/// Admits a pod of a namespace in dry-run. Warnings and an audit annotation say what enforcing would do.
pub(super) fn dry_run(uid: &str, patch: Option<&str>, decision: &Decision<'_>) -> Vec<u8> {
    let mut answer = AnswerBuilder::allowed(uid, patch);
    let warnings = dry_run_warnings(decision);
    if let Some(first) = warnings.first() {
        // The API server prefixes the key with the webhook's name.
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
    answer.finish(&warnings)
}

pub(super) fn deny(uid: &str, decision: &Decision<'_>) -> Vec<u8> {
    let message = denial_message(decision);
    AnswerBuilder::refused(uid, 403, "Forbidden", &message).finish(&warnings_of(&decision.findings))
}

pub(super) fn deny_missing_edits(uid: &str, missing: &[String]) -> Vec<u8> {
    let mut message =
        "slicegate: the pod is not as slicegate makes it, after all webhooks were called; \
        without that it may land beside another trust boundary or on a weaker share"
            .to_owned();
    for what in missing.iter().take(MOST_MISSING) {
        message.push_str("\nmissing: ");
        message.push_str(what);
    }
    if let Some(more) = missing.len().checked_sub(MOST_MISSING).filter(|n| *n > 0) {
        message.push_str(&format!("\nand {more} more"));
    }
    message.push_str(
        "\nfix: create it again; if that does not help, find the webhook that takes this away \
         (the API server's audit log names those that changed the pod), or slicegate did not answer",
    );
    AnswerBuilder::refused(uid, 403, "Forbidden", &message).finish(&[])
}

pub(super) fn deny_undecided(uid: &str, why: &NoDecision<'_>) -> Vec<u8> {
    let message = format!("slicegate: {}", explain(why));
    let (code, reason) = match why {
        NoDecision::Unreadable(_) => (403, "Forbidden"),
        NoDecision::Failed => (500, "InternalError"),
    };
    AnswerBuilder::refused(uid, code, reason, &message).finish(&[])
}

/// Admits a request without a decision, because its namespace is not enforced.
pub(super) fn allow_undecided(uid: &str, why: &NoDecision<'_>) -> Vec<u8> {
    let warning = warning_text(format!("slicegate: not judged: {}", explain(why)));
    AnswerBuilder::allowed(uid, None).finish(&[warning])
}

fn explain(why: &NoDecision<'_>) -> String {
    match why {
        // serde's message may quote the body.
        NoDecision::Unreadable(problem) => shorten(&problem.to_string(), LONGEST_PROBLEM),
        NoDecision::Failed => "this pod made slicegate fail, which is a fault in slicegate; \
            its log has the details under this request's uid"
            .to_owned(),
    }
}

struct AnswerBuilder {
    text: String,
}

impl AnswerBuilder {
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
        if !warnings.is_empty() {
            self.text.push_str(",\"warnings\":");
            array(&mut self.text, warnings.iter(), |text, warning| {
                json::string(text, warning);
            });
        }
        self.text.push_str("}}");
        self.text.into_bytes()
    }
}
