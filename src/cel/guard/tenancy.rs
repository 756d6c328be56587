//! The boundary label that a pod may have by its own namespace and the policy.
//!
//! Whether another namespace agrees cannot be seen from here, nor whether there is one of that name. So a claim that
//! no list reserves passes: what the webhook admitted with that namespace's consent must not be refused a moment later. It
//! opens nothing where receipts are stripped, since only slicegate writes them and it asks for the consent.

use super::object::Variable;
use super::scope::metadata;
use crate::cel::expressions::{join, one_of, quoted};
use crate::engine::Policy;
use crate::engine::vocabulary::{CoTenancy, Tier, names};

/// `boundary`: the label; empty where the pod may have none. `claimed` and `mayClaim` beside it.
pub(super) fn boundary(policy: &Policy) -> [Variable; 8] {
    let named = metadata("namespaceObject", "annotations", names::TRUST_BOUNDARY);
    let part = metadata("object", "annotations", names::TRUST_BOUNDARY);
    let default = quoted(policy.default_tier.as_deref().unwrap_or_default());
    let tier = metadata("object", "annotations", names::TIER);
    let floor = metadata("namespaceObject", "annotations", names::TIER);
    let boundary = format!(
        "!variables.mayClaim || !variables.partIsGood ? ''\n: variables.withAnybody ? {}\n\
        : variables.part in ['', variables.claimed] ? variables.claimed\n\
        : variables.claimed + '.' + variables.part",
        quoted(names::ANY)
    );
    [
        (
            "claimed",
            format!("{named} != '' ? {named} : request.namespace"),
        ),
        ("mayClaim", may_claim(policy)),
        ("part", part),
        ("partIsGood", part_is_good(policy)),
        ("floor", format!("{floor} != '' ? {floor} : {default}")),
        ("tier", format!("{tier} != '' ? {tier} : variables.floor")),
        ("withAnybody", with_anybody(policy)),
        ("boundary", boundary),
    ]
}

fn is_dns_label(text: &str) -> String {
    format!("size({text}) <= 63 && {text}.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')")
}

fn may_claim(policy: &Policy) -> String {
    let reserved = policy.boundaries.iter().map(|boundary| {
        let may = one_of("request.namespace", &boundary.namespaces);
        format!("(variables.claimed != {} || {may})", quoted(&boundary.name))
    });
    let is_label = is_dns_label("variables.claimed");
    join(std::iter::once(is_label).chain(reserved), "\n&& ")
}

/// A part divides the namespace's own boundary and is no reserved name; other names in use cannot be seen from here.
fn part_is_good(policy: &Policy) -> String {
    let reserved = policy.boundaries.iter().map(|boundary| &boundary.name);
    let (is_label, is_reserved) = (
        is_dns_label("variables.part"),
        one_of("variables.part", reserved),
    );
    format!(
        "variables.part in ['', variables.claimed]\n\
        || {is_label}\n  && !({is_reserved})\n  \
        && size(variables.claimed) + size(variables.part) < 63"
    )
}

/// Names of namespaces that the policy reserves for other namespaces.
pub(super) fn withheld(policy: &Policy) -> impl Iterator<Item = &String> {
    let lists = policy.boundaries.iter();
    let withheld = lists.filter(|boundary| !boundary.namespaces.contains(&boundary.name));
    withheld.map(|boundary| &boundary.name)
}

/// Whether the pod's tier shares with anybody, and its namespace allows that tier.
fn with_anybody(policy: &Policy) -> String {
    let any = policy
        .tiers
        .iter()
        .filter(|t| t.co_tenancy == CoTenancy::Any);
    if any.clone().next().is_none() {
        return "false".to_owned();
    }
    let key = quoted(names::ALLOWED_TIERS);
    let list = format!("namespaceObject.metadata.?annotations[?{key}]");
    let floors = any
        .clone()
        .map(|tier| format!("{}: [{}]", quoted(&tier.name), floors(policy, tier)));
    format!(
        "{}\n&& ({list}.hasValue()\n  ? {list}.value().split(',').exists(t, t.trim() == variables.tier)\n  \
        : variables.floor in {{{}}}[variables.tier])",
        one_of("variables.tier", any.map(|tier| &tier.name)),
        join(floors, ", ")
    )
}

/// The tiers of a namespace under which another is strict enough; none at all is one of them.
fn floors(policy: &Policy, tier: &Tier) -> String {
    let below = |f: &&Tier| tier.isolation >= f.isolation && tier.co_tenancy >= f.co_tenancy;
    let below = policy
        .tiers
        .iter()
        .filter(below)
        .map(|floor| quoted(&floor.name));
    join(std::iter::once(quoted("")).chain(below), ", ")
}
