//! Policies that are accepted, and fields that are refused with the line each has to be refused with. The reader and the
//! API server are tried with the same ones.

use slicegate::config::policy::DEFAULT_TEXT;

pub const HEADER: &str = "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\n";

/// A policy with this `spec`, which begins on line 3.
pub fn with_spec(spec: &str) -> String {
    format!("{HEADER}spec: {spec}\n")
}

/// A policy with one tier of these fields.
pub fn with_tier(fields: &str) -> String {
    with_spec(&format!("{{tiers: [{{{fields}}}]}}"))
}

/// A policy that says everything.
pub const FULL: &str = r#"apiVersion: slicegate.dev/v1alpha1
kind: SharingPolicy
metadata: {name: full}
spec:
  mode: dry-run
  namespaceDefault: enforce
  defaultTier: small
  podOptOut: true
  outsiders: label
  boundaryNames: open
  boundaries:
  - {name: payments, namespaces: [pay-a, pay-b]}
  foreignSharing: [tensor-fusion, hami]
  tiers:
  - name: small
    isolation: limited
    strategies: [mps]
    share: {memory: 0.5Gi, fraction: 0.10}
    runAsUser: 1000
  placement:
    boundary: node-label
    packing: none
    schedulers: [a, b]
    tolerations:
    - {key: gpu, operator: Equal, value: "yes", effect: NoExecute, tolerationSeconds: 60}
    - {operator: Exists, key: ""}
  supply:
    unlabelled: exclusive
    vgpu: time-slicing
    remember: 1h30m
    pools:
    - name: pool_1.a
      labels: {nvidia.com/gpu.count: 8, nvidia.com/gpu.present: true, empty: ""}
      allocatable: {nvidia.com/gpu: 8, memory: 1.5Ti}
      taints: [{key: nvidia.com/gpu, effect: NoSchedule}, {key: a, value: b, effect: NoExecute}]
  rules: {ask-invalid: deny, mps-user: deny, shm-conflict: deny}
"#;

/// As an API server returns one.
pub const FROM_A_CLUSTER: &str = r#"{"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
	"metadata": {"name": "default", "uid": "u", "resourceVersion": "1", "generation": 2,
		"creationTimestamp": null, "labels": {"a/b": "c"}, "annotations": {"x": "{\"y\": 1}"},
		"managedFields": [{"fieldsV1": {"f:spec": {".": {}}}}]},
	"spec": {"tiers": [{"name": "a", "isolation": "none", "strategies": ["mps"], "share": {"fraction": 0.25}}]},
	"status": {"conditions": []}}"#;

