//! The tier and the trust boundary of a pod, and whether it may use them.

use std::borrow::Cow;

use crate::engine::line::DecisionInput;
use crate::engine::namespaces::NamespaceView;
use crate::engine::rules::{ask_invalid, boundary_not_yours, tier_not_allowed, tier_unknown};
use crate::engine::vocabulary::names::annotation_pointer;
use crate::engine::vocabulary::{CoTenancy, Findings, Policy, Tier, names};

/// The tier of a pod. None if neither pod, namespace nor policy names one, or if it is refused.
pub fn tier<'a>(input: &DecisionInput<'a>, findings: &mut Findings<'_>) -> Option<&'a Tier> {
    let policy = input.policy;
    let view = input.namespaces.view(input.namespace);
    let requested = input.pod.annotation(names::TIER).filter(|t| !t.is_empty());
    let path = || requested.map_or_else(String::new, |_| annotation_pointer(names::TIER));
    let tier = match requested.or(view.and_then(|v| v.tier.as_deref())) {
        // The default of the policy has to be in the namespace's list too.
        None => policy.tier(policy.default_tier.as_deref()?)?,
        Some(name) => policy.tier(name).or_else(|| {
            let text = tier_unknown::text(name, requested.is_some(), policy);
            findings.add(&tier_unknown::RULE, path(), text);
            None
        })?,
    };
    match allows(tier, view, policy) {
        Ok(true) => return Some(tier),
        Ok(false) => {
            let allowed = allowed_tiers(view, policy);
            let names: Vec<&str> = allowed.iter().map(|t| t.name.as_str()).collect();
            let text = tier_not_allowed::text(&tier.name, &names);
            findings.add(&tier_not_allowed::RULE, path(), text);
        }
        Err(unknown) => {
            // No tier can be compared with an unknown one, so none is allowed.
            let text = tier_unknown::text(unknown, false, policy);
            findings.add(&tier_unknown::RULE, "", text);
        }
    }
    None
}

/// The tiers that a namespace allows, in the order of the policy. Empty if the namespace names an unknown tier.
pub fn allowed_tiers<'a>(view: Option<&NamespaceView>, policy: &'a Policy) -> Vec<&'a Tier> {
    let allowed = |tier: &&Tier| allows(tier, view, policy) == Ok(true);
    policy.tiers.iter().filter(allowed).collect()
}

/// Whether a namespace allows a tier: its list contains it or, without a list, it is at least as strict as the
/// namespace's tier or the default.
///
/// # Errors
/// The name of the namespace's tier, if there is no list and the policy does not have the tier.
fn allows<'n>(
    tier: &Tier,
    view: Option<&'n NamespaceView>,
    policy: &Policy,
) -> Result<bool, &'n str> {
    if let Some(list) = view.and_then(|v| v.allowed_tiers.as_ref()) {
        return Ok(list.contains(&tier.name));
    }
    let floor = match view.and_then(|v| v.tier.as_deref()) {
        Some(name) => Some(policy.tier(name).ok_or(name)?),
        None => policy.default_tier.as_deref().and_then(|n| policy.tier(n)),
    };
    Ok(floor.is_none_or(|f| tier.isolation >= f.isolation && tier.co_tenancy >= f.co_tenancy))
}

/// The value of the boundary label for the pod. None if it may not use the boundary that it names.
pub fn boundary<'a>(
    input: &DecisionInput<'a>,
    tier: Option<&Tier>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let (namespace, policy) = (input.namespace, input.policy);
    if let Some(problem) = input.namespaces.claim_problem(namespace, policy) {
        let claimed = input.namespaces.claimed_boundary(namespace);
        let text = boundary_not_yours::claim(namespace, claimed, problem, policy);
        findings.add(&boundary_not_yours::RULE, "", text);
        return None;
    }
    let value = own(input, tier, findings)?;
    let label = input.pod.label(names::TRUST_BOUNDARY);
    if let Some(label) = label.filter(|label| *label != value) {
        let path = names::label_pointer(names::TRUST_BOUNDARY);
        let text = boundary_not_yours::label(label, &value);
        findings.add(&boundary_not_yours::RULE, path, text);
        return None;
    }
    Some(value)
}

/// The boundary label of a pod whose namespace may use its claimed boundary, regardless of the present label.
pub fn own<'a>(
    input: &DecisionInput<'a>,
    tier: Option<&Tier>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let claimed = input.namespaces.claimed_boundary(input.namespace);
    let part = sub_boundary(input, claimed, findings)?;
    let is_any = tier.is_some_and(|tier| tier.co_tenancy == CoTenancy::Any);
    Some(if is_any { names::ANY.into() } else { part })
}

fn sub_boundary<'a>(
    input: &DecisionInput<'a>,
    claimed: &'a str,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let requested = input.pod.annotation(names::TRUST_BOUNDARY);
    let requested = requested.unwrap_or_default();
    if requested.is_empty() || requested == claimed {
        return Some(claimed.into());
    }
    let joined = format!("{claimed}.{requested}");
    let (rule, text) = if !names::is_dns_label(requested) {
        (
            &ask_invalid::RULE,
            ask_invalid::value(requested, ask_invalid::BOUNDARY),
        )
    } else if input.namespaces.is_boundary_in_use(requested, input.policy) {
        let text = boundary_not_yours::annotation(requested, claimed);
        (&boundary_not_yours::RULE, text)
    } else if joined.len() > 63 {
        (&ask_invalid::RULE, ask_invalid::long_boundary(&joined))
    } else {
        return Some(joined.into());
    };
    findings.add(rule, annotation_pointer(names::TRUST_BOUNDARY), text);
    None
}

/// The boundary label of a pod whose requests the policy does not judge.
pub fn own_boundary<'a>(input: &DecisionInput<'a>) -> Option<Cow<'a, str>> {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        ..
    } = *input;
    if namespaces.claim_problem(namespace, policy).is_some() {
        // The namespace may not use the boundary that it claims, so its own name is the boundary, if that is free.
        let is_free = namespaces.problem(namespace, namespace, policy).is_none();
        return is_free.then(|| namespace.into());
    }
    let mut ignored = Findings::new(policy);
    let tier = tier(input, &mut ignored);
    // If the pod may not use a part of the boundary, it gets the whole: without a label it could run next to any pod.
    own(input, tier, &mut ignored).or_else(|| Some(namespaces.claimed_boundary(namespace).into()))
}
