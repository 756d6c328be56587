//! Whether the API server's own policies are there, and are those of the policy in force.

use serde_json::Value;

use super::deployment::named;
use super::registration::Kind;
use crate::cel::guard::{self, is_current};
use crate::doctor::alike::{counted, name, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::doctor::policy::Source;

const HASH: &str = "slicegate.dev/policy-hash";
const MUTATING: &str = "MutatingAdmissionPolicy";

/// The first version with MutatingAdmissionPolicy v1.
const MUTATES: u32 = 36;

/// The objects of a kind; none where the API server does not know it.
fn of_kind<'s>(assessment: &'s Assessment<'_>, kind: &str) -> Result<Option<&'s [Value]>, Unseen> {
    let mut all = assessment.gathered.guard.iter();
    match all.find(|(k, _)| *k == kind) {
        Some((_, found)) => Ok(seen(found)?.as_deref()),
        None => Err(Unseen::unasked("the guard")),
    }
}

/// What is wrong with those objects, by kind and name.
#[derive(Default)]
struct Faults {
    missing: Vec<String>,
    of_another_policy: Vec<String>,
    changed: Vec<String>,
}

fn compare(assessment: &Assessment<'_>, wanted: &[Value]) -> Result<Faults, Unseen> {
    let mut faults = Faults::default();
    for object in wanted {
        let kind = object["kind"].as_str().unwrap_or_default();
        let called = format!("{kind} {}", name(object));
        let there = of_kind(assessment, kind)?.unwrap_or_default();
        let hash = |object: &Value| object["metadata"]["annotations"][HASH].clone();
        match named(there, name(object)) {
            None => faults.missing.push(called),
            Some(found) if hash(found) != hash(object) => faults.of_another_policy.push(called),
            Some(found) if !is_current(found, object) => faults.changed.push(called),
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// How the guard is made to be that of the policy in force.
pub(super) fn apply(assessment: &Assessment<'_>) -> (String, String) {
    if assessment
        .known_settings()
        .is_some_and(|s| s.has("keep-guard"))
    {
        let namespace = &assessment.gathered.namespace;
        // It keeps none where nobody could get a stamp.
        if matches!(Kind::Validating.client(assessment), Ok(None)) {
            return (
                "register slicegate again, and it puts the guard in place by itself".to_owned(),
                "kubectl apply -f webhook-config/validating-webhook.yaml".to_owned(),
            );
        }
        return (
            "slicegate keeps it by itself a few seconds after each change: see what its log says"
                .to_owned(),
            format!("kubectl -n {namespace} logs -l app.kubernetes.io/name=slicegate --tail=50"),
        );
    }
    let namespace = &assessment.gathered.namespace;
    let print = match assessment.in_force.as_ref().map(|i| &i.source) {
        Ok(Source::BuiltIn) | Err(_) => "slicegate guard".to_owned(),
        Ok(Source::Given(path)) => format!("slicegate guard --policy {path}"),
        Ok(Source::Object) => {
            "kubectl get sharingpolicy default -o yaml | slicegate guard --policy /dev/stdin"
                .to_owned()
        }
        Ok(Source::Map(map, key)) => format!(
            "kubectl -n {namespace} get configmap {map} -o jsonpath='{{.data.{}}}' | slicegate guard --policy /dev/stdin",
            key.replace('.', "\\.")
        ),
    };
    let never = assessment
        .known_settings()
        .and_then(|s| s.flag("never-match"));
    let never = never.map_or(String::new(), |list| format!(" --never-match {list}"));
    let classes = assessment.runtime_classes.as_ref();
    let has_others = classes.is_ok_and(|c| c.under_other_names().next().is_some());
    let classes = if has_others {
        " --runtime-classes <(kubectl get runtimeclasses -o yaml)"
    } else {
        ""
    };
    let command = format!("{print}{never}{classes} | kubectl apply -f -");
    (
        "apply the guard for the policy in force".to_owned(),
        command,
    )
}

fn faults(assessment: &Assessment<'_>, faults: &Faults, means: &str) -> Vec<Finding> {
    let (fix, command) = apply(assessment);
    let mut findings = Vec::new();
    let mut say = |objects: &[String], what: &str| {
        if !objects.is_empty() {
            let message = format!(
                "{} {what}: {}; {means}",
                counted(objects.len(), "object"),
                some(objects)
            );
            findings.push(Finding::fail(message, fix.clone()).run(command.clone()));
        }
    };
    say(&faults.missing, "missing");
    say(
        &faults.of_another_policy,
        "of another policy than the one in force",
    );
    say(
        &faults.changed,
        "changed by hand, or of another version of slicegate",
    );
    findings
}

pub(super) fn objects(assessment: &Assessment<'_>) -> Findings {
    let policy = assessment.policy()?;
    let classes = seen(&assessment.runtime_classes)?;
    let wanted = guard::validating(policy, &assessment.never, classes);
    if of_kind(assessment, "ValidatingAdmissionPolicy")?.is_none() {
        return Ok(vec![Finding::fail(
            "the API server has no ValidatingAdmissionPolicy v1, so there is no guard",
            "upgrade to Kubernetes 1.30 or newer",
        )]);
    }
    let faults = compare(assessment, &wanted)?;
    if faults.missing.len() == wanted.len() {
        let (fix, command) = apply(assessment);
        let message = "there is none: with slicegate down, or past it, nothing is refused";
        return Ok(vec![Finding::fail(message, fix).run(command)]);
    }
    let means = "with slicegate down, enforced namespaces are not closed as the policy says";
    let mut findings = self::faults(assessment, &faults, means);
    if findings.is_empty() {
        let count = wanted.len();
        findings.push(Finding::ok(format!(
            "all {count} objects are there, for policy {} {}",
            policy.name, policy.hash
        )));
    }
    Ok(findings)
}

pub(super) fn receipts(assessment: &Assessment<'_>) -> Findings {
    let policy = assessment.policy()?;
    let can = assessment.minor().is_none_or(|minor| minor >= MUTATES);
    if !can || of_kind(assessment, MUTATING)?.is_none() {
        let version = assessment
            .minor()
            .map_or("this version".to_owned(), |m| format!("1.{m}"));
        let fails = assessment
            .gathered
            .mutating
            .iter()
            .flatten()
            .any(|o| name(o) == "slicegate" && o["webhooks"][0]["failurePolicy"] == "Fail");
        return Ok(vec![if fails {
            Finding::ok(format!(
                "{version} cannot take forged stamps away; failurePolicy: Fail closes that"
            ))
        } else {
            Finding::warn(
                format!(
                    "{version} has no MutatingAdmissionPolicy v1: while slicegate is down, a pod with a \
                     completely forged stamp passes in enforced namespaces"
                ),
                "upgrade to 1.36, or set failurePolicy: Fail on the mutating webhook, which has the \
                 GPU pods of every namespace wait for slicegate",
            )
        }]);
    }
    let faults = compare(assessment, &guard::mutating(policy))?;
    let means = "while slicegate is down, a pod with a completely forged stamp passes";
    let mut findings = self::faults(assessment, &faults, means);
    if findings.is_empty() {
        findings.push(Finding::ok(
            "the API server takes them away before anybody believes them",
        ));
    }
    Ok(findings)
}
