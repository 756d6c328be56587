//! Fields that are refused, with the exact lines.

use slicegate::engine::rules;

use super::{accepted, check, refused, with_spec, with_tier};

#[test]
fn keys_and_shapes() {
    check(KEYS, "p:3: ", with_spec);
}

const KEYS: &str = r#"
{mode: off, mode: enforce}
    spec.mode: given twice, first on line 3; keep one
{[a]: 1}
    spec[""]: a key that is no text; write a field's name
{<<: 1}
    spec: `<<` takes over an object; write `<<: *name` or remove it
{mode: !word enforce}
    spec.mode: the tag "!word" means nothing here; remove it
{placement: {packin: none}}
    spec.placement.packin: no such field; did you mean packing? allowed here: boundary, packing, schedulers, hideGpus, tolerations
{pools: null}
    spec.pools: no such field; did you mean spec.supply.pools? allowed here: mode, namespaceDefault, defaultTier, podOptOut, outsiders, boundaries, foreignSharing, tiers, placement, supply, rules
{supply: {x y: 1}}
    spec.supply["x y"]: no such field; allowed here: unlabelled, remember, pools
"#;

#[test]
fn single_fields() {
    check(FIELDS, "p:3: spec.", with_spec);
}

const FIELDS: &str = r#"
{mode: enforced}
    mode: enforced is none of enforce, dry-run, "off"; did you mean enforce?
{mode: true}
    mode: true is none of enforce, dry-run, "off"; write one of them
{mode: "a\e\n"}
    mode: "a\u{1b}\n" is none of enforce, dry-run, "off"; write one of them
{namespaceDefault: [off]}
    namespaceDefault: a list where a text belongs; write one value
{podOptOut: "true"}
    podOptOut: true in quotes is no boolean; write true or false without quotes
{podOptOut: 1}
    podOptOut: 1 is no boolean; write true or false without quotes
{outsiders: labels}
    outsiders: labels is none of none, label; did you mean label?
{defaultTier: gold}
    defaultTier: gold is none of regulated, production, trusted-inference, batch, development; write one of them
{defaultTier: gold, tiers: []}
    defaultTier: gold is no tier, the policy has none; add one or remove this
{foreignSharing: run-ai}
    foreignSharing: the single value run-ai where a list belongs; write [run-ai]
{foreignSharing: [run-ai]}
    foreignSharing[0]: run-ai is none of hami, kai, runai, volcano, tensor-fusion; did you mean runai?
{foreignSharing: [kai, hami, kai]}
    foreignSharing[2]: kai is at spec.foreignSharing[0] already; rename or remove one
{boundaries: [payments]}
    boundaries[0]: the single value payments where an object belongs; write fields with a colon, such as `name: value`
{boundaries: [null]}
    boundaries[0]: nothing is written here; give it a value or remove it
{boundaries: [{namespaces: [a]}]}
    boundaries[0].name: missing; give the boundary's name
{boundaries: [{name: a.b, namespaces: [a]}]}
    boundaries[0].name: a.b is no DNS label; use 1 to 63 of a-z, 0-9 and -, with a letter or digit first and last
{boundaries: [{name: a}]}
    boundaries[0].namespaces: missing; give the namespaces that may use it
{boundaries: [{name: a, namespaces: []}]}
    boundaries[0].namespaces: empty; write at least a namespace
{boundaries: [{name: a, namespaces: [b, b]}]}
    boundaries[0].namespaces[1]: b is at spec.boundaries[0].namespaces[0] already; rename or remove one
{boundaries: [{name: a, namespaces: [b]}, {name: a, namespaces: [c]}]}
    boundaries[1].name: a is at spec.boundaries[0].name already; rename or remove one
{rules: [mps-user]}
    rules: a list where an object belongs; write fields with a colon, such as `name: value`
{rules: {shm-conflicts: warn}}
    rules.shm-conflicts: no such rule; did you mean shm-conflict? `slicegate rules` lists them
{rules: {nonsense: null}}
    rules.nonsense: no such rule; `slicegate rules` lists them
{rules: {mps-user: error}}
    rules.mps-user: error is none of deny, warn, "off"; write one of them
"#;

#[test]
fn tiers() {
    check(TIERS, "p:3: spec.tiers[0].", with_tier);
    let twice = format!("{{tiers: [{{{GOOD_TIER}}}, {{{GOOD_TIER}}}]}}");
    let line = "p:3: spec.tiers[1].name: a is at spec.tiers[0].name already; rename or remove one";
    assert_eq!(refused(&with_spec(&twice)), [line]);
}

