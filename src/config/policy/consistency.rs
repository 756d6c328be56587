//! Rules between fields. Each has two forms: CEL for the API server, and a check in the reader with a better message.

use std::collections::HashMap;

use kube::core::{Message, Rule};
use serde_json::Value;

use super::DEFAULT_TEXT;
use super::enums::EnumValues;
use super::formats::{Format, Key};
use super::problem::shown;
use super::schema::OFF;
use super::tree::Place;
use super::validate::{Validator, none_of};
use crate::engine::rules;
use crate::engine::vocabulary::names::is_dns_label;
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{CoTenancy, Isolation, Severity, Strategy};

const MPS_WITH_ANY: &str = "mps cannot go with coTenancy: any, because a process can drop its own limits; remove mps or write coTenancy: boundary";
const VALUE_WITH_EXISTS: &str = "a value with operator Exists; remove it or write operator: Equal";
const SECONDS_WITHOUT_NO_EXECUTE: &str =
    "only with effect NoExecute; remove it or write effect: NoExecute";

/// Checks a policy's `spec`. It skips what [`Validator::read`] has reported.
pub(super) fn check(validator: &Validator<'_>, spec: &Place<'_>) {
    let tiers = spec.list("tiers");
    default_tier(validator, spec, &tiers);
    once(validator, &tiers, "name");
    for tier in &tiers {
        strategies(validator, tier, &tier.list("strategies"));
    }
    let boundaries = spec.list("boundaries");
    once(validator, &boundaries, "name");
    for boundary in &boundaries {
        once(validator, &boundary.list("namespaces"), "");
    }
    once(validator, &spec.list("foreignSharing"), "");
    if let Some(placement) = spec.get("placement") {
        once(validator, &placement.list("schedulers"), "");
        once(validator, &placement.list("sandboxes"), "");
        for one in placement.list("tolerations") {
            toleration(validator, &one);
        }
    }
    if let Some(supply) = spec.get("supply") {
        let pools = supply.list("pools");
        once(validator, &pools, "name");
        pools.iter().for_each(|pool| keys(validator, pool));
    }
    severities(validator, spec);
}

/// No two items of a list have the same value in this field. An empty field name means the items themselves.
pub(super) fn only_once(field: &str) -> Rule {
    let (dot, what) = match field {
        "" => ("", "entry"),
        _ => (".", field),
    };
    // To name the item would cost more than the API server allows.
    Rule::new(format!(
        "self.all(a, self.exists_one(b, b{dot}{field} == a{dot}{field}))"
    ))
    .message(format!("the same {what} is given twice; rename or remove one").as_str())
}

fn once(validator: &Validator<'_>, items: &[Place<'_>], field: &str) {
    let mut seen = HashMap::new();
    for item in items {
        let value = match field {
            "" => Some(item.clone()),
            _ => item.get(field),
        };
        let Some((value, text)) = value.and_then(|v| v.text().map(|text| (v, text))) else {
            continue;
        };
        match seen.get(text) {
            Some(first) => validator.report.problem(
                &value,
                format!(
                    "{} is at {first} already; rename or remove one",
                    shown(text)
                ),
            ),
            None => drop(seen.insert(text, value.path)),
        }
    }
}

/// `defaultTier` is one of the tiers.
pub(super) fn names_a_tier() -> Rule {
    let names = built_in_tiers();
    let names = cel_list(names.iter().map(String::as_str));
    Rule {
        message: Some(Message::Expression(
            "self.defaultTier + ' is none of the tiers; name one of them, add it or remove this'"
                .to_owned(),
        )),
        ..Rule::new(format!(
            "!has(self.defaultTier) || (has(self.tiers) ? self.tiers.exists(t, t.name == self.defaultTier) \
             : self.defaultTier in {names})"
        ))
        .field_path(".defaultTier")
    }
}

