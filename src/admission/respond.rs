//! The whole line as one function: the bytes of an AdmissionReview in, the bytes of the answer out.

use super::error::{BadReview, NoDecision};
use super::review::{API_VERSION, AdmissionRequest, AdmissionReview, Envelope, PodOperation};
use super::{answer, patch};
use crate::engine::line::{Decision, Outcome};
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::pod_limits;
use crate::engine::{
    ClusterState, DecisionInput, Stage, decide, ephemeral, missing_edits, relevance, unmanaged,
    unwritable, update,
};
use crate::facts::Pod;
use crate::json::{self, Bounds, Cut};

/// A request with its decision, for metrics, log and Events.
#[derive(Debug)]
pub struct ReviewedRequest<'d, 'a> {
    /// The request.
    pub request: &'d AdmissionRequest<'a>,
    /// The webhook that was called.
    pub webhook: Webhook,
    /// The decision.
    pub decision: &'d Decision<'d>,
    /// The outcome of the answer. It differs from the decision's if validation refuses a pod with missing edits.
    pub outcome: Outcome,
}

/// Bytes of a uid, which the answer repeats.
const LONGEST_UID: usize = 256;

/// The two webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// Places and rewrites a pod when it is created, and hides GPUs from ephemeral containers.
    Mutate,
    /// Checks the final state after all mutating webhooks, ephemeral containers and, where an installation registers
    /// them, updates. It uses the same decision and changes nothing.
    Validate,
}

/// Answers one AdmissionReview for the mutating webhook.
///
/// # Errors
/// When the body is not an AdmissionReview with a pod. [`respond_without_decision`] answers it, if it has a uid.
pub fn respond(state: &ClusterState, body: &[u8]) -> Result<Vec<u8>, BadReview> {
    respond_observed(state, Webhook::Mutate, body, &mut |_| {})
}

