//! The policy in force, and those that do not count.

use serde_json::Value;

use super::deployment::named;
use crate::doctor::alike::{name, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::doctor::policy::{NAME, Source};

const CHECK: &str = "kubectl get sharingpolicy default -o yaml | slicegate policy check -";

pub(super) fn in_force(assessment: &Assessment<'_>) -> Findings {
    let in_force = match &assessment.in_force {
        Ok(in_force) => in_force,
        // That it says something wrong is no matter of rights.
        Err(unseen) if unseen.problem.starts_with("the policy in force") => {
            let finding = Finding::fail(unseen.problem.clone(), unseen.fix.clone());
            return Ok(vec![finding.run(CHECK)]);
        }
        Err(unseen) => return Err(unseen.clone()),
    };
    let policy = &in_force.policy;
    let what = format!(
        "{}, mode {}, hash {}",
        policy.name,
        policy.mode.word(),
        policy.hash
    );
    let finding = match &in_force.source {
        Source::Given(path) => Finding::ok(format!("{path} as you say: {what}")),
        Source::Map(map, _) => Finding::ok(format!("from ConfigMap {map}: {what}")),
        Source::BuiltIn => Finding::ok(format!("the built-in one, nobody wrote another: {what}")),
        Source::Object => accepted(assessment, &what)?,
    };
    Ok(vec![finding])
}

/// What slicegate says of the object.
fn accepted(assessment: &Assessment<'_>, what: &str) -> Result<Finding, Unseen> {
    let policies = seen(&assessment.gathered.policies)?
        .as_deref()
        .unwrap_or_default();
    let object = named(policies, NAME).unwrap_or(&Value::Null);
    let generation = object["metadata"]["generation"].as_i64();
    let conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let condition = conditions.clone().find(|c| c["type"] == "Accepted");
    let described = "kubectl describe sharingpolicy default";
    let Some(condition) = condition else {
        return Ok(Finding::warn(
            format!(
                "SharingPolicy {NAME}: {what}; no slicegate has said yet whether it accepts it"
            ),
            "see whether slicegate runs and may patch sharingpolicies/status",
        )
        .run(described));
    };
    if condition["status"] != "True" {
        let message = condition["message"].as_str().unwrap_or_default();
        let message = format!("SharingPolicy {NAME} is not accepted: {message}");
        return Ok(
            Finding::fail(message, "correct it; the last good one stays in force").run(described),
        );
    }
    let observed = condition["observedGeneration"].as_i64();
    if observed.is_some() && observed < generation {
        return Ok(Finding::warn(
            format!("SharingPolicy {NAME} was changed, and slicegate has not looked at it yet"),
            "run this again in a few seconds",
        ));
    }
    Ok(Finding::ok(format!(
        "SharingPolicy {NAME}, accepted: {what}"
    )))
}

pub(super) fn others(assessment: &Assessment<'_>) -> Findings {
    let Some(policies) = seen(&assessment.gathered.policies)? else {
        let watches = assessment
            .known_settings()
            .is_some_and(|s| s.asks_the_cluster() && !s.has("policy"));
        return Ok(vec![if watches {
            Finding::warn(
                "the cluster has no kind SharingPolicy, so nobody can change the built-in policy",
                "apply slicegate's CustomResourceDefinition again",
            )
        } else {
            Finding::ok("the cluster has no kind SharingPolicy")
        }]);
    };
    let others: Vec<&str> = policies.iter().map(name).filter(|n| *n != NAME).collect();
    let is_watched = matches!(
        assessment.in_force.as_ref().map(|i| &i.source),
        Ok(Source::Object | Source::BuiltIn)
    );
    let mut findings = Vec::new();
    if let Some(first) = others.first() {
        let message = format!(
            "only the SharingPolicy {NAME} counts; these do nothing: {}",
            some(&others)
        );
        let fix = format!("take over into {NAME} what they say, and delete them");
        findings
            .push(Finding::warn(message, fix).run(format!("kubectl delete sharingpolicy {first}")));
    }
    if !is_watched && named(policies, NAME).is_some() && assessment.in_force.is_ok() {
        findings.push(Finding::warn(
            format!("SharingPolicy {NAME} does nothing: slicegate reads its policy from a file"),
            "take --policy from the Deployment's arguments, or delete the SharingPolicy",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("no SharingPolicy that does not count"));
    }
    Ok(findings)
}
