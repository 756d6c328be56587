//! The policy in force, and the policies that do not count.

use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{condition, name, named};
use crate::doctor::policy::{NAME, PolicySource};
use crate::doctor::text::some;

pub(super) fn in_force(assessment: &Assessment<'_>) -> Observation<Finding> {
    let in_force = match &assessment.in_force {
        Ok(in_force) => in_force,
        // An invalid policy is a fault, although nothing was refused.
        Err(unseen) if unseen.problem.starts_with("the policy in force") => {
            let check = "kubectl get sharingpolicy default -o yaml | slicegate policy check -";
            return Ok(Finding::fail(
                &*unseen.problem,
                Fix::by(&*unseen.fix, check),
            ));
        }
        Err(unseen) => return Err(unseen.clone()),
    };
    let policy = &in_force.policy;
    let (name, mode, hash) = (&policy.name, policy.mode.word(), &policy.hash);
    let what = format!("{name}, mode {mode}, hash {hash}");
    Ok(Finding::ok(match &in_force.source {
        PolicySource::File(path) => format!("{path} as you say: {what}"),
        PolicySource::ConfigMap(map, _) => format!("from ConfigMap {map}: {what}"),
        PolicySource::BuiltIn => format!("the built-in one, nobody wrote another: {what}"),
        PolicySource::Object => return accepted(assessment, &what),
    }))
}

/// Whether slicegate accepts the SharingPolicy, as its status says.
fn accepted(assessment: &Assessment<'_>, what: &str) -> Observation<Finding> {
    let policies = assessment.gathered.policies.as_ref()?.as_deref();
    let object = named(policies.unwrap_or_default(), NAME).unwrap_or(&Value::Null);
    let condition = condition(object, "Accepted");
    let describe = "kubectl describe sharingpolicy default";
    if condition.is_null() {
        let message = format!(
            "SharingPolicy {NAME}: {what}; no slicegate has said yet whether it accepts it"
        );
        let fix = "see whether slicegate runs and may patch sharingpolicies/status";
        return Ok(Finding::warn(message, Fix::by(fix, describe)));
    }
    if condition["status"] != "True" {
        let message = condition["message"].as_str().unwrap_or_default();
        let message = format!("SharingPolicy {NAME} is not accepted: {message}");
        let fix = "correct it; the last good one stays in force";
        return Ok(Finding::fail(message, Fix::by(fix, describe)));
    }
    let observed = condition["observedGeneration"].as_i64();
    if observed.is_some() && observed < object["metadata"]["generation"].as_i64() {
        let message =
            format!("SharingPolicy {NAME} was changed, and slicegate has not looked at it yet");
        return Ok(Finding::warn(message, "run this again in a few seconds"));
    }
    let message = format!("SharingPolicy {NAME}, accepted: {what}");
    Ok(Finding::ok(message))
}

pub(super) fn others(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let Some(policies) = assessment.gathered.policies.as_ref()? else {
        let settings = assessment.known_settings();
        let watches = settings.is_some_and(|s| s.asks_the_cluster() && !s.has("policy"));
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
    let mut findings = Vec::new();
    if let Some(first) = others.first() {
        let message = format!(
            "only the SharingPolicy {NAME} counts; these do nothing: {}",
            some(&others)
        );
        let fix = format!("take over into {NAME} what they say, and delete them");
        let command = format!("kubectl delete sharingpolicy {first}");
        findings.push(Finding::warn(message, Fix::by(fix, command)));
    }
    let is_from_file = assessment.in_force.as_ref().is_ok_and(|in_force| {
        !matches!(
            in_force.source,
            PolicySource::Object | PolicySource::BuiltIn
        )
    });
    if is_from_file && named(policies, NAME).is_some() {
        findings.push(Finding::warn(
            format!("SharingPolicy {NAME} does nothing: slicegate reads its policy from a file"),
            "take --policy from the Deployment's arguments, or delete the SharingPolicy",
        ));
    }
    Ok(or_ok(findings, "no SharingPolicy that does not count"))
}
