//! `spec.tiers`: what classes of pods are promised.

use crate::engine::vocabulary::policy::{Share, Tier};
use crate::engine::vocabulary::strategy::{CoTenancy, Isolation, Strategy};

use serde_json::Value;

use super::field::{Field, Fields};
use super::names::{DNS_LABEL, LONGEST_LABEL};
use super::openapi::{self, Property};
use super::unique::Unique;
use super::value::{self, BYTES};

const CO_TENANCY: [(&str, CoTenancy); 2] = [
    (CoTenancy::Boundary.word(), CoTenancy::Boundary),
    (CoTenancy::Any.word(), CoTenancy::Any),
];

/// The last user id that a pod can have.
const LAST_USER: i64 = i32::MAX as i64;

/// Reads the list of tiers.
pub(super) fn tiers(field: &Field<'_>) -> Vec<Tier> {
    let mut names = Unique::default();
    let items = field.items();
    items
        .iter()
        .filter_map(|item| item.object(|fields| tier(fields, &mut names)))
        .collect()
}

fn tier(fields: &mut Fields<'_>, names: &mut Unique) -> Tier {
    let name = fields.required("name", "the name pods will use");
    let words = isolations();
    let meaning = format!(
        "the least the tier accepts: {}",
        words.map(|(word, _)| word).join(", ")
    );
    let isolation = fields.required("isolation", &meaning);
    let isolation = isolation.and_then(|f| f.word(&words));
    let strategies = fields.required("strategies", "a list of strategies in order of preference");
    let co_tenancy = fields.optional("coTenancy");
    let co_tenancy = co_tenancy
        .and_then(|f| f.word(&CO_TENANCY))
        .unwrap_or(CoTenancy::Boundary);
    Tier {
        name: name.map(|f| self::name(&f, names)).unwrap_or_default(),
        isolation: isolation.unwrap_or(Isolation::None),
        strategies: strategies
            .map(|f| self::strategies(&f, isolation, co_tenancy))
            .unwrap_or_default(),
        co_tenancy,
        share: fields
            .optional("share")
            .and_then(|f| f.object(share))
            .unwrap_or_default(),
        run_as_user: fields.optional("runAsUser").and_then(|f| run_as_user(&f)),
    }
}

/// The name as written, also when it is refused: `defaultTier` may still mean it.
fn name(field: &Field<'_>, names: &mut Unique) -> String {
    let Some(text) = field.text() else {
        return String::new();
    };
    names.check(field, text);
    field.dns_label().unwrap_or_else(|| text.to_owned())
}

fn strategies(
    field: &Field<'_>,
    isolation: Option<Isolation>,
    co_tenancy: CoTenancy,
) -> Vec<Strategy> {
    let words = self::words();
    let mut unique = Unique::default();
    let mut strategies = Vec::new();
    let one = format!("one of {}", words.map(|(word, _)| word).join(", "));
    for item in field.some_items(&one) {
        let Some(strategy) = item.word(&words) else {
            continue;
        };
        unique.check(&item, strategy.word());
        check_isolation(&item, strategy, isolation.unwrap_or(Isolation::None));
        if strategy == Strategy::Mps && co_tenancy == CoTenancy::Any {
            item.problem(
                "mps cannot go with coTenancy: any, because a process can drop its own limits; \
                 remove mps or write coTenancy: boundary",
            );
        }
        strategies.push(strategy);
    }
    strategies
}

fn check_isolation(item: &Field<'_>, strategy: Strategy, least: Isolation) {
    let given = strategy.isolation();
    if given >= least {
        return;
    }
    let strong = strong(least);
    item.problem(format!(
        "{strategy} gives isolation {given}, weaker than the tier's {least}; use {} or lower the isolation",
        strong.join(", ")
    ));
}

/// The strategies that give at least this isolation.
fn strong(least: Isolation) -> Vec<&'static str> {
    let strong = Strategy::ALL.into_iter().filter(|s| s.isolation() >= least);
    strong.map(Strategy::word).collect()
}

fn isolations() -> [(&'static str, Isolation); 4] {
    Isolation::ALL.map(|isolation| (isolation.word(), isolation))
}

fn words() -> [(&'static str, Strategy); 4] {
    Strategy::ALL.map(|strategy| (strategy.word(), strategy))
}

fn share(fields: &mut Fields<'_>) -> Share {
    Share {
        memory: fields.optional("memory").and_then(|f| f.bytes()),
        fraction: fields.optional("fraction").and_then(|f| f.fraction()),
    }
}

fn run_as_user(field: &Field<'_>) -> Option<u32> {
    let id = field.whole(0, LAST_USER)?;
    u32::try_from(id).ok()
}

/// The list as a schema.
pub(super) fn schema() -> Value {
    let required = vec![
        (
            "name",
            openapi::text(
                "What pods and namespaces call it.",
                DNS_LABEL,
                LONGEST_LABEL,
            ),
        ),
        (
            "isolation",
            openapi::word("The least a pod of this tier accepts.", &isolations()),
        ),
        (
            "strategies",
            openapi::each_once(
                "The ways of sharing that may deliver it, the best one first; none weaker than isolation.",
                &words(),
                1,
            ),
        ),
    ];
    let tier = openapi::object("A promise to a class of pods.", required, optional());
    let about =
        "The tiers pods may name. Absent means those of the built-in policy, empty means none.";
    let list = openapi::list(about, openapi::with_rules(tier, &rules()));
    openapi::with_rules(list, &[openapi::once("name")])
}

fn optional() -> Vec<Property> {
    let about = "Who may be a neighbour below hardware isolation: pods of the same boundary (the default), or any.";
    vec![
        ("coTenancy", openapi::word(about, &CO_TENANCY)),
        ("share", share_schema()),
        (
            "runAsUser",
            openapi::whole(
                "The user id written into MPS pods that set none: an MPS server serves one at a time.",
                0,
                LAST_USER,
            ),
        ),
    ]
}

fn share_schema() -> Value {
    let fields = vec![
        (
            "memory",
            openapi::number_or_text("Memory on the device, such as 18Gi.", BYTES, (1, None)),
        ),
        (
            "fraction",
            openapi::number_or_text(
                "A part of a device, such as \"0.25\".",
                &value::fraction_pattern(),
                (1, Some(1)),
            ),
        ),
    ];
    let about = "What is asked for pods that do not say, for each device; both are met where both are given.";
    openapi::object(about, Vec::new(), fields)
}

fn rules() -> [openapi::Rule; 2] {
    let (mps, any) = (Strategy::Mps.word(), CoTenancy::Any.word());
    let strong: Vec<String> = isolations()
        .into_iter()
        .map(|(word, least)| format!("'{word}': {}", openapi::texts(strong(least))))
        .collect();
    [
        openapi::rule(
            format!(
                "!has(self.coTenancy) || self.coTenancy != '{any}' || !('{mps}' in self.strategies)"
            ),
            "mps cannot go with coTenancy: any, because a process can drop its own limits; \
             remove mps or write coTenancy: boundary",
        )
        .at("strategies"),
        openapi::rule(
            format!(
                "self.strategies.all(s, s in {{{}}}[self.isolation])",
                strong.join(", ")
            ),
            "a strategy gives weaker isolation than the tier's; remove it or lower the isolation",
        )
        .at("strategies"),
    ]
}