/// Policies that leave out what they do not change, which is everything.
pub fn absent() -> Vec<String> {
    [
        DEFAULT_TEXT,
        HEADER,
        &with_spec(""),
        &with_spec("{}"),
        &format!("{HEADER}metadata: {{}}\n"),
        &with_spec("{placement: {}, supply: {}, rules: {}}"),
        &with_spec(
            "{mode: null, tiers: ~, placement: {schedulers: null}, supply: {pools: }, rules: {mps-user: null}}",
        ),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Ways to write `off`.
pub const OFF: [&str; 6] = ["off", "\"off\"", "false", "False", "OFF", "'false'"];

/// A policy with `off` in every place for it, written that way.
pub fn off(off: &str) -> String {
    with_spec(&format!(
        "{{mode: {off}, namespaceDefault: {off}, podOptOut: false, placement: {{hideGpus: {off}}}, \
             rules: {{shm-conflict: {off}}}}}"
    ))
}

/// Tiers with a value at the end of its range.
pub fn ends() -> Vec<String> {
    [
        "runAsUser: 0",
        "runAsUser: 2147483647",
        "share: {fraction: 1}",
        "share: {memory: 1}",
        "share: {}",
    ]
    .map(|fields| with_tier(&format!("{GOOD_TIER}, {fields}")))
    .to_vec()
}

/// The `spec` of policies that all mean different things.
pub fn different() -> Vec<String> {
    let tier = |fields: &str| format!("tiers: [{{name: a, isolation: none, {fields}}}]");
    let pool = |fields: &str| format!("supply: {{pools: [{{name: p, {fields}}}]}}");
    vec![
        String::new(),
        "mode: dry-run".into(),
        "namespaceDefault: dry-run".into(),
        "defaultTier: batch".into(),
        "podOptOut: true".into(),
        "outsiders: label".into(),
        "boundaryNames: open".into(),
        "boundaries: [{name: a, namespaces: [b]}]".into(),
        "boundaries: [{name: a, namespaces: [b, c]}]".into(),
        "boundaries: [{name: a, namespaces: [b]}, {name: c, namespaces: [d]}]".into(),
        "foreignSharing: [kai]".into(),
        "tiers: []".into(),
        tier("strategies: [mps]"),
        tier("strategies: [mig]"),
        tier("strategies: [mig, mps]"),
        tier("strategies: [mps, mig]"),
        tier("strategies: [mig], coTenancy: any"),
        tier("strategies: [mps], share: {memory: 1}"),
        tier("strategies: [mps], share: {memory: 2}"),
        tier("strategies: [mps], share: {fraction: 1}"),
        tier("strategies: [mps], runAsUser: 0"),
        "tiers: [{name: a, isolation: limited, strategies: [mps]}]".into(),
        "tiers: [{name: b, isolation: none, strategies: [mps]}]".into(),
        "placement: {boundary: node-label}".into(),
        "placement: {packing: none}".into(),
        "placement: {schedulers: [x]}".into(),
        "placement: {hideGpus: off}".into(),
        "placement: {sandboxes: []}".into(),
        "placement: {sandboxes: [kata]}".into(),
        "placement: {tolerations: [{key: a}]}".into(),
        "placement: {tolerations: [{key: a, operator: Equal}]}".into(),
        "placement: {tolerations: [{key: a, value: b}]}".into(),
        "placement: {tolerations: [{key: a, effect: NoExecute}]}".into(),
        "placement: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 1}]}".into(),
        "supply: {unlabelled: exclusive}".into(),
        "supply: {vgpu: time-slicing}".into(),
        "supply: {vgpu: mig}".into(),
        "supply: {vgpu: exclusive}".into(),
        "supply: {remember: 1s}".into(),
        pool("allocatable: {a: 1}"),
        pool("allocatable: {a: 2}"),
        pool("allocatable: {a: 1}, labels: {a: b}"),
        pool("allocatable: {a: 1}, taints: [{key: a, effect: NoSchedule}]"),
        pool("allocatable: {a: 1}, taints: [{key: a, value: b, effect: NoSchedule}]"),
        "rules: {mps-user: deny}".into(),
        "rules: {mps-user: off}".into(),
    ]
}

pub const KEYS: &str = r#"
{mode: off, mode: enforce}
    spec.mode: given twice, first on line 3; keep one
{[a]: 1}
    spec[""]: no such field; allowed here: mode, namespaceDefault, defaultTier, podOptOut, outsiders, boundaryNames, boundaries, foreignSharing, tiers, placement, supply, rules
{<<: 1}
    not YAML or JSON: YAML merge value must be mapping or sequence of mappings (column 12)
{mode: !word enforce}
    spec.mode: the tag "!word" means nothing here; remove it
{placement: {packin: none}}
    spec.placement.packin: no such field; did you mean packing? allowed here: boundary, packing, schedulers, hideGpus, tolerations, sandboxes
{pools: null}
    spec.pools: no such field; did you mean spec.supply.pools? allowed here: mode, namespaceDefault, defaultTier, podOptOut, outsiders, boundaryNames, boundaries, foreignSharing, tiers, placement, supply, rules
{supply: {x y: 1}}
    spec.supply["x y"]: no such field; allowed here: unlabelled, vgpu, remember, pools
"#;

pub const FIELDS: &str = r#"
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
{boundaryNames: free}
    boundaryNames: free is none of listed, open; write one of them
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
    boundaries[0].namespaces: empty; write at least one
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

pub const GOOD_TIER: &str = "name: a, isolation: limited, strategies: [mps, mig]";

pub const TIERS: &str = r#"
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

pub const PLACEMENT: &str = r#"
boundary: zone
    boundary: zone is none of pod-anti-affinity, node-label; write one of them
packing: false
    packing: false is none of boundary, none; write one of them
hideGpus: true
    hideGpus: true is none of managed, "off"; write one of them
sandboxes: [kata, kata]
    sandboxes[1]: kata is at spec.placement.sandboxes[0] already; rename or remove one
sandboxes: [""]
    sandboxes[0]: "" is empty; write a name or remove it
schedulers: []
    schedulers: empty; write at least one
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

pub const SUPPLY: &str = r#"
unlabelled: shared
    unlabelled: shared is none of unknown, exclusive; write one of them
vgpu: shared
    vgpu: shared is none of unknown, time-slicing, mig, exclusive; write one of them
vgpus: mig
    vgpus: no such field; did you mean vgpu? allowed here: unlabelled, vgpu, remember, pools
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
    pools[0].allocatable: empty; write at least one
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
    pools[0].taints[0].effect: missing; give what the taint does: NoSchedule, PreferNoSchedule, NoExecute
pools: [{name: p, allocatable: {nvidia.com/gpu: 8}}, {name: p, allocatable: {nvidia.com/gpu: 8}}]
    pools[1].name: p is at spec.supply.pools[0].name already; rename or remove one
"#;
