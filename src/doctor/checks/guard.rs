//! Whether the admission policies of the guard are there, and are those of the policy in force.

use serde_json::Value;

use super::registration::VALIDATING;
use crate::cel::guard::{self, is_current};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::{Observation, Unseen};
use crate::doctor::objects::{SLICEGATE, name, named};
use crate::doctor::policy::PolicySource;
use crate::doctor::text::{counted, some};

const HASH: &str = "slicegate.dev/policy-hash";

/// The first version with MutatingAdmissionPolicy v1.
const MUTATES: u32 = 36;

/// The objects of a kind; none if the API server does not know it.
fn of_kind<'g>(assessment: &Assessment<'g>, kind: &str) -> Observation<Option<&'g [Value]>> {
    let mut all = assessment.gathered.guard.iter();
    match all.find(|(k, _)| *k == kind) {
        Some((_, found)) => Ok(found.as_ref()?.as_deref()),
        None => Err(Unseen::unasked("the guard")),
    }
}

/// What can be wrong with objects of the guard.
const FAULTS: [&str; 3] = [
    "missing",
    "of another policy than the one in force",
    "changed by hand, or of another version of slicegate",
];

/// The objects with each fault, by kind and name.
fn compare(assessment: &Assessment<'_>, wanted: &[Value]) -> Observation<[Vec<String>; 3]> {
    let mut faults: [Vec<String>; 3] = Default::default();
    let [missing, of_another_policy, changed] = &mut faults;
    for object in wanted {
        let kind = object["kind"].as_str().unwrap_or_default();
        let there = of_kind(assessment, kind)?.unwrap_or_default();
        let hash = |object: &Value| object["metadata"]["annotations"][HASH].clone();
        let objects = match named(there, name(object)) {
            None => &mut *missing,
            Some(found) if hash(found) != hash(object) => &mut *of_another_policy,
            Some(found) if !is_current(found, object) => &mut *changed,
            Some(_) => continue,
        };
        objects.push(format!("{kind} {}", name(object)));
    }
    Ok(faults)
}

fn findings(assessment: &Assessment<'_>, faults: &[Vec<String>], means: &str) -> Vec<Finding> {
    let faults = FAULTS.iter().zip(faults);
    faults
        .filter(|(_, objects)| !objects.is_empty())
        .map(|(fault, objects)| {
            let count = counted(objects.len(), "object");
            let message = format!("{count} {fault}: {}; {means}", some(objects));
            Finding::fail(message, apply(assessment))
        })
        .collect()
}

/// How the guard becomes that of the policy in force.
pub(super) fn apply(assessment: &Assessment<'_>) -> Fix {
    if assessment.has_flag("keep-guard") {
        // slicegate keeps no guard while no pod could get markers.
        return if matches!(VALIDATING.client(assessment), Ok(None)) {
            let fix = "register slicegate again, and it puts the guard in place by itself";
            Fix::by(fix, VALIDATING.apply())
        } else {
            let fix = "slicegate keeps it by itself a few seconds after each change: see what its log says";
            Fix::by(fix, assessment.logs())
        };
    }
    let print = match assessment.in_force.as_ref().map(|i| &i.source) {
        Ok(PolicySource::BuiltIn) | Err(_) => "slicegate guard".to_owned(),
        Ok(PolicySource::File(path)) => format!("slicegate guard --policy {path}"),
        Ok(PolicySource::Object) => {
            "kubectl get sharingpolicy default -o yaml | slicegate guard --policy /dev/stdin"
                .to_owned()
        }
        Ok(PolicySource::ConfigMap(map, key)) => format!(
            "kubectl -n {} get configmap {map} -o jsonpath='{{.data.{}}}' | slicegate guard --policy /dev/stdin",
            assessment.gathered.namespace,
            key.replace('.', "\\.")
        ),
    };
    let settings = assessment.known_settings();
    let excluded = settings.and_then(|s| s.flag("never-match"));
    let excluded = excluded.map_or(String::new(), |list| format!(" --never-match {list}"));
    let classes = assessment.runtime_classes.as_ref();
    let classes = if classes.is_ok_and(|c| c.under_other_names().next().is_some()) {
        " --runtime-classes <(kubectl get runtimeclasses -o yaml)"
    } else {
        ""
    };
    let command = format!("{print}{excluded}{classes} | kubectl apply -f -");
    Fix::by("apply the guard for the policy in force", command)
}

pub(super) fn objects(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let policy = assessment.policy()?;
    let classes = assessment.runtime_classes.as_ref()?;
    let wanted = guard::validating(policy, &assessment.excluded, classes);
    if of_kind(assessment, "ValidatingAdmissionPolicy")?.is_none() {
        return Ok(vec![Finding::fail(
            "the API server has no ValidatingAdmissionPolicy v1, so there is no guard",
            "upgrade to Kubernetes 1.30 or newer",
        )]);
    }
    let faults = compare(assessment, &wanted)?;
    let count = wanted.len();
    if faults[0].len() == count {
        let message = "there is none: with slicegate down, or past it, nothing is refused";
        return Ok(vec![Finding::fail(message, apply(assessment))]);
    }
    let means = "with slicegate down, enforced namespaces are not closed as the policy says";
    let (name, hash) = (&policy.name, &policy.hash);
    let message = format!("all {count} objects are there, for policy {name} {hash}");
    Ok(or_ok(findings(assessment, &faults, means), message))
}

pub(super) fn receipts(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let policy = assessment.policy()?;
    let minor = assessment.minor();
    let mutates = minor.is_none_or(|minor| minor >= MUTATES);
    if !mutates || of_kind(assessment, "MutatingAdmissionPolicy")?.is_none() {
        let version = minor.map_or("this version".to_owned(), |m| format!("1.{m}"));
        let mutating = assessment.gathered.mutating.as_deref().unwrap_or_default();
        let is_required = named(mutating, SLICEGATE)
            .is_some_and(|object| object["webhooks"][0]["failurePolicy"] == "Fail");
        if is_required {
            let message = format!(
                "{version} cannot take forged stamps away; failurePolicy: Fail closes that"
            );
            return Ok(vec![Finding::ok(message)]);
        }
        let message = format!(
            "{version} has no MutatingAdmissionPolicy v1: while slicegate is down, a pod with a \
             completely forged stamp passes in enforced namespaces"
        );
        let fix = "upgrade to 1.36, or set failurePolicy: Fail on the mutating webhook, which has \
            the GPU pods of every namespace wait for slicegate";
        return Ok(vec![Finding::warn(message, fix)]);
    }
    let faults = compare(assessment, &guard::mutating(policy))?;
    let means = "while slicegate is down, a pod with a completely forged stamp passes";
    let message = "the API server takes them away before anybody believes them";
    Ok(or_ok(findings(assessment, &faults, means), message))
}
