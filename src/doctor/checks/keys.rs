//! What administrators wrote on namespaces that does not do what they meant.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::doctor::alike::{counted, name, quoted_for_a_shell, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::engine::vocabulary::names::is_own_key;
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{Mode, names, quoted};

/// What may stand on a Namespace.
const KNOWN: [&str; 5] = [
    names::MODE,
    names::TIER,
    names::ALLOWED_TIERS,
    names::TRUST_BOUNDARY,
    names::BOUNDARY_MEMBERS,
];

/// slicegate's keys in one of the maps of an object's metadata.
fn own<'o>(object: &'o Value, map: &str) -> Vec<(&'o str, &'o str)> {
    let entries = object["metadata"][map].as_object().into_iter().flatten();
    let entries = entries.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
    entries.filter(|(key, _)| is_own_key(key)).collect()
}

/// Names, and what the first of them has there, by key.
type ByKey<'o> = BTreeMap<&'o str, Vec<(&'o str, &'o str)>>;

fn by_key<'o>(
    assessment: &'o Assessment<'_>,
    map: &str,
    wanted: fn(&str) -> bool,
) -> Result<ByKey<'o>, Unseen> {
    let mut found: ByKey<'_> = BTreeMap::new();
    for object in seen(&assessment.gathered.namespaces)? {
        for (key, value) in own(object, map) {
            if wanted(key) {
                found.entry(key).or_default().push((name(object), value));
            }
        }
    }
    Ok(found)
}

pub(super) fn written(assessment: &Assessment<'_>) -> Findings {
    let mut findings = Vec::new();
    for (key, places) in by_key(assessment, "labels", |_| true)? {
        findings.extend(as_label(key, &places));
    }
    for (key, places) in by_key(assessment, "annotations", |key| !KNOWN.contains(&key))? {
        findings.extend(unknown(key, &places));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "every key of slicegate's on a namespace is known, and an annotation",
        ));
    }
    Ok(findings)
}

fn names(places: &[(&str, &str)]) -> String {
    let names: Vec<&str> = places.iter().map(|(name, _)| *name).collect();
    some(&names)
}

/// The key that was meant, if it is near.
fn meant(key: &str) -> Option<&'static str> {
    if let Some(known) = KNOWN.iter().find(|known| **known == key) {
        return Some(known);
    }
    let last = |key: &'static str| key.trim_start_matches(names::PREFIX);
    let word = key.rsplit('/').next().unwrap_or(key);
    let near = nearest(word, KNOWN.map(last))?;
    KNOWN.into_iter().find(|known| last(known) == near)
}

fn as_label(key: &str, places: &[(&str, &str)]) -> Option<Finding> {
    let (first, value) = places.first()?;
    let message = format!(
        "{key} is a label of {}, where it does nothing: slicegate reads annotations",
        names(places)
    );
    Some(match meant(key) {
        Some(meant) => Finding::warn(message, "write an annotation, and take the label away").run(format!(
            "kubectl annotate --overwrite namespace {first} {meant}={} && kubectl label namespace {first} {key}-",
            quoted_for_a_shell(value)
        )),
        None => Finding::warn(message, "take the label away").run(format!("kubectl label namespace {first} {key}-")),
    })
}

fn unknown(key: &str, places: &[(&str, &str)]) -> Option<Finding> {
    let (first, value) = places.first()?;
    let what = format!("{key} of {}", names(places));
    // A key has few characters that it may be made of, and none that means anything to a shell.
    Some(match meant(key) {
        Some(meant) => Finding::warn(
            format!("{what} is known to nobody and does nothing"),
            format!("did you mean {meant}?"),
        )
        .run(format!(
            "kubectl annotate --overwrite namespace {first} {meant}={} {key}-",
            quoted_for_a_shell(value)
        )),
        None => Finding::warn(
            format!("{what} does nothing on a namespace"),
            format!("what a namespace may say is {}", KNOWN.join(", ")),
        )
        .run(format!("kubectl annotate namespace {first} {key}-")),
    })
}

/// A mode without a tier, a tier without a mode, and tiers that nobody has.
pub(super) fn tiers(assessment: &Assessment<'_>) -> Findings {
    let (policy, namespaces) = (assessment.policy()?, seen(&assessment.namespaces)?);
    let mut findings = Vec::new();
    let mut without = Vec::new();
    for mode in [Mode::Enforce, Mode::DryRun] {
        without.extend(assessment.in_mode(mode)?.into_iter().filter(|name| {
            let view = namespaces.view(name);
            // Who lists tiers for pods to choose from has them choose.
            view.is_none_or(|v| v.tier.is_none() && v.allowed_tiers.is_none())
        }));
    }
    if let Some(first) = without.first().filter(|_| policy.default_tier.is_none()) {
        let all: Vec<&str> = policy.tiers.iter().map(|t| t.name.as_str()).collect();
        findings.push(
            Finding::warn(
                format!(
                    "{} with a mode and no tier ({}), and the policy has no defaultTier: pods that name no tier keep \
                     whole GPUs there",
                    counted(without.len(), "namespace"),
                    some(&without)
                ),
                format!("give each a tier of the policy: {}", all.join(", ")),
            )
            .run(format!("kubectl annotate --overwrite namespace {first} {}=TIER", names::TIER)),
        );
    }
    let mut idle = Vec::new();
    let mut nobodys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in seen(&assessment.gathered.namespaces)? {
        let name = name(object);
        let Some(view) = namespaces
            .view(name)
            .filter(|_| !assessment.is_never_matched(name))
        else {
            continue;
        };
        let (mode, _) = namespaces.mode(name, policy);
        if view.tier.is_some() && view.mode.is_none() && mode == Mode::Off {
            idle.push(name);
        }
        let listed = view.allowed_tiers.as_deref().unwrap_or_default();
        for tier in listed.iter().filter(|tier| policy.tier(tier).is_none()) {
            nobodys.entry(tier).or_default().push(name);
        }
    }
    if let Some(first) = idle.first() {
        findings.push(
            Finding::warn(
                format!(
                    "{} with a tier and no mode ({}): slicegate does nothing there",
                    counted(idle.len(), "namespace"),
                    some(&idle)
                ),
                "opt in, first without effect",
            )
            .run(format!(
                "kubectl annotate --overwrite namespace {first} {}=dry-run",
                names::MODE
            )),
        );
    }
    for (tier, names) in nobodys {
        let near = nearest(tier, policy.tiers.iter().map(|t| t.name.as_str()));
        let near = near.map(|near| format!("did you mean {near}? "));
        findings.push(Finding::warn(
            format!(
                "{} of {} lists {}, which the policy does not have",
                names::ALLOWED_TIERS,
                some(&names),
                quoted(tier)
            ),
            format!(
                "{}correct the list, or add the tier to the policy's spec.tiers",
                near.unwrap_or_default()
            ),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "every namespace with a mode has a tier, and the other way round",
        ));
    }
    Ok(findings)
}