const GOOD_TIER: &str = "name: a, isolation: limited, strategies: [mps, mig]";
const TIERS: &str = r#"
isolation: none, strategies: [mps]
    name: missing; give the name pods will use
name: "", isolation: none, strategies: [mps]
    name: "" is no DNS label; use 1 to 63 of a-z, 0-9 and -, with a letter or digit first and last
name: [a], isolation: none, strategies: [mps]
    name: a list where a text belongs; write one value
name: a, strategies: [mps]
    isolation: missing; give the least the tier accepts: none, limited, hardware, dedicated
name: a, isolation: hard, strategies: [mps]
    isolation: hard is none of none, limited, hardware, dedicated; write one of them
name: a, isolation: none
    strategies: missing; give a list of strategies in order of preference
name: a, isolation: none, strategies: mps
    strategies: the single value mps where a list belongs; write [mps]
name: a, isolation: none, strategies: []
    strategies: empty; write at least one of exclusive, mig, mps, time-slicing
name: a, isolation: none, strategies: [mps, timeslicing]
    strategies[1]: timeslicing is none of exclusive, mig, mps, time-slicing; did you mean time-slicing?
name: a, isolation: none, strategies: [mps, mig, mps]
    strategies[2]: mps is at spec.tiers[0].strategies[0] already; rename or remove one
name: a, isolation: hardware, strategies: [mig, mps]
    strategies[1]: mps gives isolation limited, weaker than the tier's hardware; use exclusive, mig or lower the isolation
name: a, isolation: none, strategies: [mps], coTenancy: any
    strategies[0]: mps cannot go with coTenancy: any, because a process can drop its own limits; remove mps or write coTenancy: boundary
name: a, isolation: limited, strategies: [mps, mig], coTenancy: all
    coTenancy: all is none of boundary, any; write one of them
name: a, isolation: limited, strategies: [mps, mig], memory: 1Gi
    memory: no such field; did you mean spec.tiers[].share.memory? allowed here: name, isolation, strategies, coTenancy, share, runAsUser
name: a, isolation: limited, strategies: [mps, mig], share: 18Gi
    share: the single value 18Gi where an object belongs; write fields with a colon, such as `name: value`
name: a, isolation: limited, strategies: [mps, mig], share: {fraction: 1.5}
    share.fraction: 1.5 is outside (0, 1]; write a decimal such as 0.25
name: a, isolation: limited, strategies: [mps, mig], share: {fraction: '0'}
    share.fraction: 0 is outside (0, 1]; write a decimal such as 0.25
name: a, isolation: limited, strategies: [mps, mig], share: {fraction: -0.5}
    share.fraction: -0.5 is not a decimal such as 0.25; write one above 0 and at most 1
name: a, isolation: limited, strategies: [mps, mig], share: {fraction: 1/4}
    share.fraction: 1/4 is not a decimal such as 0.25; write one above 0 and at most 1
name: a, isolation: limited, strategies: [mps, mig], share: {memory: 0}
    share.memory: 0 is not above 0; write a size such as 10Gi
name: a, isolation: limited, strategies: [mps, mig], share: {memory: -1Gi}
    share.memory: -1Gi is not above 0; write a size such as 10Gi
name: a, isolation: limited, strategies: [mps, mig], share: {memory: 10GB}
    share.memory: 10GB is not a Kubernetes quantity (a number with an optional suffix such as m, k, M, Gi or e3); write one such as 10Gi
name: a, isolation: limited, strategies: [mps, mig], runAsUser: -1
    runAsUser: -1 is not possible here; write a whole number from 0 to 2147483647 without quotes
name: a, isolation: limited, strategies: [mps, mig], runAsUser: 2147483648
    runAsUser: 2147483648 is not possible here; write a whole number from 0 to 2147483647 without quotes
name: a, isolation: limited, strategies: [mps, mig], runAsUser: '5'
    runAsUser: 5 in quotes is not possible here; write a whole number from 0 to 2147483647 without quotes
name: a, isolation: limited, strategies: [mps, mig], runAsUser: 010
    runAsUser: 010 is not possible here; write a whole number from 0 to 2147483647 without quotes
"#;

#[test]
fn the_ends_of_ranges_are_inside() {
    for fields in [
        "runAsUser: 0",
        "runAsUser: 2147483647",
        "share: {fraction: 1}",
        "share: {memory: 1}",
        "share: {}",
    ] {
        accepted(&with_tier(&format!("{GOOD_TIER}, {fields}")));
    }
}