fn default_tier(validator: &Validator<'_>, spec: &Place<'_>, tiers: &[Place<'_>]) {
    let Some(field) = spec.get("defaultTier") else {
        return;
    };
    let Some(text) = field.text().filter(|text| is_dns_label(text)) else {
        return;
    };
    let names: Vec<String> = match spec.get("tiers") {
        None => built_in_tiers(),
        Some(_) => {
            let names = tiers.iter().filter_map(|tier| tier.get("name"));
            names
                .filter_map(|name| name.text().map(str::to_owned))
                .collect()
        }
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() && tiers.is_empty() {
        let text = shown(text);
        let message = format!("{text} is no tier, the policy has none; add one or remove this");
        validator.report.problem(&field, message);
    } else if !names.contains(&text) {
        validator.report.problem(&field, none_of(text, &names));
    }
}

/// The names of the built-in policy's tiers. A policy without `tiers` has them.
fn built_in_tiers() -> Vec<String> {
    let policy: Value = serde_saphyr::from_str(DEFAULT_TEXT).unwrap_or_default();
    let tiers = policy["spec"]["tiers"].as_array().into_iter().flatten();
    let names = tiers.filter_map(|tier| tier["name"].as_str());
    names.map(str::to_owned).collect()
}

/// A tier's strategies keep its promise.
pub(super) fn keeps_its_promise() -> [Rule; 2] {
    let (mps, any) = (Strategy::Mps.word(), CoTenancy::Any.word());
    let strong = Isolation::ALL.map(|least| format!("'{least}': {}", cel_list(strong(least))));
    let strong = strong.join(", ");
    [
        Rule::new(format!(
            "!has(self.coTenancy) || self.coTenancy != '{any}' || !('{mps}' in self.strategies)"
        ))
        .message(MPS_WITH_ANY)
        .field_path(".strategies"),
        Rule::new(format!(
            "self.strategies.all(s, s in {{{strong}}}[self.isolation])"
        ))
        .message(
            "a strategy gives weaker isolation than the tier's; remove it or lower the isolation",
        )
        .field_path(".strategies"),
    ]
}

fn strategies(validator: &Validator<'_>, tier: &Place<'_>, strategies: &[Place<'_>]) {
    once(validator, strategies, "");
    let least = tier
        .get("isolation")
        .and_then(|f| Isolation::from_word(f.text()?));
    let least = least.unwrap_or(Isolation::None);
    let is_shared_with_any = says(tier, "coTenancy", CoTenancy::Any.word());
    for item in strategies {
        let Some(strategy) = item.text().and_then(Strategy::from_word) else {
            continue;
        };
        let given = strategy.isolation();
        if given < least {
            let strong = strong(least).join(", ");
            validator.report.problem(item, format!(
                "{strategy} gives isolation {given}, weaker than the tier's {least}; use {strong} or lower the isolation"
            ));
        }
        if strategy == Strategy::Mps && is_shared_with_any {
            validator.report.problem(item, MPS_WITH_ANY);
        }
    }
}

/// The strategies that give at least this isolation.
fn strong(least: Isolation) -> Vec<&'static str> {
    let strong = Strategy::ALL.into_iter().filter(|s| s.isolation() >= least);
    strong.map(Strategy::word).collect()
}

/// The rules that Kubernetes has for a pod's tolerations.
pub(super) fn is_a_toleration() -> [Rule; 3] {
    let exists = "has(self.operator) && self.operator == 'Exists'";
    let given = |name: &str| format!("has(self.{name}) && self.{name} != ''");
    [
        Rule::new(format!("{} || {exists}", given("key")))
            .message("the key of a taint is missing; give one, or operator: Exists for every key")
            .field_path(".key"),
        Rule::new(format!("!({}) || !({exists})", given("value")))
            .message(VALUE_WITH_EXISTS)
            .field_path(".value"),
        Rule::new("!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'")
            .message(SECONDS_WITHOUT_NO_EXECUTE)
            .field_path(".tolerationSeconds"),
    ]
}

fn toleration(validator: &Validator<'_>, toleration: &Place<'_>) {
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
        validator.report.problem(&value, VALUE_WITH_EXISTS);
    }
    let seconds = field("tolerationSeconds");
    if let Some(seconds) = seconds.filter(|_| !says(toleration, "effect", "NoExecute")) {
        validator
            .report
            .problem(&seconds, SECONDS_WITHOUT_NO_EXECUTE);
    }
}

/// The schema cannot check keys, so only the reader does.
fn keys(validator: &Validator<'_>, pool: &Place<'_>) {
    for field in ["labels", "allocatable"] {
        let entries = pool.get(field).and_then(|field| field.entries());
        for entry in entries.into_iter().flatten() {
            if let Err(fault) = Key::read(entry.key) {
                validator.report.problem(&entry.value, fault);
            }
        }
    }
}

/// The rules exist, and those that always deny have no other severity.
pub(super) fn knows_the_rules() -> [Rule; 2] {
    let ids = cel_list(rules::ALL.iter().map(|rule| rule.id));
    let always = rules::ALL.iter().filter(|rule| rule.always_denies);
    let always = cel_list(always.map(|rule| rule.id));
    let deny = Severity::Deny.word();
    [
        Rule::new(format!("self.all(id, id in {ids})"))
            .message("no such rule; slicegate rules lists them"),
        Rule::new(format!("{always}.all(id, !(id in self) || self[id] == '{deny}')")).message(
            format!("{always} always deny, because nothing sound can be decided without them; remove them").as_str(),
        ),
    ]
}

fn severities(validator: &Validator<'_>, spec: &Place<'_>) {
    let entries = spec.get("rules").and_then(|rules| rules.entries());
    for entry in entries.into_iter().flatten() {
        let severity = match entry.value.text().unwrap_or_default() {
            text if OFF.contains(&text) => Severity::Off.word(),
            text => text,
        };
        let known = Severity::VALUES.iter().any(|(word, _)| *word == severity);
        match rules::find(entry.key) {
            None => {
                let meant = nearest(entry.key, rules::ALL.iter().map(|rule| rule.id));
                let meant = meant.map(|meant| format!("did you mean {meant}? "));
                let meant = meant.unwrap_or_default();
                let message = format!("no such rule; {meant}`slicegate rules` lists them");
                validator.report.problem(&entry.value, message);
            }
            Some(rule) if rule.always_denies && known && severity != Severity::Deny.word() => {
                validator.report.problem(&entry.value, format!(
                    "{severity} is not possible, nothing sound can be decided without this rule; write deny or remove it"
                ));
            }
            Some(_) => {}
        }
    }
}

fn says(place: &Place<'_>, field: &str, text: &str) -> bool {
    place
        .get(field)
        .is_some_and(|field| field.text() == Some(text))
}

/// A list of texts in CEL. All are slicegate's own names, so nothing needs an escape.
fn cel_list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|t| format!("'{t}'")).collect();
    format!("[{}]", quoted.join(", "))
}
