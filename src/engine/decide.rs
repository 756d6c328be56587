//! One decision from top to bottom: is it ours, what does it want, what could serve it, which is best, write it.

use super::ask::{self, Form};
use super::considered::{self, Considered};
use super::decision::{Decision, Reason};
use super::draft::Draft;
use super::findings::Findings;
use super::keep;
use super::outsider::{outsider, untouched};
use super::policy::Mode;
use super::question::{Question, Witness};
use super::rules;
use super::share::{self, Gpus};
use super::size;
use super::touches::touches_gpu;

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
        gpus: share::unchanged(question.pod, question.supply),
    };
    let decision = answer(question, &mut |case, choice| {
        explanation.considered = considered::list(case, choice);
        if let Some(choice) = choice {
            explanation.gpus = share::of_choice(case, choice);
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
    if is_mirror(question) {
        return untouched(mode, Reason::NotOurs);
    }
    if mode == Mode::Off {
        return outsider(question, Mode::Off);
    }
    if !touches_gpu(pod) {
        return untouched(mode, Reason::TakesNoGpu);
    }
    if let Some(excess) = size::excess(pod) {
        return rules::too_large::decision(excess, policy, mode);
    }
    let mut findings = Findings::new(policy);
    let form = question.form();
    let stamped = keep::is_stamped(pod);
    let asked = ask::read(pod, form, stamped, &mut findings);
    let mut draft = Draft::new(question, mode, findings);
    if misspelt && !asked.wants.is_empty() {
        let written = namespaces.view(namespace).and_then(|v| v.mode.as_deref());
        rules::mode_unknown::check(namespace, written.unwrap_or_default(), &mut draft.findings);
    }
    if form == Form::Template {
        rules::template_refused::check(pod, &mut draft.findings);
    }
    rules::unknown_key::check(pod, &mut draft.findings);
    draft.judge(asked, witness)
}

/// Mirror pods are made by kubelets; the annotation alone is anybody's to write.
pub(super) fn is_mirror(question: &Question<'_>) -> bool {
    let by_node = question.user.is_some_and(|u| u.starts_with("system:node:"));
    by_node
        && question
            .pod
            .annotation("kubernetes.io/config.mirror")
            .is_some()
}
