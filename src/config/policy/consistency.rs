//! Rules between fields, with better messages than those in CEL that the API server has (`cel_rules.rs`).

use super::built_in;
use super::cel_rules::{MPS_WITH_ANY, SECONDS_WITHOUT_NO_EXECUTE, VALUE_WITH_EXISTS, strong};
use super::enums::EnumValues;
use super::formats::{Format, Key};
use super::problem::shown;
use super::scalar::none_of;
use super::schema::OFF;
use super::tree::Place;
use super::validate::Validator;
use crate::engine::rules;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{CoTenancy, Isolation, Severity, Strategy};

/// Checks a policy's `spec`. It skips what [`Validator::read`] has reported.
pub(super) fn check(validator: &mut Validator, spec: &Place<'_>) {
    default_tier(validator, spec);
    for tier in spec.list("tiers") {
        strategies(validator, &tier);
    }
    for one in spec.list("placement.tolerations") {
        toleration(validator, &one);
    }
    for pool in spec.list("supply.pools") {
        keys(validator, &pool);
    }
    severities(validator, spec);
}

fn default_tier(validator: &mut Validator, spec: &Place<'_>) {
    let Some(field) = spec.get("defaultTier") else {
        return;
    };
    let Some(text) = field.text().filter(|text| is_dns_label(text)) else {
        return;
    };
    let tiers = spec.list("tiers");
    let names: Vec<&str> = match spec.get("tiers") {
        None => built_in::tier_names(),
        Some(_) => tiers.iter().filter_map(|t| t.get("name")?.text()).collect(),
    };
    if names.is_empty() && tiers.is_empty() {
        let text = shown(text);
        let message = format!("{text} is no tier, the policy has none; add one or remove this");
        validator.problem(&field, message);
    } else if !names.contains(&text) {
        validator.problem(&field, none_of(text, &names));
    }
}

fn strategies(validator: &mut Validator, tier: &Place<'_>) {
    let least = tier.get("isolation");
    let least = least.and_then(|field| Isolation::from_word(field.text()?));
    let least = least.unwrap_or(Isolation::None);
    for item in tier.list("strategies") {
        let Some(strategy) = item.text().and_then(Strategy::from_word) else {
            continue;
        };
        let given = strategy.isolation();
        if given < least {
            let strong = strong(least).join(", ");
            validator.problem(&item, format!(
                "{strategy} gives isolation {given}, weaker than the tier's {least}; use {strong} or lower the isolation"
            ));
        }
        if strategy == Strategy::Mps && says(tier, "coTenancy", CoTenancy::Any.word()) {
            validator.problem(&item, MPS_WITH_ANY);
        }
    }
}

fn toleration(validator: &mut Validator, toleration: &Place<'_>) {
    if toleration.entries().is_none() {
        return;
    }
    let is_given = |field: &Place<'_>| field.scalar().is_none_or(|(text, _)| !text.is_empty());
    let field = |name: &str| toleration.get(name).filter(is_given);
    let exists = says(toleration, "operator", "Exists");
    if field("key").is_none() && !exists {
        let meaning = "the key of a taint, or operator: Exists for every key";
        validator.missing(toleration, "key", meaning);
    }
    if let Some(value) = field("value").filter(|_| exists) {
        validator.problem(&value, VALUE_WITH_EXISTS);
    }
    let no_execute = says(toleration, "effect", "NoExecute");
    if let Some(seconds) = field("tolerationSeconds").filter(|_| !no_execute) {
        validator.problem(&seconds, SECONDS_WITHOUT_NO_EXECUTE);
    }
}

/// The schema cannot check keys, so only the reader does.
fn keys(validator: &mut Validator, pool: &Place<'_>) {
    for field in ["labels", "allocatable"] {
        for entry in pool.fields(field) {
            if let Err(fault) = Key::read(entry.key) {
                validator.problem(&entry.value, fault);
            }
        }
    }
}

/// The rules exist, and those that always deny have no other severity.
fn severities(validator: &mut Validator, spec: &Place<'_>) {
    for entry in spec.fields("rules") {
        let Some(rule) = rules::find(entry.key) else {
            let meant = nearest(entry.key, rules::ALL.iter().map(|rule| rule.id));
            let meant = meant.map(|meant| format!("did you mean {meant}? "));
            let meant = meant.unwrap_or_default();
            let message = format!("no such rule; {meant}`slicegate rules` lists them");
            validator.problem(&entry.value, message);
            continue;
        };
        let severity = match entry.value.text().unwrap_or_default() {
            text if OFF.contains(&text) => Severity::Off.word(),
            text => text,
        };
        let mut weaker = Severity::VALUES
            .iter()
            .filter(|(_, s)| *s != Severity::Deny);
        if rule.always_denies && weaker.any(|(word, _)| *word == severity) {
            validator.problem(&entry.value, format!(
                "{severity} is not possible, nothing sound can be decided without this rule; write deny or remove it"
            ));
        }
    }
}

fn says(place: &Place<'_>, field: &str, text: &str) -> bool {
    place.get(field).and_then(|field| field.text()) == Some(text)
}
