//! The whole line in one function: bytes of an AdmissionReview in, decision, bytes of the answer out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::patch;
use super::review::AdmissionReview;
use crate::engine::decision::{Decision, Outcome};
use crate::engine::findings::Finding;
use crate::engine::json;
use crate::engine::policy::{Mode, Policy};
use crate::engine::rule::Severity;
use crate::engine::{Namespaces, Question, Supply, Workload, decide, outsider};

/// What a request is judged against; replaced as a whole when any of it changes.
#[derive(Debug)]
pub struct World {
    /// The policy in force.
    pub policy: Policy,
    /// The fleet.
    pub supply: Supply,
    /// The namespaces.
    pub namespaces: Namespaces,
}

/// Why a body is no AdmissionReview.
#[derive(Debug, thiserror::Error)]
pub enum BadReview {
    /// It is no text.
    #[error("the body is not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is no JSON, or not of the right shape.
    #[error("the body is no AdmissionReview: {0}")]
    NotAReview(#[from] serde_json::Error),
}

/// Answers one AdmissionReview for a pod's creation.
///
/// # Errors
/// When the body is no AdmissionReview with a pod; there is no uid to answer to then.
pub fn respond(world: &World, body: &[u8]) -> Result<Vec<u8>, BadReview> {
    // Checked once as a whole, the text need not be checked again string by string.
    let body = std::str::from_utf8(body)?;
    let review: AdmissionReview<'_> = serde_json::from_str(body)?;
    let request = &review.request;
    let Some(pod) = &request.object else {
        return Ok(allow(&request.uid, None, &[]));
    };
    let own = || pod.metadata.as_ref()?.namespace.as_deref();
    let namespace = request.namespace.as_deref().or_else(own);
    let user = request
        .user_info
        .as_ref()
        .and_then(|u| u.username.as_deref());
    let question = Question {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
        namespace: namespace.unwrap_or("default"),
        pod,
        workload: Workload::Pod,
        user,
    };
    let decision = decide(&question);
    if decision.mode == Mode::DryRun {
        // What enforcing would do is said; what is done is what an outsider gets.
        let applied = outsider(&question, Mode::DryRun);
        if applied.outcome == Outcome::Denied {
            return Ok(deny(&request.uid, &applied));
        }
        let patch = (!applied.edits.is_empty()).then(|| patch::write(pod, &applied.edits));
        return Ok(allow(&request.uid, patch.as_deref(), &rehearsal(&decision)));
    }
    Ok(match decision.outcome {
        Outcome::Denied => deny(&request.uid, &decision),
        Outcome::Untouched => allow(&request.uid, None, &warnings(&decision.findings)),
        Outcome::Rewritten => {
            let patch = patch::write(pod, &decision.edits);
            allow(&request.uid, Some(&patch), &warnings(&decision.findings))
        }
    })
}

const HEAD: &str =
    r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"#;

fn allow(uid: &str, patch: Option<&str>, warnings: &[String]) -> Vec<u8> {
    let size = patch.map_or(0, |p| p.len() * 4 / 3);
    let mut text = String::with_capacity(HEAD.len() + uid.len() + size + 128);
    text.push_str(HEAD);
    json::string(&mut text, uid);
    text.push_str(",\"allowed\":true");
    if let Some(patch) = patch {
        text.push_str(",\"patchType\":\"JSONPatch\",\"patch\":\"");
        STANDARD.encode_string(patch, &mut text);
        text.push('"');
    }
    list(&mut text, warnings);
    text.push_str("}}");
    text.into_bytes()
}

fn deny(uid: &str, decision: &Decision<'_>) -> Vec<u8> {
    let mut text = String::with_capacity(1024);
    text.push_str(HEAD);
    json::string(&mut text, uid);
    text.push_str(
        ",\"allowed\":false,\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":",
    );
    json::string(&mut text, &denial(decision));
    text.push('}');
    list(&mut text, &warnings(&decision.findings));
    text.push_str("}}");
    text.into_bytes()
}

/// One summary line within 200 characters, then a line for each finding that denies.
pub fn denial(decision: &Decision<'_>) -> String {
    let denials = || {
        decision
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Deny)
    };
    let first = denials().next().map_or("", |f| f.message.as_str());
    let more = denials().count().saturating_sub(1);
    let suffix = match more {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let room = 200_usize.saturating_sub("slicegate: ".len() + suffix.len());
    let mut text = format!("slicegate: {}{suffix}", cut(first, room));
    for finding in denials() {
        text.push('\n');
        text.push_str(&format!("[{}] ", finding.rule.id));
        if !finding.path.is_empty() {
            text.push_str(&format!("{}: ", finding.path));
        }
        text.push_str(&format!("{}; fix: {}", finding.message, finding.fix));
    }
    text
}

/// What the person who creates the pod is warned of.
fn warnings(findings: &[Finding]) -> Vec<String> {
    let warns = findings.iter().filter(|f| f.severity == Severity::Warn);
    warns.map(line).collect()
}

/// What dry-run says instead of doing it: the outcome, and every finding.
fn rehearsal(decision: &Decision<'_>) -> Vec<String> {
    let outcome = match (decision.outcome, decision.strategy) {
        (Outcome::Untouched, _) => None,
        (Outcome::Denied, _) => Some("this pod would be refused".to_owned()),
        (Outcome::Rewritten, Some(strategy)) => Some(format!("this pod would be given {strategy}")),
        (Outcome::Rewritten, None) => Some("this pod would be stamped".to_owned()),
    };
    let outcome = outcome.map(|what| format!("slicegate dry-run: {what}"));
    outcome
        .into_iter()
        .chain(decision.findings.iter().map(line))
        .collect()
}

fn line(finding: &Finding) -> String {
    let line = format!("slicegate {}: {}", finding.rule.id, finding.message);
    // The API server drops a warning with control characters without a word.
    let plain: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    cut(&plain, 240)
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

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(3)).collect();
    short.push_str("...");
    short
}
