//! `spec.supply`: how nodes are read, and those that are not there yet.

use crate::engine::vocabulary::policy::{Declared, Pool, SupplyPolicy, Unlabelled, Vgpu};

use serde_json::Value;

use super::field::{Field, Fields};
use super::limits::{LONGEST_VALUE, MOST_ENTRIES};
use super::names::{KEY, LABEL_VALUE, LONGEST_KEY, LONGEST_LABEL, NAME};
use super::openapi;
use super::placement::EFFECTS;
use super::unique::Unique;
use super::value::{DURATION, QUANTITY};

const UNLABELLED: [(&str, Unlabelled); 2] = [
    ("unknown", Unlabelled::Unknown),
    ("exclusive", Unlabelled::Exclusive),
];

const VGPU: [(&str, Vgpu); 4] = [
    ("unknown", Vgpu::Unknown),
    ("time-slicing", Vgpu::TimeSlicing),
    ("mig", Vgpu::Mig),
    ("exclusive", Vgpu::Exclusive),
];

/// What holds where a policy says nothing.
pub(super) fn default() -> SupplyPolicy {
    SupplyPolicy {
        declared: Declared::default(),
        remember_seconds: 24 * 3600,
        pools: Vec::new(),
    }
}

/// Reads the object.
pub(super) fn supply(fields: &mut Fields<'_>) -> SupplyPolicy {
    let absent = default();
    let unlabelled = fields.optional("unlabelled");
    let vgpu = fields.optional("vgpu");
    let remember = fields.optional("remember");
    SupplyPolicy {
        declared: Declared {
            unlabelled: unlabelled
                .and_then(|f| f.word(&UNLABELLED))
                .unwrap_or(absent.declared.unlabelled),
            vgpu: vgpu
                .and_then(|f| f.word(&VGPU))
                .unwrap_or(absent.declared.vgpu),
        },
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

/// The object as a schema.
pub(super) fn schema() -> Value {
    let fields = vec![
        (
            "unlabelled",
            openapi::word(
                "What a GPU node is taken for that carries no labels of GPU feature discovery; unknown by default.",
                &UNLABELLED,
            ),
        ),
        (
            "vgpu",
            openapi::word(
                "What a virtual machine's vGPU is taken for, whose card other machines may use too; unknown by default.",
                &VGPU,
            ),
        ),
        (
            "remember",
            openapi::text(
                "How long the shape of a node that has gone still counts, such as 24h, the default.",
                DURATION,
                LONGEST_VALUE,
            ),
        ),
        (
            "pools",
            openapi::with_rules(
                openapi::list(
                    "Nodes that are not there yet, such as a pool scaled to zero.",
                    pool_schema(),
                ),
                &[openapi::once("name")],
            ),
        ),
    ];
    openapi::object("How nodes are read.", Vec::new(), fields)
}

fn pool_schema() -> Value {
    let mut allocatable = openapi::map(
        "What a node offers, such as nvidia.com/gpu: 8.",
        openapi::number_or_text("A quantity.", QUANTITY, (0, None)),
        MOST_ENTRIES,
    );
    allocatable["minProperties"] = 1.into();
    let value = openapi::number_or_text("A label's value.", LABEL_VALUE, (0, None));
    let required = vec![
        ("name", openapi::text("For messages.", NAME, LONGEST_LABEL)),
        ("allocatable", allocatable),
    ];
    let optional = vec![
        (
            "labels",
            openapi::map("The labels a node will carry.", value, MOST_ENTRIES),
        ),
        (
            "taints",
            openapi::list("The taints a node will carry.", taint_schema()),
        ),
    ];
    openapi::object("Nodes of one shape, read like a Node.", required, optional)
}

fn taint_schema() -> Value {
    let required = vec![
        ("key", openapi::text("Its key.", KEY, LONGEST_KEY)),
        ("effect", openapi::word("What it does.", &EFFECTS)),
    ];
    let optional = vec![(
        "value",
        openapi::text("Its value; none by default.", LABEL_VALUE, LONGEST_LABEL),
    )];
    openapi::object("A taint.", required, optional)
}
