//! Which boundaries namespaces claim, and by whose consent they share one.

use std::collections::BTreeMap;

use crate::doctor::alike::{counted, name, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::{BoundaryNames, Mode, names, quoted};
use crate::engine::{Namespaces, Policy};

pub(super) fn claims(assessment: &Assessment<'_>) -> Findings {
    let (policy, namespaces) = (assessment.policy()?, seen(&assessment.namespaces)?);
    let mut findings = Vec::new();
    for name in assessment.in_mode(Mode::Enforce)? {
        if let Some(problem) = namespaces.claim_problem(name, policy) {
            findings.push(refused(name, problem, namespaces));
        }
    }
    findings.extend(nobodys(assessment, policy, namespaces)?);
    if findings.is_empty() {
        findings.push(Finding::ok(
            "every enforced namespace may have the boundary it claims",
        ));
    }
    Ok(findings)
}

/// A namespace whose GPU pods are refused for the boundary it claims.
fn refused(name: &str, problem: ClaimProblem, namespaces: &Namespaces) -> Finding {
    let claimed = namespaces.claimed_boundary(name);
    let shown = match problem {
        ClaimProblem::NotALabel => quoted(claimed),
        _ => claimed.to_owned(),
    };
    let correct = format!("correct {} on the namespace", names::TRUST_BOUNDARY);
    let fail = |why: &str, fix: String| {
        let message = format!(
            "{name} claims the boundary {shown}, and {why}: its new GPU pods are refused, those \
             that run stay"
        );
        Finding::fail(message, fix)
    };
    match problem {
        ClaimProblem::NotALabel => fail("that is no DNS label", correct),
        ClaimProblem::Reserved => fail(
            "the policy keeps that name for others",
            format!("{correct}, or list it for that name under spec.boundaries of the policy"),
        ),
        ClaimProblem::Unlisted => fail(
            "no namespace bears that name and the policy does not list it",
            format!("{correct}, or list both under spec.boundaries of the policy"),
        ),
        ClaimProblem::NoMember => {
            let bearer = namespaces.view(claimed);
            let names_itself = bearer.is_some_and(|b| b.trust_boundary.as_deref() == Some(claimed));
            let but = if names_itself {
                ", which names itself and by that consents to nothing"
            } else {
                ""
            };
            let key = names::BOUNDARY_MEMBERS;
            // Who copies the command must not run what somebody wrote into an annotation.
            let members = bearer.into_iter().flat_map(|b| &b.boundary_members);
            let members = members.map(String::as_str).filter(|m| is_dns_label(m));
            let members: Vec<&str> = members.chain([name]).collect();
            let fix = format!("{correct}, or, if {claimed} agrees, list {name} there");
            fail(&format!("no member of namespace {claimed}{but}"), fix).run(format!(
                "kubectl annotate --overwrite namespace {claimed} {key}={}",
                members.join(",")
            ))
        }
    }
}

/// Names that are shared although no namespace bears them and no list has them.
fn nobodys(
    assessment: &Assessment<'_>,
    policy: &Policy,
    namespaces: &Namespaces,
) -> Result<Option<Finding>, Unseen> {
    if policy.boundary_names != BoundaryNames::Open {
        return Ok(None);
    }
    let mut free: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in seen(&assessment.gathered.namespaces)? {
        let name = name(object);
        let claimed = namespaces.claimed_boundary(name);
        let is_listed = policy.boundaries.iter().any(|b| b.name == claimed);
        let may = namespaces.claim_problem(name, policy).is_none();
        if may && !is_listed && namespaces.view(claimed).is_none() {
            free.entry(claimed).or_default().push(name);
        }
    }
    if free.is_empty() {
        return Ok(None);
    }
    let shared = free
        .iter()
        .map(|(boundary, names)| format!("{boundary} ({})", some(names)));
    let shared: Vec<String> = shared.collect();
    let message = format!(
        "{} that no namespace bears: {}; whoever names one is in, and a namespace made under that \
         name takes it from them",
        counted(free.len(), "boundary name"),
        some(&shared)
    );
    let fix = "list each with its namespaces under spec.boundaries of the policy";
    Ok(Some(Finding::warn(message, fix)))
}

pub(super) fn members(assessment: &Assessment<'_>) -> Findings {
    let (policy, namespaces) = (assessment.policy()?, seen(&assessment.namespaces)?);
    let key = names::BOUNDARY_MEMBERS;
    let mut findings = Vec::new();
    let mut hosts = 0;
    for object in seen(&assessment.gathered.namespaces)? {
        let name = name(object);
        let members = namespaces.view(name).map(|v| &v.boundary_members[..]);
        let members = members.unwrap_or_default();
        if members.is_empty() {
            continue;
        }
        hosts += 1;
        if policy.boundaries.iter().any(|b| b.name == name) {
            findings.push(Finding::warn(
                format!("{key} of {name} does nothing: the policy lists who may use that boundary"),
                format!("list them under spec.boundaries of the policy, and remove {key}"),
            ));
            continue;
        }
        if members.iter().any(|m| m == names::ANYBODY) {
            findings.push(anybody(name, namespaces));
        }
        let is_nobody = |m: &&str| *m != names::ANYBODY && namespaces.view(m).is_none();
        let listed = members.iter().map(String::as_str);
        let nobody: Vec<String> = listed.filter(is_nobody).map(quoted).collect();
        if !nobody.is_empty() {
            findings.push(Finding::warn(
                format!(
                    "{name} lets into its boundary what is no namespace: {}; whoever makes a \
                     namespace of that name may join",
                    some(&nobody)
                ),
                format!("write names of namespaces, or {} alone", names::ANYBODY),
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(match hosts {
            0 => "no namespace lets others into its boundary".to_owned(),
            n => format!(
                "{} with members, all of them listed by name",
                counted(n, "boundary name")
            ),
        }));
    }
    Ok(findings)
}

/// A namespace that lets everybody in, and who came.
fn anybody(name: &str, namespaces: &Namespaces) -> Finding {
    let came: Vec<&str> = namespaces.claimants(name).filter(|n| *n != name).collect();
    let came = if came.is_empty() {
        "nobody has yet".to_owned()
    } else {
        format!("{} did", some(&came))
    };
    let key = names::BOUNDARY_MEMBERS;
    Finding::warn(
        format!("any namespace may join the boundary {name}, and {came}"),
        "list the namespaces that it trusts",
    )
    .run(format!(
        "kubectl annotate --overwrite namespace {name} {key}=NAMESPACE,NAMESPACE"
    ))
}
