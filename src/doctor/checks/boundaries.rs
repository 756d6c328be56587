//! Which boundaries namespaces claim, and whether others consent to share theirs.

use std::collections::BTreeMap;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::name;
use crate::doctor::text::{annotate, counted, some};
use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::vocabulary::names::{self, BOUNDARY_MEMBERS, is_dns_label};
use crate::engine::vocabulary::{BoundaryNames, Mode, quoted};
use crate::engine::{Namespaces, Policy};

pub(super) fn claims(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let (policy, namespaces) = (assessment.policy()?, assessment.namespaces.as_ref()?);
    let mut findings = Vec::new();
    for name in assessment.in_mode(Mode::Enforce)? {
        if let Some(problem) = namespaces.claim_problem(name, policy) {
            findings.push(refused(name, problem, namespaces));
        }
    }
    if policy.boundary_names == BoundaryNames::Open {
        findings.extend(unowned(assessment, policy, namespaces)?);
    }
    let message = "every enforced namespace may have the boundary it claims";
    Ok(or_ok(findings, message))
}

/// A namespace whose GPU pods are refused because of the boundary that it claims.
fn refused(name: &str, problem: ClaimProblem, namespaces: &Namespaces) -> Finding {
    let claimed = namespaces.claimed_boundary(name);
    let fail = |shown: &str, why: &str, fix: Fix| {
        let message = format!(
            "{name} claims the boundary {shown}, and {why}: its new GPU pods are refused, those \
             that run stay"
        );
        let text = format!(
            "correct {} on the namespace{}",
            names::TRUST_BOUNDARY,
            fix.text
        );
        Finding::fail(message, Fix { text, ..fix })
    };
    match problem {
        ClaimProblem::NotALabel => fail(&quoted(claimed), "that is no DNS label", "".into()),
        ClaimProblem::Reserved => {
            let fix = ", or list it for that name under spec.boundaries of the policy";
            fail(claimed, "the policy keeps that name for others", fix.into())
        }
        ClaimProblem::Unlisted => {
            let why = "no namespace bears that name and the policy does not list it";
            let fix = ", or list both under spec.boundaries of the policy";
            fail(claimed, why, fix.into())
        }
        ClaimProblem::NoMember => {
            let bearer = namespaces.view(claimed);
            let names_itself = bearer.is_some_and(|b| b.trust_boundary.as_deref() == Some(claimed));
            let but = if names_itself {
                ", which names itself and by that consents to nothing"
            } else {
                ""
            };
            // A user who copies the command must not run what an annotation says.
            let members = bearer.into_iter().flat_map(|b| &b.boundary_members);
            let members = members.map(String::as_str).filter(|m| is_dns_label(m));
            let members = members.chain([name]).collect::<Vec<&str>>().join(",");
            let fix = format!(", or, if {claimed} agrees, list {name} there");
            let fix = Fix::by(fix, annotate(claimed, BOUNDARY_MEMBERS, &members));
            fail(
                claimed,
                &format!("no member of namespace {claimed}{but}"),
                fix,
            )
        }
    }
}

/// Names that are shared although no namespace has them and the policy does not list them.
fn unowned(
    assessment: &Assessment<'_>,
    policy: &Policy,
    namespaces: &Namespaces,
) -> Observation<Option<Finding>> {
    let mut unowned: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in assessment.gathered.namespaces.as_ref()?.iter().map(name) {
        let claimed = namespaces.claimed_boundary(name);
        let is_allowed = namespaces.claim_problem(name, policy).is_none();
        let is_listed = policy.boundaries.iter().any(|b| b.name == claimed);
        if is_allowed && !is_listed && namespaces.view(claimed).is_none() {
            unowned.entry(claimed).or_default().push(name);
        }
    }
    if unowned.is_empty() {
        return Ok(None);
    }
    let shared: Vec<String> = unowned
        .iter()
        .map(|(boundary, names)| format!("{boundary} ({})", some(names)))
        .collect();
    let (count, shared) = (counted(shared.len(), "boundary name"), some(&shared));
    let message = format!(
        "{count} that no namespace bears: {shared}; whoever names one is in, and a namespace made \
         under that name takes it from them"
    );
    let fix = "list each with its namespaces under spec.boundaries of the policy";
    Ok(Some(Finding::warn(message, fix)))
}

pub(super) fn members(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let (policy, namespaces) = (assessment.policy()?, assessment.namespaces.as_ref()?);
    let mut findings = Vec::new();
    let mut hosts = 0;
    for name in assessment.gathered.namespaces.as_ref()?.iter().map(name) {
        let members = namespaces.view(name).map(|view| &view.boundary_members[..]);
        let members = members.unwrap_or_default().iter().map(String::as_str);
        let (anybody, listed): (Vec<&str>, Vec<&str>) =
            members.partition(|member| *member == names::ANYBODY);
        if anybody.is_empty() && listed.is_empty() {
            continue;
        }
        hosts += 1;
        if policy.boundaries.iter().any(|b| b.name == name) {
            let message = format!(
                "{BOUNDARY_MEMBERS} of {name} does nothing: the policy lists who may use that boundary"
            );
            let fix = format!(
                "list them under spec.boundaries of the policy, and remove {BOUNDARY_MEMBERS}"
            );
            findings.push(Finding::warn(message, fix));
            continue;
        }
        if !anybody.is_empty() {
            findings.push(open_to_anybody(name, namespaces));
        }
        let is_unknown = |member: &&str| namespaces.view(member).is_none();
        let unknown: Vec<String> = listed.into_iter().filter(is_unknown).map(quoted).collect();
        if !unknown.is_empty() {
            let unknown = some(&unknown);
            let message = format!(
                "{name} lets into its boundary what is no namespace: {unknown}; whoever makes a \
                 namespace of that name may join"
            );
            let fix = format!("write names of namespaces, or {} alone", names::ANYBODY);
            findings.push(Finding::warn(message, fix));
        }
    }
    let message = match hosts {
        0 => "no namespace lets others into its boundary".to_owned(),
        n => {
            let count = counted(n, "boundary name");
            format!("{count} with members, all of them listed by name")
        }
    };
    Ok(or_ok(findings, message))
}

/// A namespace that every namespace may join, and those that did.
fn open_to_anybody(name: &str, namespaces: &Namespaces) -> Finding {
    let joined: Vec<&str> = namespaces.claimants(name).filter(|n| *n != name).collect();
    let joined = if joined.is_empty() {
        "nobody has yet".to_owned()
    } else {
        format!("{} did", some(&joined))
    };
    let message = format!("any namespace may join the boundary {name}, and {joined}");
    let command = annotate(name, BOUNDARY_MEMBERS, "NAMESPACE,NAMESPACE");
    Finding::warn(
        message,
        Fix::by("list the namespaces that it trusts", command),
    )
}
