//! Who answers when a pod is created: slicegate, the guard, or nobody.

use super::keys::opt_in;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix};
use crate::doctor::gathered::{Aim, Observation, ProbeResult};
use crate::doctor::grant::subject;
use crate::doctor::probe::{Answerer, denies_labels};
use crate::engine::vocabulary::Mode;

const UNREACHED: &str = "see that slicegate runs and is ready, that its certificate is trusted, and that the API \
    server may open connections to it: control planes of providers may reach nodes on ports 443 and 10250 alone, or \
    not the pods' network at all";

/// The probe whose answer shows most.
fn best<'g>(assessment: &Assessment<'g>, aim: Aim) -> Option<&'g ProbeResult> {
    let tried = assessment.gathered.tried.iter();
    tried
        .filter(|tried| tried.probe.aim == aim)
        .min_by_key(|tried| tried.answerer())
}

pub(super) fn is_answered(assessment: &Assessment<'_>) -> bool {
    best(assessment, Aim::Webhook).is_some_and(|tried| tried.answerer() == Answerer::Webhook)
}

/// The probe was refused for another reason, so that its answer shows nothing.
fn not_shown(assessment: &Assessment<'_>, tried: &ProbeResult) -> Finding {
    let namespace = &tried.probe.namespace;
    if tried.answerer() == Answerer::Rights {
        let message =
            format!("not tried: you may not create pods in {namespace}, not even for a dry run");
        let fix = "give yourself the role slicegate-doctor-try in that namespace \
             (webhook-config/60-doctor-role.yaml)";
        let command = format!(
            "kubectl create rolebinding slicegate-doctor-try -n {namespace} --clusterrole=slicegate-doctor-try {}",
            subject(assessment.gathered)
        );
        return Finding::unseen(message, Fix::by(fix, command));
    }
    let message = format!(
        "not shown: somebody else refused the pod that was tried in {namespace}: {}",
        tried.refusal()
    );
    Finding::unseen(message, "see who that is; slicegate was not seen to answer")
}

pub(super) fn webhook(assessment: &Assessment<'_>) -> Observation<Finding> {
    let mode = assessment.policy()?.mode;
    if mode == Mode::Off {
        return Ok(Finding::warn(
            "the policy's mode is off, so slicegate does nothing anywhere",
            "set spec.mode: enforce in the policy when you are ready",
        ));
    }
    assessment.in_mode(Mode::Enforce)?;
    let Some(tried) = best(assessment, Aim::Webhook) else {
        let message =
            "not tried: no namespace is enforced, and in the others this policy refuses nothing";
        // Annotations have no effect while the policy's mode is dry-run.
        let fix = if mode == Mode::DryRun {
            "the policy's mode is dry-run: set spec.mode: enforce when you are ready".into()
        } else {
            opt_in(assessment)
        };
        return Ok(Finding::unseen(message, fix));
    };
    let namespace = &tried.probe.namespace;
    let problem = match tried.answerer() {
        Answerer::Webhook => {
            return Ok(Finding::ok(format!(
                "slicegate answered for a pod in {namespace} (a dry run, nothing was created)"
            )));
        }
        Answerer::Other | Answerer::Rights => return Ok(not_shown(assessment, tried)),
        Answerer::FailedCall => {
            format!(
                "the API server calls slicegate in vain: {}",
                tried.refusal()
            )
        }
        Answerer::Guard => format!(
            "slicegate did not answer for a pod in {namespace}; the guard refused it instead, so \
             enforced namespaces are closed"
        ),
        Answerer::Nobody => format!(
            "nobody answered for a pod in {namespace} that slicegate has to refuse: it does not \
             get through to slicegate, or slicegate does not know the namespace's mode"
        ),
    };
    let fix = Fix::by(UNREACHED, assessment.logs());
    Ok(Finding::fail(problem, fix))
}

pub(super) fn guard(assessment: &Assessment<'_>) -> Observation<Finding> {
    assessment.policy()?;
    if !denies_labels(assessment) {
        let message = "not tried: this policy does not have it refuse what could be tried";
        return Ok(Finding::ok(message));
    }
    let own = &assessment.gathered.namespace;
    let Some(tried) = best(assessment, Aim::Guard) else {
        let message = format!("not tried: no pod could be tried in {own}");
        let fix = "see what the check of that namespace says";
        return Ok(Finding::unseen(message, fix));
    };
    Ok(match tried.answerer() {
        Answerer::Guard => Finding::ok(format!(
            "it refused a pod in {own}, where slicegate itself is not asked (a dry run)"
        )),
        Answerer::Webhook => Finding::unseen(
            format!("slicegate refused the pod in {own} first, so the guard was not seen"),
            "have the webhooks leave that namespace out",
        ),
        Answerer::Nobody => {
            let mut fix = super::guard::apply(assessment);
            fix.text.push_str("; a change takes a few seconds to count");
            let message = format!(
                "it let a pod in {own} pass that bears a label of slicegate's: nothing protects labels, \
                 and with slicegate down nothing is closed"
            );
            Finding::fail(message, fix)
        }
        _ => not_shown(assessment, tried),
    })
}