/// [`respond`] for either webhook. `observer` gets the decision after the answer is written. It does not get requests
/// that need no decision.
///
/// # Errors
/// As [`respond`].
pub fn respond_observed(
    state: &ClusterState,
    webhook: Webhook,
    body: &[u8],
    observer: &mut dyn FnMut(&ReviewedRequest<'_, '_>),
) -> Result<Vec<u8>, BadReview> {
    // One check of the whole text saves a check of every string.
    let body = std::str::from_utf8(body)?;
    let bounds = Bounds::new(pod_limits::KEPT, relevance::may_matter);
    let (mut review, cut): (AdmissionReview<'_>, Cut) = json::from_str_within(body, bounds)?;
    let objects = [&mut review.request.object, &mut review.request.old_object];
    objects.into_iter().flatten().for_each(|pod| pod.cut = cut);
    if let Some(version) = review.api_version.as_deref().filter(|v| *v != API_VERSION) {
        return Err(BadReview::Version(version.chars().take(60).collect()));
    }
    let request = &review.request;
    let uid = &*request.uid;
    if uid.len() > LONGEST_UID {
        return Err(BadReview::Uid(uid.len()));
    }
    let Some(pod) = &request.object else {
        return Ok(answer::allow_unchanged(uid));
    };
    if state.namespaces.is_missing(request.namespace()) {
        return Err(BadReview::Namespace(request.namespace().to_owned()));
    }
    let user = request.user_info.as_ref();
    let input = DecisionInput {
        user: user.and_then(|u| u.username.as_deref()),
        ..state.input(request.namespace(), pod)
    };
    let (answer, outcome, decision) = match (webhook, request.pod_operation()) {
        (Webhook::Mutate, PodOperation::Create) => {
            let decision = decide(&input);
            let (answer, decision) = match decision.mode {
                Mode::DryRun => (dry_run(&input, uid, &decision)?, decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Validate, PodOperation::Create) => {
            let decision = decide(&input);
            let (answer, outcome) = validate(&input, uid, &decision);
            (answer, outcome, decision)
        }
        (_, PodOperation::AddEphemeralContainers) => {
            let stage = match webhook {
                Webhook::Mutate => Stage::Mutating,
                Webhook::Validate => Stage::Final,
            };
            let decision = ephemeral(&input, request.old_object.as_ref(), stage);
            let (answer, decision) = match decision.mode {
                Mode::DryRun => (answer::dry_run(uid, None, &decision), decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Validate, PodOperation::Update) => {
            let (mode, _) = state.namespaces.mode(input.namespace, &state.policy);
            let decision = update(&input, request.old_object.as_ref(), mode);
            let (answer, decision) = match mode {
                Mode::DryRun => (dry_run_update(&input, request, &decision), decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Mutate, PodOperation::Update) | (_, PodOperation::Other) => {
            return Ok(answer::allow_unchanged(uid));
        }
    };
    observer(&ReviewedRequest {
        request,
        webhook,
        decision: &decision,
        outcome,
    });
    Ok(answer)
}

/// Refuses a pod of an enforced namespace that lacks slicegate's edits. The mutating webhook has already answered with
/// the warnings.
fn validate(input: &DecisionInput<'_>, uid: &str, decision: &Decision<'_>) -> (Vec<u8>, Outcome) {
    match decision.mode {
        Mode::Enforce => {}
        Mode::Off => return validate_unmanaged(uid, decision),
        Mode::DryRun => return validate_unmanaged(uid, &unmanaged(input, Mode::DryRun)),
    }
    if decision.outcome == Outcome::Denied {
        return (answer::deny(uid, decision), Outcome::Denied);
    }
    let missing = missing_edits(input, &decision.edits);
    if missing.is_empty() {
        (answer::allow_unchanged(uid), Outcome::Untouched)
    } else {
        (answer::deny_missing_edits(uid, &missing), Outcome::Denied)
    }
}

/// Refuses a pod of another namespace only if it would close nodes for others.
fn validate_unmanaged(uid: &str, decision: &Decision<'_>) -> (Vec<u8>, Outcome) {
    match decision.outcome {
        Outcome::Denied => (answer::deny(uid, decision), Outcome::Denied),
        Outcome::Untouched | Outcome::Rewritten => {
            (answer::allow_unchanged(uid), Outcome::Untouched)
        }
    }
}

/// The answer, and the decision: another one if the patch is too large.
fn apply<'a>(
    pod: &Pod<'_>,
    uid: &str,
    decision: Decision<'a>,
) -> Result<(Vec<u8>, Decision<'a>), BadReview> {
    let patch = match decision.outcome {
        Outcome::Denied => return Ok((answer::deny(uid, &decision), decision)),
        Outcome::Untouched => return Ok((answer::allow(uid, None, pod, &decision), decision)),
        Outcome::Rewritten => patch::write(pod, &decision.edits)?,
    };
    if patch.len() > pod_limits::PATCH.most {
        let decision = unwritable(decision, patch.len());
        return Ok((answer::deny(uid, &decision), decision));
    }
    Ok((answer::allow(uid, Some(&patch), pod, &decision), decision))
}

/// The warnings say what enforcing would do. The patch is that of an unmanaged pod.
fn dry_run(
    input: &DecisionInput<'_>,
    uid: &str,
    decision: &Decision<'_>,
) -> Result<Vec<u8>, BadReview> {
    let applied = unmanaged(input, Mode::DryRun);
    if applied.outcome == Outcome::Denied {
        return Ok(answer::deny(uid, &applied));
    }
    let patch = match applied.edits.as_slice() {
        [] => None,
        edits => Some(patch::write(input.pod, edits)?),
    };
    Ok(answer::dry_run(uid, patch.as_deref(), decision))
}

/// The warnings say what enforcing would do. The pod is refused only to protect others.
fn dry_run_update(
    input: &DecisionInput<'_>,
    request: &AdmissionRequest<'_>,
    decision: &Decision<'_>,
) -> Vec<u8> {
    let uid = &*request.uid;
    let applied = update(input, request.old_object.as_ref(), Mode::Off);
    match applied.outcome {
        Outcome::Denied => answer::deny(uid, &applied),
        Outcome::Untouched | Outcome::Rewritten => answer::dry_run(uid, None, decision),
    }
}

/// The namespace of a request, if its annotations are not known yet. `None` also if the body is not a review.
pub fn missing_namespace(state: &ClusterState, body: &[u8]) -> Option<String> {
    let review = envelope(body)?;
    let namespace = review.request.namespace?;
    let is_missing = state.namespaces.is_missing(&namespace);
    is_missing.then(|| namespace.to_string())
}

/// Answers a request without a decision: refuses it in an enforced namespace, admits it elsewhere.
/// None if no answer is possible: no uid, or another version.
pub fn respond_without_decision(
    state: &ClusterState,
    body: &[u8],
    why: &NoDecision<'_>,
) -> Option<Vec<u8>> {
    if matches!(
        why,
        NoDecision::Unreadable(BadReview::Version(_) | BadReview::Uid(_))
    ) {
        // A client of another version does not understand the answer, and no API server sends such a uid.
        return None;
    }
    let review = envelope(body)?;
    let request = &review.request;
    let namespace = request.namespace.as_deref().unwrap_or("default");
    let (mode, _) = state.namespaces.mode(namespace, &state.policy);
    Some(match mode {
        Mode::Enforce => answer::deny_undecided(&request.uid, why),
        Mode::Off | Mode::DryRun => answer::allow_undecided(&request.uid, why),
    })
}

/// The fields that an answer needs, of a body with any object.
fn envelope(body: &[u8]) -> Option<Envelope<'_>> {
    let body = std::str::from_utf8(body).ok()?;
    let review: Envelope<'_> = json::from_str_within(body, Bounds::new(0, |_| false))
        .ok()?
        .0;
    (review.request.uid.len() <= LONGEST_UID).then_some(review)
}
