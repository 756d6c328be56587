//! The whole line in one function: bytes of an AdmissionReview in, decision, bytes of the answer out.

use super::answer;
use super::patch;
use super::review::{API_VERSION, AdmissionRequest, AdmissionReview, Envelope};
use crate::engine::decision::{Decision, Outcome};
use crate::engine::policy::{Mode, Policy};
use crate::engine::{Namespaces, Question, Supply, Workload, decide, outsider};
use crate::facts::Pod;

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
    #[error("the body is no AdmissionReview with a pod: {0}")]
    NotAReview(#[from] serde_json::Error),
    /// It is another version's.
    #[error("the body is of {0}; only admission.k8s.io/v1 is answered")]
    Version(String),
}

/// What was decided about one request, for whoever counts or logs it.
#[derive(Debug)]
pub struct Judged<'d, 'a> {
    /// What was asked.
    pub request: &'d AdmissionRequest<'a>,
    /// What was decided.
    pub decision: &'d Decision<'d>,
}

/// Answers one AdmissionReview for a pod's creation.
///
/// # Errors
/// When the body is no AdmissionReview with a pod; [`unjudged`] answers it, if there is anything to answer to.
pub fn respond(world: &World, body: &[u8]) -> Result<Vec<u8>, BadReview> {
    respond_seen(world, body, &mut |_| {})
}

/// [`respond`], with a witness who sees what was decided once the answer is written. Requests that are let through
/// unlooked at, because they create no pod, are not shown.
///
/// # Errors
/// As [`respond`].
pub fn respond_seen(
    world: &World,
    body: &[u8],
    witness: &mut dyn FnMut(&Judged<'_, '_>),
) -> Result<Vec<u8>, BadReview> {
    // Checked once as a whole, the text need not be checked again string by string.
    let body = std::str::from_utf8(body)?;
    let review: AdmissionReview<'_> = serde_json::from_str(body)?;
    if let Some(version) = review.api_version.as_deref().filter(|v| *v != API_VERSION) {
        return Err(BadReview::Version(version.chars().take(60).collect()));
    }
    let request = &review.request;
    let Some(pod) = request.object.as_ref().filter(|_| request.creates_a_pod()) else {
        return Ok(answer::pass(&request.uid));
    };
    let question = question(world, request, pod);
    let decision = decide(&question);
    let answer = match decision.mode {
        Mode::DryRun => rehearse(&question, &request.uid, &decision),
        Mode::Enforce | Mode::Off => apply(pod, &request.uid, &decision),
    };
    witness(&Judged {
        request,
        decision: &decision,
    });
    Ok(answer)
}

fn question<'a>(
    world: &'a World,
    request: &'a AdmissionRequest<'a>,
    pod: &'a Pod<'a>,
) -> Question<'a> {
    let user = request.user_info.as_ref();
    Question {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
        namespace: request.namespace(),
        pod,
        workload: Workload::Pod,
        user: user.and_then(|u| u.username.as_deref()),
    }
}

fn apply(pod: &Pod<'_>, uid: &str, decision: &Decision<'_>) -> Vec<u8> {
    match decision.outcome {
        Outcome::Denied => answer::deny(uid, decision),
        Outcome::Untouched => answer::allow(uid, None, decision),
        Outcome::Rewritten => {
            let patch = patch::write(pod, &decision.edits);
            answer::allow(uid, Some(&patch), decision)
        }
    }
}

/// What enforcing would do is said; what is done is what an outsider gets.
fn rehearse(question: &Question<'_>, uid: &str, decision: &Decision<'_>) -> Vec<u8> {
    let applied = outsider(question, Mode::DryRun);
    if applied.outcome == Outcome::Denied {
        return answer::deny(uid, &applied);
    }
    let patch = (!applied.edits.is_empty()).then(|| patch::write(question.pod, &applied.edits));
    answer::rehearse(uid, patch.as_deref(), decision)
}

/// Why a request got no decision.
#[derive(Debug)]
pub enum Unjudged<'w> {
    /// Its object cannot be read as a pod.
    Unreadable(&'w BadReview),
    /// slicegate failed on it.
    Failed,
}

/// Answers a request that got no decision: an enforced namespace stays closed, everybody else's pod goes on.
/// None where there is nobody to answer to: no uid, or another version.
pub fn unjudged(world: &World, body: &[u8], why: &Unjudged<'_>) -> Option<Vec<u8>> {
    if matches!(why, Unjudged::Unreadable(BadReview::Version(_))) {
        // Whoever speaks another version would not understand this one's answer.
        return None;
    }
    let review: Envelope<'_> = serde_json::from_slice(body).ok()?;
    let request = &review.request;
    let namespace = request.namespace.as_deref().unwrap_or("default");
    let (mode, _) = world.namespaces.mode(namespace, &world.policy);
    Some(match mode {
        Mode::Enforce => answer::refuse_unjudged(&request.uid, why),
        Mode::Off | Mode::DryRun => answer::pass_unjudged(&request.uid, why),
    })
}
