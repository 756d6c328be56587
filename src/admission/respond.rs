//! The whole line in one function: bytes of an AdmissionReview in, decision, bytes of the answer out.

use std::sync::Arc;

use super::answer;
use super::patch;
use super::review::{API_VERSION, Act, AdmissionRequest, AdmissionReview, Envelope};
use crate::engine::line::decision::{Decision, Outcome};
use crate::engine::relevance::pod_limits;
use crate::engine::vocabulary::policy::{Mode, Policy};
use crate::engine::{
    DecisionInput, Namespaces, RuntimeClasses, Stage, Supply, Workload, decide, ephemeral,
    missing_edits, relevance, unmanaged, unwritable, update,
};
use crate::facts::Pod;
use crate::json::{self, Bounds, Cut};

/// What a request is judged against; replaced as a whole when any of it changes.
#[derive(Clone, Debug)]
pub struct World {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The fleet.
    pub supply: Arc<Supply>,
    /// The namespaces.
    pub namespaces: Arc<Namespaces>,
    /// The RuntimeClasses.
    pub runtime_classes: Arc<RuntimeClasses>,
}

impl World {
    /// A world of these parts, in which no RuntimeClass is known.
    pub fn new(policy: Policy, supply: Supply, namespaces: Namespaces) -> Self {
        Self {
            policy: Arc::new(policy),
            supply: Arc::new(supply),
            namespaces: Arc::new(namespaces),
            runtime_classes: Arc::default(),
        }
    }

    /// The same with these RuntimeClasses.
    pub fn with_runtime_classes(mut self, classes: RuntimeClasses) -> Self {
        self.runtime_classes = Arc::new(classes);
        self
    }
}

/// Why a body is no AdmissionReview.
#[derive(Debug, thiserror::Error)]
pub enum BadReview {
    /// It is no text.
    #[error("the body is not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is no JSON, or not of the right shape.
    #[error("the body is no AdmissionReview with a pod: {0}")]
    NotAReview(String),
    /// It is another version's.
    #[error("the body is of {0}; only admission.k8s.io/v1 is answered")]
    Version(String),
    /// It is called what nothing is called that an API server asks about.
    #[error("the request's uid has {0} bytes; the API server's have 36")]
    Uid(usize),
    /// Nobody has said yet what its namespace's administrator wants; who asks again has to know.
    #[error("namespace {0} is not known yet")]
    Namespace(String),
}

impl From<serde_json::Error> for BadReview {
    fn from(problem: serde_json::Error) -> Self {
        Self::NotAReview(json::said(&problem))
    }
}

/// What was decided about one request, for whoever counts or logs it.
#[derive(Debug)]
pub struct Judged<'d, 'a> {
    /// What was asked.
    pub request: &'d AdmissionRequest<'a>,
    /// Which webhook was asked.
    pub webhook: Webhook,
    /// What was decided.
    pub decision: &'d Decision<'d>,
    /// What came of it; a pod that lacks what was decided is refused when it is confirmed.
    pub outcome: Outcome,
}

/// The uid is repeated in the answer.
const LONGEST_UID: usize = 256;

/// Which of the two webhooks is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// Chooses and rewrites, when a pod is created, and hides GPUs from ephemeral containers.
    Mutate,
    /// Looks at the final state when every other webhook is done with it, at ephemeral containers and, where an
    /// installation registers that, at updates. It judges by the same decision and chooses nothing anew.
    Validate,
}

/// Answers one AdmissionReview for a pod's creation.
///
/// # Errors
/// When the body is no AdmissionReview with a pod; [`unjudged`] answers it, if there is anything to answer to.
pub fn respond(world: &World, body: &[u8]) -> Result<Vec<u8>, BadReview> {
    respond_seen(world, Webhook::Mutate, body, &mut |_| {})
}

