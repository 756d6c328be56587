//! slicegate's keys on namespaces: keys without effect, modes and tiers, and how to opt in.

use std::collections::BTreeMap;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::name;
use crate::doctor::plain;
use crate::doctor::text::{annotate, counted, some};
use crate::engine::vocabulary::names::is_own_key;
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{Isolation, Mode, Strategy, Tier, names, quoted};

/// The annotations that slicegate reads on a Namespace.
const KNOWN: [&str; 5] = [
    names::MODE,
    names::TIER,
    names::ALLOWED_TIERS,
    names::TRUST_BOUNDARY,
    names::BOUNDARY_MEMBERS,
];

/// slicegate's keys in one of the metadata's maps: namespaces with each key, and its value on the first of them.
type ByKey<'o> = BTreeMap<&'o str, (Vec<&'o str>, &'o str)>;

fn by_key<'o>(assessment: &'o Assessment<'_>, map: &str) -> Observation<ByKey<'o>> {
    let mut by_key: ByKey<'_> = BTreeMap::new();
    for object in assessment.gathered.namespaces.as_ref()? {
        let entries = object["metadata"][map].as_object().into_iter().flatten();
        for (key, value) in entries.filter(|(key, _)| is_own_key(key)) {
            let value = value.as_str().unwrap_or_default();
            let (names, _) = by_key.entry(key).or_insert((Vec::new(), value));
            names.push(name(object));
        }
    }
    Ok(by_key)
}

pub(super) fn written(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let mut findings = Vec::new();
    for (key, (names, value)) in by_key(assessment, "labels")? {
        findings.extend(label(key, &names, value));
    }
    let annotations = by_key(assessment, "annotations")?.into_iter();
    for (key, (names, value)) in annotations.filter(|(key, _)| !KNOWN.contains(key)) {
        findings.extend(unknown(key, &names, value));
    }
    let message = "every key of slicegate's on a namespace is known, and an annotation";
    Ok(or_ok(findings, message))
}

/// The known key that was meant; none if no known key is near.
fn meant(key: &str) -> Option<&'static str> {
    if let Some(known) = KNOWN.iter().find(|known| **known == key) {
        return Some(known);
    }
    let last = |key: &'static str| key.trim_start_matches(names::PREFIX);
    let word = key.rsplit('/').next().unwrap_or(key);
    let near = nearest(word, KNOWN.map(last))?;
    KNOWN.into_iter().find(|known| last(known) == near)
}

fn label(key: &str, names: &[&str], value: &str) -> Option<Finding> {
    let first = names.first()?;
    let names = some(names);
    let message =
        format!("{key} is a label of {names}, where it does nothing: slicegate reads annotations");
    let remove = format!("kubectl label namespace {first} {key}-");
    let fix = match meant(key) {
        Some(meant) => Fix::by(
            "write an annotation, and take the label away",
            format!("{} && {remove}", annotate(first, meant, value)),
        ),
        None => Fix::by("take the label away", remove),
    };
    Some(Finding::warn(message, fix))
}

fn unknown(key: &str, names: &[&str], value: &str) -> Option<Finding> {
    let first = names.first()?;
    // No character of a key means anything to a shell.
    let (effect, fix) = match meant(key) {
        Some(meant) => (
            "is known to nobody and does nothing",
            Fix::by(
                format!("did you mean {meant}?"),
                format!("{} {key}-", annotate(first, meant, value)),
            ),
        ),
        None => (
            "does nothing on a namespace",
            Fix::by(
                format!("what a namespace may say is {}", KNOWN.join(", ")),
                format!("kubectl annotate namespace {first} {key}-"),
            ),
        ),
    };
    let message = format!("{key} of {} {effect}", some(names));
    Some(Finding::warn(message, fix))
}

