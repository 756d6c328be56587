//! The boundary label that a pod may have by its own namespace and the policy.
//!
//! Whether another namespace agrees cannot be seen from here, nor whether there is one of that name. So a claim that
//! no list reserves passes: what the webhook let in with its bearer's consent must not be refused a moment later. It
//! opens nothing where receipts are stripped, since only slicegate writes them and it asks for the consent.

use super::object::Variable;
use super::scope::{noted, one_of};
use crate::cel::quoted;
use crate::engine::Policy;
use crate::engine::vocabulary::{CoTenancy, Tier, names};

/// `boundary`: the label; empty where the pod may bear none. `claimed` and `mayClaim` beside it.
pub(super) fn boundary(policy: &Policy) -> Vec<Variable> {
    let said = noted("namespaceObject", "annotations", names::TRUST_BOUNDARY);
    let default = quoted(policy.default_tier.as_deref().unwrap_or_default());
    let tier = noted("object", "annotations", names::TIER);
    let own = noted("namespaceObject", "annotations", names::TIER);
    vec![
        (
            "claimed",
            format!("{said} != '' ? {said} : request.namespace"),
        ),
        ("mayClaim", may_claim(policy)),
        (
            "part",
            noted("object", "annotations", names::TRUST_BOUNDARY),
        ),
        ("partIsGood", part_is_good(policy)),
        ("floor", format!("{own} != '' ? {own} : {default}")),
        ("tier", format!("{tier} != '' ? {tier} : variables.floor")),
        ("withAnybody", with_anybody(policy)),
        (
            "boundary",
            format!(
                "!variables.mayClaim || !variables.partIsGood ? ''\n: variables.withAnybody ? {}\n\
                : variables.part in ['', variables.claimed] ? variables.claimed\n\
                : variables.claimed + '.' + variables.part",
                quoted(names::ANY)
            ),
        ),
    ]
}

fn is_dns_label(text: &str) -> String {
    format!("size({text}) <= 63 && {text}.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')")
}

fn may_claim(policy: &Policy) -> String {
    let mut clauses = vec![is_dns_label("variables.claimed")];
    for boundary in &policy.boundaries {
        let listed: Vec<&str> = boundary.namespaces.iter().map(String::as_str).collect();
        clauses.push(format!(
            "(variables.claimed != {} || {})",
            quoted(&boundary.name),
            one_of("request.namespace", &listed)
        ));
    }
    clauses.join("\n&& ")
}

/// A part divides the namespace's own boundary and is no reserved name; other names in use cannot be seen from here.
fn part_is_good(policy: &Policy) -> String {
    format!(
        "variables.part in ['', variables.claimed]\n\
        || {}\n  && !({})\n  \
        && size(variables.claimed) + size(variables.part) < 63",
        is_dns_label("variables.part"),
        one_of("variables.part", &reserved(policy))
    )
}

fn reserved(policy: &Policy) -> Vec<&str> {
    policy.boundaries.iter().map(|b| b.name.as_str()).collect()
}

/// Names of namespaces that the policy reserves for other namespaces.
pub(super) fn withheld(policy: &Policy) -> Vec<&str> {
    let lists = policy.boundaries.iter();
    let withheld = lists.filter(|b| !b.namespaces.contains(&b.name));
    withheld.map(|b| b.name.as_str()).collect()
}

/// Whether the pod's tier shares with anybody, and its namespace allows that tier.
fn with_anybody(policy: &Policy) -> String {
    let any = policy
        .tiers
        .iter()
        .filter(|t| t.co_tenancy == CoTenancy::Any);
    let any: Vec<&Tier> = any.collect();
    if any.is_empty() {
        return "false".to_owned();
    }
    let list = format!(
        "namespaceObject.metadata.?annotations[?{}]",
        quoted(names::ALLOWED_TIERS)
    );
    let names: Vec<&str> = any.iter().map(|t| t.name.as_str()).collect();
    let floors: Vec<String> = any
        .iter()
        .map(|tier| {
            format!(
                "{}: [{}]",
                quoted(&tier.name),
                floors(policy, tier).join(", ")
            )
        })
        .collect();
    format!(
        "{}\n&& ({list}.hasValue()\n  ? {list}.value().split(',').exists(t, t.trim() == variables.tier)\n  \
        : variables.floor in {{{}}}[variables.tier])",
        one_of("variables.tier", &names),
        floors.join(", ")
    )
}

/// The tiers of a namespace under which another is strict enough; none at all is one of them.
fn floors(policy: &Policy, tier: &Tier) -> Vec<String> {
    let below = |f: &&Tier| tier.isolation >= f.isolation && tier.co_tenancy >= f.co_tenancy;
    let below = policy.tiers.iter().filter(below);
    std::iter::once(quoted(""))
        .chain(below.map(|f| quoted(&f.name)))
        .collect()
}
