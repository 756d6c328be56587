//! `spec.placement`: how pods are placed.

use crate::engine::vocabulary::policy::{BoundaryPlacement, Placement, PolicyToleration};

use serde_json::Value;

use super::field::{Field, Fields};
use super::limits::LONGEST_VALUE;
use super::names::{KEY_OR_NOTHING, LABEL_VALUE, LONGEST_KEY, LONGEST_LABEL};
use super::openapi;
use super::unique::distinct;
use super::value::FILLED;

/// What a taint, and so a toleration, can do.
pub(super) const EFFECTS: [(&str, &str); 3] = [
    ("NoSchedule", "NoSchedule"),
    ("PreferNoSchedule", "PreferNoSchedule"),
    ("NoExecute", "NoExecute"),
];
const OPERATORS: [(&str, &str); 2] = [("Exists", "Exists"), ("Equal", "Equal")];
const BOUNDARY: [(&str, BoundaryPlacement); 2] = [
    ("pod-anti-affinity", BoundaryPlacement::PodAntiAffinity),
    ("node-label", BoundaryPlacement::NodeLabel),
];
const PACKING: [(&str, bool); 2] = [("boundary", true), ("none", false)];
const HIDE_GPUS: [(&str, bool); 2] = [("managed", true), ("off", false)];
/// Kata Containers' classes begin with `kata`; gVisor's handler is `runsc`, its class by custom `gvisor`.
const SANDBOXES: [&str; 3] = ["kata", "gvisor", "runsc"];

/// What holds where a policy says nothing.
pub(super) fn default() -> Placement {
    Placement {
        boundary: BoundaryPlacement::PodAntiAffinity,
        packing: true,
        schedulers: vec!["default-scheduler".to_owned()],
        hide_gpus: true,
        tolerations: Vec::new(),
        sandboxes: SANDBOXES.map(str::to_owned).to_vec(),
    }
}

/// Reads the object.
pub(super) fn placement(fields: &mut Fields<'_>) -> Placement {
    let absent = default();
    Placement {
        boundary: fields
            .optional("boundary")
            .and_then(|f| f.word(&BOUNDARY))
            .unwrap_or(absent.boundary),
        packing: fields
            .optional("packing")
            .and_then(|f| f.word(&PACKING))
            .unwrap_or(absent.packing),
        schedulers: fields
            .optional("schedulers")
            .map(|f| schedulers(&f))
            .unwrap_or(absent.schedulers),
        hide_gpus: fields
            .optional("hideGpus")
            .and_then(|f| f.word(&HIDE_GPUS))
            .unwrap_or(absent.hide_gpus),
        tolerations: fields
            .optional("tolerations")
            .map(|f| tolerations(&f))
            .unwrap_or(absent.tolerations),
        sandboxes: fields
            .optional("sandboxes")
            .map(|f| sandboxes(&f))
            .unwrap_or(absent.sandboxes),
    }
}

fn schedulers(field: &Field<'_>) -> Vec<String> {
    distinct(
        &field.some_items("one, such as default-scheduler"),
        Field::filled,
    )
}

/// None at all is a list too: no runtime class is a sandbox.
fn sandboxes(field: &Field<'_>) -> Vec<String> {
    distinct(&field.items(), Field::filled)
}

fn tolerations(field: &Field<'_>) -> Vec<PolicyToleration> {
    let items = field.items();
    items
        .iter()
        .filter_map(|item| item.object(toleration))
        .collect()
}

fn toleration(fields: &mut Fields<'_>) -> PolicyToleration {
    let key = given(fields, "key");
    let operator = given(fields, "operator");
    let value = given(fields, "value");
    let effect = given(fields, "effect");
    let seconds = fields.optional("tolerationSeconds");
    let exists = operator.as_ref().is_some_and(|f| f.says("Exists"));
    if key.is_none() && !exists {
        fields.missing(
            "key",
            "the key of a taint, or operator: Exists for every key",
        );
    }
    if let Some(value) = value.as_ref().filter(|_| exists) {
        value.problem("a value with operator Exists; remove it or write operator: Equal");
    }
    let evicts = effect.as_ref().is_some_and(|f| f.says("NoExecute"));
    if let Some(seconds) = seconds.as_ref().filter(|_| !evicts) {
        seconds.problem("only with effect NoExecute; remove it or write effect: NoExecute");
    }
    PolicyToleration {
        key: key.and_then(|f| f.key()),
        operator: operator.and_then(|f| f.word(&OPERATORS)).map(str::to_owned),
        value: value.and_then(|f| f.label_value()),
        effect: effect.and_then(|f| f.word(&EFFECTS)).map(str::to_owned),
        toleration_seconds: seconds.and_then(|f| f.whole(i64::MIN, i64::MAX)),
    }
}

