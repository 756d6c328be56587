//! The tier and the trust boundary of a pod, and whether it may use them.

use crate::engine::line::DecisionInput;
use std::borrow::Cow;

use crate::engine::namespaces::{NamespaceView, Namespaces};
use crate::engine::rules::{ask_invalid, boundary_not_yours, tier_not_allowed, tier_unknown};
use crate::engine::vocabulary::{CoTenancy, Findings, Policy, Tier, names};
use crate::facts::Pod;

/// The tier of a pod. None if neither pod, namespace nor policy names one, or if it is refused.
pub fn tier<'a>(
    pod: &Pod<'_>,
    view: Option<&NamespaceView>,
    policy: &'a Policy,
    findings: &mut Findings<'_>,
) -> Option<&'a Tier> {
    let own = view.and_then(|v| v.tier.as_deref());
    let requested = pod.annotation(names::TIER).filter(|t| !t.is_empty());
    let path = || match requested {
        Some(_) => names::annotation_pointer(names::TIER),
        None => String::new(),
    };
    let Some(name) = requested.or(own) else {
        // The default of the policy has to be in the namespace's list too.
        let name = policy.default_tier.as_deref()?;
        let tier = policy.tier(name)?;
        return allowed(tier, view, policy, findings, path);
    };
    let Some(tier) = policy.tier(name) else {
        let text = tier_unknown::text(name, requested.is_some(), policy);
        findings.add(&tier_unknown::RULE, path(), text);
        return None;
    };
    allowed(tier, view, policy, findings, path)
}

fn allowed<'a>(
    tier: &'a Tier,
    view: Option<&NamespaceView>,
    policy: &'a Policy,
    findings: &mut Findings<'_>,
    path: impl Fn() -> String,
) -> Option<&'a Tier> {
    match allows(tier, view, policy) {
        Ok(true) => Some(tier),
        Ok(false) => {
            let allowed = allowed_tiers(view, policy);
            let names: Vec<&str> = allowed.iter().map(|t| t.name.as_str()).collect();
            findings.add(
                &tier_not_allowed::RULE,
                path(),
                tier_not_allowed::text(&tier.name, &names),
            );
            None
        }
        Err(unknown) => {
            // No tier can be compared with an unknown one, so none is allowed.
            let text = tier_unknown::text(unknown, false, policy);
            findings.add(&tier_unknown::RULE, "", text);
            None
        }
    }
}

/// The tiers that a namespace allows, in the order of the policy. Empty if the namespace names an unknown tier.
pub fn allowed_tiers<'a>(view: Option<&NamespaceView>, policy: &'a Policy) -> Vec<&'a Tier> {
    let allowed = |tier: &&Tier| allows(tier, view, policy) == Ok(true);
    policy.tiers.iter().filter(allowed).collect()
}

/// Whether a namespace allows a tier: its list contains it or, without a list, it is at least as strict as the namespace's
/// tier or the default.
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
    let own = view.and_then(|v| v.tier.as_deref());
    let floor = match own {
        Some(name) => Some(policy.tier(name).ok_or(name)?),
        None => policy.default_tier.as_deref().and_then(|n| policy.tier(n)),
    };
    Ok(floor.is_none_or(|f| tier.isolation >= f.isolation && tier.co_tenancy >= f.co_tenancy))
}

/// The value of the boundary label for the pod. None if it may not use the boundary that it names.
pub fn boundary<'a>(
    pod: &'a Pod<'_>,
    namespace: &'a str,
    namespaces: &'a Namespaces,
    policy: &Policy,
    tier: Option<&Tier>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let claimed = namespaces.claimed_boundary(namespace);
    if let Some(problem) = namespaces.claim_problem(namespace, policy) {
        let text = boundary_not_yours::claim(namespace, claimed, problem, policy);
        findings.add(&boundary_not_yours::RULE, "", text);
        return None;
    }
    let value = own(pod, namespace, namespaces, policy, tier, findings)?;
    if let Some(label) = pod.label(names::TRUST_BOUNDARY).filter(|l| *l != value) {
        let path = names::label_pointer(names::TRUST_BOUNDARY);
        let text = boundary_not_yours::label(label, &value);
        findings.add(&boundary_not_yours::RULE, path, text);
        return None;
    }
    Some(value)
}

/// The boundary label of a pod whose namespace may use its claimed boundary, regardless of the present label.
pub fn own<'a>(
    pod: &'a Pod<'_>,
    namespace: &'a str,
    namespaces: &'a Namespaces,
    policy: &Policy,
    tier: Option<&Tier>,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let claimed = namespaces.claimed_boundary(namespace);
    let part = sub_boundary(pod, claimed, namespaces, policy, findings)?;
    Some(match tier.map(|t| t.co_tenancy) {
        Some(CoTenancy::Any) => Cow::Borrowed(names::ANY),
        _ => part,
    })
}

fn sub_boundary<'a>(
    pod: &'a Pod<'_>,
    claimed: &'a str,
    namespaces: &Namespaces,
    policy: &Policy,
    findings: &mut Findings<'_>,
) -> Option<Cow<'a, str>> {
    let requested = pod.annotation(names::TRUST_BOUNDARY).unwrap_or_default();
    if requested.is_empty() || requested == claimed {
        return Some(Cow::Borrowed(claimed));
    }
    let path = || names::annotation_pointer(names::TRUST_BOUNDARY);
    if !names::is_dns_label(requested) {
        let text = ask_invalid::value(requested, ask_invalid::BOUNDARY);
        findings.add(&ask_invalid::RULE, path(), text);
        return None;
    }
    if namespaces.is_boundary_in_use(requested, policy) {
        let text = boundary_not_yours::annotation(requested, claimed);
        findings.add(&boundary_not_yours::RULE, path(), text);
        return None;
    }
    let joined = format!("{claimed}.{requested}");
    if joined.len() > 63 {
        findings.add(
            &ask_invalid::RULE,
            path(),
            ask_invalid::long_boundary(&joined),
        );
        return None;
    }
    Some(Cow::Owned(joined))
}

/// The boundary label of a pod whose requests the policy does not judge.
pub fn own_boundary<'a>(input: &DecisionInput<'a>) -> Option<Cow<'a, str>> {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *input;
    let mut ignored = Findings::new(policy);
    let tier = tier(pod, namespaces.view(namespace), policy, &mut ignored);
    match namespaces.claim_problem(namespace, policy) {
        // If the pod may not use a part of the boundary, it gets the whole: without a label it could run next to any pod.
        None => own(pod, namespace, namespaces, policy, tier, &mut ignored)
            .or_else(|| Some(Cow::Borrowed(namespaces.claimed_boundary(namespace)))),
        // The namespace may not use the boundary that it claims, so its own name is the boundary, if that is free.
        Some(_) => namespaces
            .problem(namespace, namespace, policy)
            .is_none()
            .then_some(Cow::Borrowed(namespace)),
    }
}