/// [`respond`] for either webhook, with a witness who sees what was decided once the answer is written. Requests that
/// are let through unlooked at, because they concern no pod's creation, are not shown.
///
/// # Errors
/// As [`respond`].
pub fn respond_seen(
    world: &World,
    webhook: Webhook,
    body: &[u8],
    witness: &mut dyn FnMut(&Judged<'_, '_>),
) -> Result<Vec<u8>, BadReview> {
    // Checked once as a whole, the text need not be checked again string by string.
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
        return Ok(answer::pass(uid));
    };
    if world.namespaces.is_missing(request.namespace()) {
        return Err(BadReview::Namespace(request.namespace().to_owned()));
    }
    let question = question(world, request, pod);
    let (answer, outcome, decision) = match (webhook, request.act()) {
        (Webhook::Mutate, Act::Create) => {
            let decision = decide(&question);
            let (answer, decision) = match decision.mode {
                Mode::DryRun => (rehearse(&question, uid, &decision)?, decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Validate, Act::Create) => {
            let decision = decide(&question);
            let (answer, outcome) = confirm(&question, uid, &decision);
            (answer, outcome, decision)
        }
        (_, Act::Debug) => {
            let stage = match webhook {
                Webhook::Mutate => Stage::Mutating,
                Webhook::Validate => Stage::Final,
            };
            let decision = ephemeral(&question, request.old_object.as_ref(), stage);
            let (answer, decision) = match decision.mode {
                Mode::DryRun => (answer::rehearse(uid, None, &decision), decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Validate, Act::Update) => {
            let (mode, _) = world.namespaces.mode(question.namespace, &world.policy);
            let decision = update(&question, request.old_object.as_ref(), mode);
            let (answer, decision) = match mode {
                Mode::DryRun => (rehearse_update(&question, request, &decision), decision),
                Mode::Enforce | Mode::Off => apply(pod, uid, decision)?,
            };
            (answer, decision.outcome, decision)
        }
        (Webhook::Mutate, Act::Update) | (_, Act::Other) => {
            return Ok(answer::pass(uid));
        }
    };
    witness(&Judged {
        request,
        webhook,
        decision: &decision,
        outcome,
    });
    Ok(answer)
}

/// Refuses a pod of an enforced namespace that is not as slicegate made it, or never was. What is to be warned of was
/// said when the pod was rewritten.
fn confirm(question: &DecisionInput<'_>, uid: &str, decision: &Decision<'_>) -> (Vec<u8>, Outcome) {
    match decision.mode {
        Mode::Enforce => {}
        Mode::Off => return confirm_outsider(uid, decision),
        Mode::DryRun => return confirm_outsider(uid, &unmanaged(question, Mode::DryRun)),
    }
    if decision.outcome == Outcome::Denied {
        return (answer::deny(uid, decision), Outcome::Denied);
    }
    let lacking = missing_edits(question, &decision.edits);
    match lacking.is_empty() {
        true => (answer::pass(uid), Outcome::Untouched),
        false => (answer::refuse_undone(uid, &lacking), Outcome::Denied),
    }
}

/// Refuses a pod of another namespace only for what would close nodes for others.
fn confirm_outsider(uid: &str, decision: &Decision<'_>) -> (Vec<u8>, Outcome) {
    match decision.outcome {
        Outcome::Denied => (answer::deny(uid, decision), Outcome::Denied),
        Outcome::Untouched | Outcome::Rewritten => (answer::pass(uid), Outcome::Untouched),
    }
}

fn question<'a>(
    world: &'a World,
    request: &'a AdmissionRequest<'a>,
    pod: &'a Pod<'a>,
) -> DecisionInput<'a> {
    let user = request.user_info.as_ref();
    DecisionInput {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
        runtime_classes: &world.runtime_classes,
        namespace: request.namespace(),
        pod,
        workload: Workload::Pod,
        user: user.and_then(|u| u.username.as_deref()),
    }
}

/// The answer, and the decision, which is another one where what would have to be written is too much.
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

/// What enforcing would do is said; what is done is what an outsider gets.
fn rehearse(
    question: &DecisionInput<'_>,
    uid: &str,
    decision: &Decision<'_>,
) -> Result<Vec<u8>, BadReview> {
    let applied = unmanaged(question, Mode::DryRun);
    if applied.outcome == Outcome::Denied {
        return Ok(answer::deny(uid, &applied));
    }
    let patch = match applied.edits.as_slice() {
        [] => None,
        edits => Some(patch::write(question.pod, edits)?),
    };
    Ok(answer::rehearse(uid, patch.as_deref(), decision))
}

/// What enforcing would do is said; what is done is what protects others.
fn rehearse_update(
    question: &DecisionInput<'_>,
    request: &AdmissionRequest<'_>,
    decision: &Decision<'_>,
) -> Vec<u8> {
    let uid = &*request.uid;
    let applied = update(question, request.old_object.as_ref(), Mode::Off);
    match applied.outcome {
        Outcome::Denied => answer::deny(uid, &applied),
        Outcome::Untouched | Outcome::Rewritten => answer::rehearse(uid, None, decision),
    }
}

/// Why a request got no decision.
#[derive(Debug)]
pub enum Unjudged<'w> {
    /// Its object cannot be read as a pod.
    Unreadable(&'w BadReview),
    /// slicegate failed on it.
    Failed,
}

/// The namespace of a request, where nothing can be said about it before that is asked for. `None` also where the body
/// is no review.
pub fn missing_namespace(world: &World, body: &[u8]) -> Option<String> {
    let review = envelope(body)?;
    let namespace = review.request.namespace?;
    let is_missing = world.namespaces.is_missing(&namespace);
    is_missing.then(|| namespace.to_string())
}

/// Answers a request that got no decision: an enforced namespace stays closed, everybody else's pod goes on.
/// None where there is nobody to answer to: no uid, or another version.
pub fn unjudged(world: &World, body: &[u8], why: &Unjudged<'_>) -> Option<Vec<u8>> {
    if matches!(
        why,
        Unjudged::Unreadable(BadReview::Version(_) | BadReview::Uid(_))
    ) {
        // Whoever speaks another version would not understand this one's answer, and no API server has such a uid.
        return None;
    }
    let review = envelope(body)?;
    let request = &review.request;
    let namespace = request.namespace.as_deref().unwrap_or("default");
    let (mode, _) = world.namespaces.mode(namespace, &world.policy);
    Some(match mode {
        Mode::Enforce => answer::refuse_unjudged(&request.uid, why),
        Mode::Off | Mode::DryRun => answer::pass_unjudged(&request.uid, why),
    })
}

/// The little that an answer needs, of a body whose object may be anything.
fn envelope(body: &[u8]) -> Option<Envelope<'_>> {
    let body = std::str::from_utf8(body).ok()?;
    let review: Envelope<'_> = json::from_str_within(body, Bounds::new(0, |_| false))
        .ok()?
        .0;
    (review.request.uid.len() <= LONGEST_UID).then_some(review)
}