/// A field that counts as absent when it is an empty text, as in a pod.
fn given<'a>(fields: &mut Fields<'a>, name: &'static str) -> Option<Field<'a>> {
    fields.optional(name).filter(|f| !f.says(""))
}

/// The object as a schema.
pub(super) fn schema() -> Value {
    let scheduler = openapi::text("A scheduler's name.", FILLED, LONGEST_VALUE);
    let fields = vec![
        (
            "boundary",
            openapi::word(
                "What keeps boundaries on different nodes: a pod's anti-affinity (the default), or a label of the node \
                 that you set.",
                &BOUNDARY,
            ),
        ),
        (
            "packing",
            openapi::word(
                "Whether nodes that already run shares of the same boundary are preferred; they are by default.",
                &PACKING,
            ),
        ),
        (
            "schedulers",
            openapi::some(
                "Shared pods use one of these; default-scheduler alone by default.",
                scheduler,
            ),
        ),
        (
            "hideGpus",
            openapi::word(
                "Whether containers without a GPU in rewritten pods are told to see none; they are by default.",
                &HIDE_GPUS,
            ),
        ),
        (
            "tolerations",
            openapi::list(
                "Added to every rewritten pod, besides one for the GPU nodes' own taint.",
                openapi::with_rules(toleration_schema(), &toleration_rules()),
            ),
        ),
        (
            "sandboxes",
            openapi::list(
                "What the names or handlers of runtime classes begin with whose pods cannot reach their node's MPS daemon; \
                 kata, gvisor and runsc by default.",
                openapi::text("The beginning of a runtime class.", FILLED, LONGEST_VALUE),
            ),
        ),
    ];
    openapi::object("How pods are placed.", Vec::new(), fields)
}

fn toleration_schema() -> Value {
    let fields = vec![
        (
            "key",
            openapi::text(
                "The key of a taint; none with operator Exists means every taint.",
                KEY_OR_NOTHING,
                LONGEST_KEY,
            ),
        ),
        (
            "operator",
            openapi::word(
                "Equal (the default) compares the value.",
                &or_nothing(&OPERATORS),
            ),
        ),
        (
            "value",
            openapi::text("What Equal compares with.", LABEL_VALUE, LONGEST_LABEL),
        ),
        (
            "effect",
            openapi::word("Which effect; none means every one.", &or_nothing(&EFFECTS)),
        ),
        (
            "tolerationSeconds",
            openapi::whole(
                "How long NoExecute is put up with; for ever without it.",
                i64::MIN,
                i64::MAX,
            ),
        ),
    ];
    openapi::object("A toleration, as in a pod.", Vec::new(), fields)
}

/// An empty text counts as absent, as in a pod.
fn or_nothing(table: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [table, &[("", "")]].concat()
}

fn toleration_rules() -> [openapi::Rule; 3] {
    let exists = "has(self.operator) && self.operator == 'Exists'";
    let given = |name: &str| format!("has(self.{name}) && self.{name} != ''");
    [
        openapi::rule(
            format!("{} || {exists}", given("key")),
            "the key of a taint is missing; give one, or operator: Exists for every key",
        )
        .at("key"),
        openapi::rule(
            format!("!({}) || !({exists})", given("value")),
            "a value with operator Exists; remove it or write operator: Equal",
        )
        .at("value"),
        openapi::rule(
            "!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'",
            "only with effect NoExecute; remove it or write effect: NoExecute",
        )
        .at("tolerationSeconds"),
    ]
}