/// A mode without a tier, a tier without a mode, and tiers that the policy does not have.
pub(super) fn tiers(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let (policy, namespaces) = (assessment.policy()?, assessment.namespaces.as_ref()?);
    let mut findings = Vec::new();
    let mut without = assessment.in_mode(Mode::Enforce)?;
    without.extend(assessment.in_mode(Mode::DryRun)?);
    // Pods choose a tier themselves in a namespace that lists tiers for them.
    without.retain(|name| {
        let view = namespaces.view(name);
        view.is_none_or(|v| v.tier.is_none() && v.allowed_tiers.is_none())
    });
    if let Some(first) = without.first().filter(|_| policy.default_tier.is_none()) {
        let all: Vec<&str> = policy.tiers.iter().map(|t| t.name.as_str()).collect();
        let (count, names) = (counted(without.len(), "namespace"), some(&without));
        let message = format!(
            "{count} with a mode and no tier ({names}), and the policy has no defaultTier: pods that name no tier keep \
             whole GPUs there"
        );
        let fix = format!("give each a tier of the policy: {}", all.join(", "));
        let command = annotate(first, names::TIER, "TIER");
        findings.push(Finding::warn(message, Fix::by(fix, command)));
    }
    let mut idle = Vec::new();
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let objects = assessment.gathered.namespaces.as_ref()?.iter().map(name);
    for name in objects.filter(|name| !assessment.is_excluded(name)) {
        let Some(view) = namespaces.view(name) else {
            continue;
        };
        if view.tier.is_some()
            && view.mode.is_none()
            && namespaces.mode(name, policy).0 == Mode::Off
        {
            idle.push(name);
        }
        let listed = view.allowed_tiers.as_deref().unwrap_or_default();
        for tier in listed.iter().filter(|tier| policy.tier(tier).is_none()) {
            unknown.entry(tier).or_default().push(name);
        }
    }
    if let Some(first) = idle.first() {
        let (count, names) = (counted(idle.len(), "namespace"), some(&idle));
        let message =
            format!("{count} with a tier and no mode ({names}): slicegate does nothing there");
        let command = annotate(first, names::MODE, "dry-run");
        let fix = Fix::by("opt in, first without effect", command);
        findings.push(Finding::warn(message, fix));
    }
    for (tier, names) in unknown {
        let near = nearest(tier, policy.tiers.iter().map(|t| t.name.as_str()));
        let near = near.map_or(String::new(), |near| format!("did you mean {near}? "));
        let (key, names, tier) = (names::ALLOWED_TIERS, some(&names), quoted(tier));
        findings.push(Finding::warn(
            format!("{key} of {names} lists {tier}, which the policy does not have"),
            format!("{near}correct the list, or add the tier to the policy's spec.tiers"),
        ));
    }
    let message = "every namespace with a mode has a tier, and the other way round";
    Ok(or_ok(findings, message))
}

pub(super) fn modes(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let (policy, namespaces) = (assessment.policy()?, assessment.namespaces.as_ref()?);
    let mut findings = Vec::new();
    for object in assessment.gathered.namespaces.as_ref()? {
        let name = name(object);
        if namespaces.mode(name, policy).1 {
            let word = &object["metadata"]["annotations"][names::MODE];
            let key = names::MODE;
            let message =
                format!("{name} says {key}: {word}, which nobody knows; it counts as enforce");
            let command = annotate(name, key, "enforce");
            let fix = Fix::by("write enforce, dry-run or off", command);
            findings.push(Finding::warn(message, fix));
        }
    }
    Ok(or_ok(findings, "every mode that is written is known"))
}

pub(super) fn enforced(assessment: &Assessment<'_>) -> Observation<Finding> {
    let enforced = assessment.in_mode(Mode::Enforce)?;
    let dry_run = assessment.in_mode(Mode::DryRun)?.len();
    if !enforced.is_empty() {
        let (count, names) = (enforced.len(), some(&enforced));
        let message = format!("{count} enforced ({names}), {dry_run} in dry-run");
        return Ok(Finding::ok(message));
    }
    // Annotations have no effect while the policy's mode is dry-run.
    let fix = if assessment.policy()?.mode == Mode::DryRun {
        "set spec.mode: enforce in the policy when you are ready".into()
    } else if dry_run > 0 {
        Fix::by(
            "enforce one once slicegate audit shows what you want, and adopt its pods before and after",
            annotate("NAMESPACE", names::MODE, "enforce"),
        )
    } else {
        opt_in(assessment)
    };
    let message = format!("none is enforced, {dry_run} in dry-run: slicegate changes no pod");
    Ok(Finding::warn(message, fix))
}

/// How to opt a namespace in: first as a dry run, with a tier that the nodes can serve.
pub(super) fn opt_in(assessment: &Assessment<'_>) -> Fix {
    let command = |tier: &str| {
        let annotated = annotate("NAMESPACE", names::MODE, "dry-run");
        format!("{annotated} {}={tier}", names::TIER)
    };
    let (Ok(policy), Ok(supply)) = (assessment.policy(), &assessment.supply) else {
        let fix = "opt a namespace in, first without effect, with a tier of the policy";
        return Fix::by(fix, command("TIER"));
    };
    let mut tiers: Vec<&Tier> = policy.tiers.iter().collect();
    // First the isolation that is enough for most users and needs the least from nodes.
    tiers.sort_by_key(|tier| (tier.isolation == Isolation::None, tier.isolation));
    let served: Vec<(&str, Strategy)> = tiers
        .into_iter()
        .filter_map(|tier| Some((tier.name.as_str(), plain::served(policy, supply, tier)?)))
        .collect();
    let is_shared = |(_, strategy): &&(&str, Strategy)| *strategy != Strategy::Exclusive;
    if let Some((tier, strategy)) = served.iter().find(is_shared) {
        let fix = format!(
            "opt a namespace in, first without effect; nodes serve {tier} by {}",
            strategy.word()
        );
        return Fix::by(fix, command(tier));
    }
    const NOTHING: &str = "nodes hand out nothing that can be shared: have the device plugin hand out MPS shares or \
        MIG slices first (docs/nodes.md)";
    match served.first() {
        Some((tier, _)) => {
            let fix = format!("{NOTHING}; until then {tier} gives whole GPUs");
            Fix::by(fix, command(tier))
        }
        None => format!("{NOTHING}; until then they serve no tier of the policy").into(),
    }
}
