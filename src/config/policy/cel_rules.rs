//! Rules between fields as CEL for the API server. `consistency.rs` checks the same with better messages.

use kube::core::{Message, Rule};

use super::built_in;
use crate::engine::rules;
use crate::engine::vocabulary::{CoTenancy, Isolation, Severity, Strategy};

pub(super) const MPS_WITH_ANY: &str = "mps cannot go with coTenancy: any, because a process can drop its own limits; remove mps or write coTenancy: boundary";
pub(super) const VALUE_WITH_EXISTS: &str =
    "a value with operator Exists; remove it or write operator: Equal";
pub(super) const SECONDS_WITHOUT_NO_EXECUTE: &str =
    "only with effect NoExecute; remove it or write effect: NoExecute";

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

/// `defaultTier` is one of the tiers.
pub(super) fn names_a_tier() -> Rule {
    let names = cel_list(built_in::tier_names());
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

/// The strategies that give at least this isolation.
pub(super) fn strong(least: Isolation) -> Vec<&'static str> {
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

/// A list of texts in CEL. All are slicegate's own names, so nothing needs an escape.
fn cel_list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|t| format!("'{t}'")).collect();
    format!("[{}]", quoted.join(", "))
}
