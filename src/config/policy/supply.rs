//! `spec.supply`: how nodes are read, and those that are not there yet.

use crate::engine::policy::{Pool, SupplyPolicy, Unlabelled};

use super::field::{Field, Fields};
use super::placement::EFFECTS;
use super::unique::Unique;

const UNLABELLED: [(&str, Unlabelled); 2] = [
    ("unknown", Unlabelled::Unknown),
    ("exclusive", Unlabelled::Exclusive),
];

/// What holds where a policy says nothing.
pub(super) fn default() -> SupplyPolicy {
    SupplyPolicy {
        unlabelled: Unlabelled::Unknown,
        remember_seconds: 24 * 3600,
        pools: Vec::new(),
    }
}

/// Reads the object.
pub(super) fn supply(fields: &mut Fields<'_>) -> SupplyPolicy {
    let absent = default();
    let unlabelled = fields.optional("unlabelled");
    let remember = fields.optional("remember");
    SupplyPolicy {
        unlabelled: unlabelled
            .and_then(|f| f.word(&UNLABELLED))
            .unwrap_or(absent.unlabelled),
        remember_seconds: remember
            .and_then(|f| f.seconds())
            .unwrap_or(absent.remember_seconds),
        pools: fields
            .optional("pools")
            .map(|f| pools(&f))
            .unwrap_or(absent.pools),
    }
}

fn pools(field: &Field<'_>) -> Vec<Pool> {
    let mut names = Unique::default();
    let items = field.items();
    items
        .iter()
        .filter_map(|item| item.object(|fields| pool(fields, &mut names)))
        .collect()
}

fn pool(fields: &mut Fields<'_>, names: &mut Unique) -> Pool {
    let name = fields.required("name", "a name for messages");
    let allocatable = fields.required(
        "allocatable",
        "what a node offers, such as {nvidia.com/gpu: 8}",
    );
    Pool {
        name: name.and_then(|f| self::name(&f, names)).unwrap_or_default(),
        labels: fields
            .optional("labels")
            .map(|f| labels(&f))
            .unwrap_or_default(),
        allocatable: allocatable.map(|f| quantities(&f)).unwrap_or_default(),
        taints: fields
            .optional("taints")
            .map(|f| taints(&f))
            .unwrap_or_default(),
    }
}

fn name(field: &Field<'_>, names: &mut Unique) -> Option<String> {
    let name = field.name()?;
    names.check(field, &name);
    Some(name)
}

fn labels(field: &Field<'_>) -> Vec<(String, String)> {
    let pairs = field.pairs().into_iter();
    pairs
        .filter(|(key, value)| value.check_key(key))
        .filter_map(|(key, value)| Some((key.to_owned(), value.label_value()?)))
        .collect()
}

fn quantities(field: &Field<'_>) -> Vec<(String, String)> {
    let pairs = field
        .some_pairs("one resource, such as nvidia.com/gpu: 8")
        .into_iter();
    pairs
        .filter(|(key, value)| value.check_key(key))
        .filter_map(|(key, value)| {
            let quantity = value.quantity("8")?;
            let text = value.text()?;
            if quantity.is_negative() {
                value.problem(format!("{text} is below 0; write 0 or more"));
            }
            Some((key.to_owned(), text.to_owned()))
        })
        .collect()
}

fn taints(field: &Field<'_>) -> Vec<(String, String, String)> {
    let items = field.items();
    items.iter().filter_map(|item| item.object(taint)).collect()
}

fn taint(fields: &mut Fields<'_>) -> (String, String, String) {
    let effects = EFFECTS.map(|(word, _)| word).join(", ");
    let key = fields
        .required("key", "the taint's key")
        .and_then(|f| f.key());
    let value = fields.optional("value").and_then(|f| f.label_value());
    let effect = fields.required("effect", &format!("one of {effects}"));
    let effect = effect.and_then(|f| f.word(&EFFECTS)).unwrap_or_default();
    (
        key.unwrap_or_default(),
        value.unwrap_or_default(),
        effect.to_owned(),
    )
}
