//! One decision from top to bottom: is it ours, what does it want, what could serve it, which is best, write it.

mod builder;
mod chosen;
mod daemon_set;
pub mod ephemeral;
mod other_tiers;
pub(in crate::engine) mod oversize;
mod stamped;
mod strategies;
pub mod unmanaged;
pub mod update;

use crate::engine::decide::builder::Draft;
use crate::engine::decide::oversize::oversize;
use crate::engine::decide::unmanaged::outsider;
use crate::engine::line::decision::{Decision, Reason};
use crate::engine::line::input::Question;
use crate::engine::line::placement::{Case, Choice};
use crate::engine::placement::candidates;
use crate::engine::placement::candidates::Considered;
use crate::engine::placement::existing;
use crate::engine::placement::usage;
use crate::engine::placement::usage::Gpus;
use crate::engine::relevance::pod_limits;
use crate::engine::relevance::touches_gpu;
use crate::engine::request;
use crate::engine::rules;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::policy::Mode;

/// Decides about one pod.
pub fn decide<'a>(question: &Question<'a>) -> Decision<'a> {
    answer(question, &mut |_, _| {})
}

/// What a preview says besides the decision.
#[derive(Debug)]
pub struct Explanation {
    /// Every candidate and its verdict; empty where nothing was to choose.
    pub considered: Vec<Considered>,
    /// How much of the GPUs the pod takes, if it is admitted.
    pub gpus: Gpus,
}

/// Decides about one pod and explains the choice.
pub fn explain<'a>(question: &Question<'a>) -> (Decision<'a>, Explanation) {
    let mut explanation = Explanation {
        considered: Vec::new(),
        gpus: usage::unchanged(question.pod, question.supply),
    };
    let decision = answer(question, &mut |case, choice| {
        explanation.considered = candidates::list(case, choice);
        if let Some(choice) = choice {
            explanation.gpus = usage::of_choice(case, choice);
        }
    });
    (decision, explanation)
}

fn answer<'a>(question: &Question<'a>, witness: Witness<'_>) -> Decision<'a> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    let (mode, misspelt) = namespaces.mode(namespace, policy);
    if question.is_mirror() {
        return Decision::untouched(mode, Reason::NotOurs);
    }
    if mode == Mode::Off {
        return outsider(question, Mode::Off);
    }
    if !touches_gpu(pod) {
        return Decision::untouched(mode, Reason::TakesNoGpu);
    }
    if let Some(excess) = pod_limits::excess(pod) {
        return oversize(excess, policy, mode);
    }
    let mut findings = Findings::new(policy);
    let form = question.form();
    let stamped = existing::is_stamped(pod);
    let asked = request::read(pod, form, stamped, &mut findings);
    let mut draft = Draft::new(question, mode, findings);
    if misspelt && !asked.wants.is_empty() {
        let written = namespaces.view(namespace).and_then(|v| v.mode.as_deref());
        rules::mode_unknown::check(namespace, written.unwrap_or_default(), &mut draft.findings);
    }
    rules::check_written(question, &mut draft.findings);
    draft.judge(asked, witness)
}

/// Sees the case once it is complete, with what was chosen.
pub type Witness<'w> = &'w mut dyn FnMut(&Case<'_, '_>, Option<&Choice<'_>>);
