//! `spec.tiers`: what classes of pods are promised.

use crate::engine::policy::{Share, Tier};
use crate::engine::strategy::{CoTenancy, Isolation, Strategy};

use super::field::{Field, Fields};
use super::unique::Unique;

const CO_TENANCY: [(&str, CoTenancy); 2] = [
    (CoTenancy::Boundary.word(), CoTenancy::Boundary),
    (CoTenancy::Any.word(), CoTenancy::Any),
];

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
    let words = Isolation::ALL.map(|i| (i.word(), i));
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
    let words = Strategy::ALL.map(|s| (s.word(), s));
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
    let strong: Vec<&str> = Strategy::ALL
        .into_iter()
        .filter(|s| s.isolation() >= least)
        .map(Strategy::word)
        .collect();
    item.problem(format!(
        "{strategy} gives isolation {given}, weaker than the tier's {least}; use {} or lower the isolation",
        strong.join(", ")
    ));
}

fn share(fields: &mut Fields<'_>) -> Share {
    Share {
        memory: fields.optional("memory").and_then(|f| f.bytes()),
        fraction: fields.optional("fraction").and_then(|f| f.fraction()),
    }
}

fn run_as_user(field: &Field<'_>) -> Option<u32> {
    let id = field.whole(0, i64::from(i32::MAX))?;
    u32::try_from(id).ok()
}
