//! Who answers when a pod is created: slicegate, the guard, or nobody.

use crate::doctor::advice;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Aim, ProbeAnswer, ProbeResult};
use crate::doctor::grant;
use crate::doctor::probe::{Answerer, answerer, denies_labels};
use crate::engine::vocabulary::Mode;

/// The answer that tells most: one by somebody who was asked.
fn best<'s>(
    assessment: &'s Assessment<'_>,
    aim: Aim,
) -> Option<(&'s ProbeResult, Option<Answerer>)> {
    let tried = assessment
        .gathered
        .tried
        .iter()
        .filter(|t| t.probe.aim == aim);
    let with = tried.map(|tried| match &tried.answer {
        ProbeAnswer::Refused(words) => (tried, Some(answerer(words))),
        ProbeAnswer::Taken(warnings) if warnings.iter().any(|w| w.starts_with("slicegate ")) => {
            (tried, Some(Answerer::Webhook))
        }
        ProbeAnswer::Taken(_) => (tried, None),
    });
    with.min_by_key(|(_, who)| match who {
        Some(Answerer::Webhook) => 0,
        Some(Answerer::InVain) => 1,
        Some(Answerer::Guard) => 2,
        None => 3,
        Some(Answerer::Other) => 4,
        Some(Answerer::Rights) => 5,
    })
}

/// Whether slicegate answered a pod that was tried.
pub(super) fn is_answered(assessment: &Assessment<'_>) -> bool {
    matches!(
        best(assessment, Aim::Webhook),
        Some((_, Some(Answerer::Webhook)))
    )
}

/// The pod could not be tried.
fn untried(assessment: &Assessment<'_>, tried: &ProbeResult) -> Finding {
    let namespace = &tried.probe.namespace;
    let ProbeAnswer::Refused(words) = &tried.answer else {
        return Finding::ok("tried");
    };
    match answerer(words) {
        Answerer::Rights => Finding::unseen(
            format!("not tried: you may not create pods in {namespace}, not even for a dry run"),
            "give yourself the role slicegate-doctor-try in that namespace \
             (webhook-config/60-doctor-role.yaml)",
        )
        .run(format!(
            "kubectl create rolebinding slicegate-doctor-try -n {namespace} --clusterrole=slicegate-doctor-try {}",
            grant::subject(assessment.gathered)
        )),
        _ => Finding::unseen(
            format!(
                "not shown: somebody else refused the pod that was tried in {namespace}: {}",
                short(words)
            ),
            "see who that is; slicegate was not seen to answer",
        ),
    }
}

fn short(words: &str) -> String {
    const MOST: usize = 300;
    let line = words.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

const UNREACHED: &str = "see that slicegate runs and is ready, that its certificate is trusted, and that the API \
    server may open connections to it: control planes of providers may reach nodes on ports 443 and 10250 alone, or \
    not the pods' network at all";

pub(super) fn webhook(assessment: &Assessment<'_>) -> Findings {
    if assessment.policy()?.mode == Mode::Off {
        return Ok(vec![Finding::warn(
            "the policy's mode is off, so slicegate does nothing anywhere",
            "set spec.mode: enforce in the policy when you are ready",
        )]);
    }
    let logs = format!(
        "kubectl -n {} logs -l app.kubernetes.io/name=slicegate --tail=50",
        assessment.gathered.namespace
    );
    assessment.in_mode(Mode::Enforce)?;
    let is_rehearsing = assessment.policy()?.mode == Mode::DryRun;
    let Some((tried, who)) = best(assessment, Aim::Webhook) else {
        let message =
            "not tried: no namespace is enforced, and in the others this policy refuses nothing";
        // Annotations change nothing then.
        if is_rehearsing {
            let fix = "the policy's mode is dry-run: set spec.mode: enforce when you are ready";
            return Ok(vec![Finding::unseen(message, fix)]);
        }
        return Ok(vec![advice::opt_in(assessment, |fix| {
            Finding::unseen(message, fix)
        })]);
    };
    let namespace = &tried.probe.namespace;
    let finding = match (who, &tried.answer) {
        (Some(Answerer::Webhook), _) => Finding::ok(format!(
            "slicegate answered for a pod in {namespace} (a dry run, nothing was created)"
        )),
        (Some(Answerer::InVain), ProbeAnswer::Refused(words)) => Finding::fail(
            format!("the API server calls slicegate in vain: {}", short(words)),
            UNREACHED,
        )
        .run(logs),
        (Some(Answerer::Guard), _) => Finding::fail(
            format!(
                "slicegate did not answer for a pod in {namespace}; the guard refused it instead, so \
                 enforced namespaces are closed"
            ),
            UNREACHED,
        )
        .run(logs),
        (None, _) => Finding::fail(
            format!(
                "nobody answered for a pod in {namespace} that slicegate has to refuse: it does not \
                 get through to slicegate, or slicegate does not know the namespace's mode"
            ),
            UNREACHED,
        )
        .run(logs),
        _ => untried(assessment, tried),
    };
    Ok(vec![finding])
}

pub(super) fn guard(assessment: &Assessment<'_>) -> Findings {
    assessment.policy()?;
    if !denies_labels(assessment) {
        return Ok(vec![Finding::ok(
            "not tried: this policy does not have it refuse what could be tried",
        )]);
    }
    let own = &assessment.gathered.namespace;
    let Some((tried, who)) = best(assessment, Aim::Guard) else {
        return Ok(vec![Finding::unseen(
            format!("not tried: no pod could be tried in {own}"),
            "see what the check of that namespace says",
        )]);
    };
    let finding = match who {
        Some(Answerer::Guard) => Finding::ok(format!(
            "it refused a pod in {own}, where slicegate itself is not asked (a dry run)"
        )),
        Some(Answerer::Webhook) => Finding::unseen(
            format!("slicegate refused the pod in {own} first, so the guard was not seen"),
            "have the webhooks leave that namespace out",
        ),
        None => {
            let (fix, command) = super::guard::apply(assessment);
            let message = format!(
                "it let a pod in {own} pass that bears a label of slicegate's: nothing protects labels, \
                 and with slicegate down nothing is closed"
            );
            let fix = format!("{fix}; a change takes a few seconds to count");
            Finding::fail(message, fix).run(command)
        }
        Some(_) => untried(assessment, tried),
    };
    Ok(vec![finding])
}