#[test]
fn placement() {
    check(PLACEMENT, "p:3: spec.placement.", |fields| {
        with_spec(&format!("{{placement: {{{fields}}}}}"))
    });
}

const PLACEMENT: &str = r#"
boundary: zone
    boundary: zone is none of pod-anti-affinity, node-label; write one of them
packing: false
    packing: false is none of boundary, none; write one of them
hideGpus: true
    hideGpus: true is none of managed, "off"; write one of them
schedulers: []
    schedulers: empty; write at least one, such as default-scheduler
schedulers: default-scheduler
    schedulers: the single value default-scheduler where a list belongs; write [default-scheduler]
schedulers: [a, a]
    schedulers[1]: a is at spec.placement.schedulers[0] already; rename or remove one
schedulers: [""]
    schedulers[0]: "" is empty; write a name or remove it
tolerations: [{}]
    tolerations[0].key: missing; give the key of a taint, or operator: Exists for every key
tolerations: [{key: "", operator: Equal}]
    tolerations[0].key: missing; give the key of a taint, or operator: Exists for every key
tolerations: [{key: a b}]
    tolerations[0].key: "a b" is no key; use an optional DNS name with a slash, then at most 63 letters, digits, -, _ and .
tolerations: [{key: a, operator: Lt}]
    tolerations[0].operator: Lt is none of Exists, Equal; write one of them
tolerations: [{operator: Exists, value: x}]
    tolerations[0].value: a value with operator Exists; remove it or write operator: Equal
tolerations: [{key: a, value: b c}]
    tolerations[0].value: "b c" has other characters or is too long; use at most 63 letters, digits, -, _ and ., with a letter or digit first and last
tolerations: [{key: a, effect: NoRun}]
    tolerations[0].effect: NoRun is none of NoSchedule, PreferNoSchedule, NoExecute; write one of them
tolerations: [{key: a, tolerationSeconds: 5}]
    tolerations[0].tolerationSeconds: only with effect NoExecute; remove it or write effect: NoExecute
tolerations: [{key: a, efect: NoExecute}]
    tolerations[0].efect: no such field; did you mean effect? allowed here: key, operator, value, effect, tolerationSeconds
"#;

#[test]
fn supply() {
    check(SUPPLY, "p:3: spec.supply.", |fields| {
        with_spec(&format!("{{supply: {{{fields}}}}}"))
    });
}

const SUPPLY: &str = r#"
unlabelled: shared
    unlabelled: shared is none of unknown, exclusive; write one of them
remember: 24
    remember: 24 is no duration; write hours, minutes and seconds such as 24h, 90m or 1h30m, at most 2562047h
remember: 1d
    remember: 1d is no duration; write hours, minutes and seconds such as 24h, 90m or 1h30m, at most 2562047h
pools: [{allocatable: {nvidia.com/gpu: 8}}]
    pools[0].name: missing; give a name for messages
pools: [{name: a b, allocatable: {nvidia.com/gpu: 8}}]
    pools[0].name: "a b" has other characters or is too long; use at most 63 letters, digits, -, _ and ., with a letter or digit first and last
pools: [{name: p}]
    pools[0].allocatable: missing; give what a node offers, such as {nvidia.com/gpu: 8}
pools: [{name: p, allocatable: {}}]
    pools[0].allocatable: empty; write at least one resource, such as nvidia.com/gpu: 8
pools: [{name: p, allocatable: {nvidia.com/gpu: many}}]
    pools[0].allocatable["nvidia.com/gpu"]: many is not a Kubernetes quantity (a number with an optional suffix such as m, k, M, Gi or e3); write one such as 8
pools: [{name: p, allocatable: {cpu: -1}}]
    pools[0].allocatable.cpu: -1 is below 0; write 0 or more
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: [a]}]
    pools[0].labels: a list where an object belongs; write fields with a colon, such as `name: value`
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: {a: }}]
    pools[0].labels.a: nothing where a text belongs; write one value
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: {a: {}}}]
    pools[0].labels.a: an object where a text belongs; write one value
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: {a/b/c: d}}]
    pools[0].labels["a/b/c"]: a/b/c is no key; use an optional DNS name with a slash, then at most 63 letters, digits, -, _ and .
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, taints: [{effect: NoSchedule}]}]
    pools[0].taints[0].key: missing; give the taint's key
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, taints: [{key: a}]}]
    pools[0].taints[0].effect: missing; give one of NoSchedule, PreferNoSchedule, NoExecute
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}}, {name: p, allocatable: {nvidia.com/gpu: 8}}]
    pools[1].name: p is at spec.supply.pools[0].name already; rename or remove one
"#;

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
