//! Fields that are refused, with the exact lines.

use slicegate::engine::rules;

use super::tables::{
    FIELDS, GOOD_TIER, KEYS, PLACEMENT, SUPPLY, TIERS, ends, with_spec, with_tier,
};
use super::{accepted, check, refused};

#[test]
fn keys_and_shapes() {
    check(KEYS, "p:3: ", with_spec);
}

#[test]
fn single_fields() {
    check(FIELDS, "p:3: spec.", with_spec);
}

#[test]
fn tiers() {
    check(TIERS, "p:3: spec.tiers[0].", with_tier);
    let twice = format!("{{tiers: [{{{GOOD_TIER}}}, {{{GOOD_TIER}}}]}}");
    let line = "p:3: spec.tiers[1].name: a is at spec.tiers[0].name already; rename or remove one";
    assert_eq!(refused(&with_spec(&twice)), [line]);
}

#[test]
fn the_ends_of_ranges_are_inside() {
    for text in ends() {
        accepted(&text);
    }
}

#[test]
fn placement() {
    check(PLACEMENT, "p:3: spec.placement.", |fields| {
        with_spec(&format!("{{placement: {{{fields}}}}}"))
    });
}

#[test]
fn supply() {
    check(SUPPLY, "p:3: spec.supply.", |fields| {
        with_spec(&format!("{{supply: {{{fields}}}}}"))
    });
}

#[test]
fn rules_that_always_deny() {
    let always: Vec<_> = rules::ALL
        .iter()
        .filter(|rule| rule.always_denies)
        .collect();
    assert!(!always.is_empty());
    for rule in always {
        for severity in ["warn", "off"] {
            let line = format!(
                "p:3: spec.rules.{}: {severity} is not possible, nothing sound can be decided without this rule; \
                 write deny or remove it",
                rule.id
            );
            let spec = format!("{{rules: {{{}: {severity}}}}}", rule.id);
            assert_eq!(refused(&with_spec(&spec)), [line]);
        }
        accepted(&with_spec(&format!("{{rules: {{{}: deny}}}}", rule.id)));
    }
}
