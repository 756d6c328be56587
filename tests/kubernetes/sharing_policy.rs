//! The kind SharingPolicy in a real API server: what it takes, what it refuses with which words, and what it gives back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use slicegate::config::documents;
use slicegate::config::policy::{
    DEFAULT_TEXT, PolicyErrors, PolicyObject, Problem, read, read_object, status,
};
use slicegate::engine::Policy;

use super::api::Answer;
use super::assets::Assets;
use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::policies::{
    FIELDS, FROM_A_CLUSTER, FULL, KEYS, OFF, PLACEMENT, SUPPLY, TIERS, absent, different, ends,
    off, with_spec, with_tier,
};
use super::random::Random;
use super::runner::{note, shared};
use super::stage::Stage;
use super::wait::seconds;

const POLICIES: &str = "/apis/slicegate.dev/v1alpha1/sharingpolicies";
const TRY: &str = "/apis/slicegate.dev/v1alpha1/sharingpolicies?dryRun=All&fieldValidation=Strict";
const DEFINITION: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sharingpolicies.slicegate.dev";

pub fn the_definition_is_taken_without_a_warning_and_the_built_in_policy_comes_back_as_it_is(
    stage: &mut Stage,
) {
    let cluster = defined(stage);
    let output = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(["policy", "default"])
        .output()
        .expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let strict = ["apply", "--validate=strict", "-f", "-"];
    for _ in 0..2 {
        let applied = cluster.kubectl.run_with(&strict, &text).good();
        assert_eq!(applied.err, "", "nothing to warn of");
    }
    let server_side = [&strict[..], &["--server-side", "--force-conflicts"]].concat();
    cluster.kubectl.run_with(&server_side, &text).good();
    let given = cluster.get(&format!("{POLICIES}/default"));
    assert!(given["metadata"]["managedFields"].is_array(), "{given}");
    assert_eq!(good(&given).hash, good_text(&text).hash);
    cluster.delete(&format!("{POLICIES}/default"));
    let odd = "{\"last\": \"\\\"a\\\": \\u003c\\n\\t\u{7f}\u{85}\u{1F600} # - : {\"}";
    let mut object = object(FROM_A_CLUSTER);
    object["metadata"]["annotations"]["odd"] = odd.into();
    let given = cluster.create(POLICIES, &object);
    assert_eq!(good(&given).hash, good(&object).hash);
}

pub fn what_the_reader_takes_the_api_server_takes_and_gives_back_with_the_same_meaning(
    stage: &mut Stage,
) {
    let mut texts = vec![
        DEFAULT_TEXT.to_owned(),
        FULL.to_owned(),
        FROM_A_CLUSTER.to_owned(),
    ];
    texts.extend(absent().into_iter().chain(ends()));
    texts.extend(OFF.map(off));
    texts.extend(
        different()
            .iter()
            .map(|spec| with_spec(&format!("{{{spec}}}"))),
    );
    texts.extend(MORE.lines().filter(|l| !l.is_empty()).map(with_spec));
    texts.push(large());
    texts.extend(of_the_acceptance_suite(stage));
    let cluster = defined(stage);
    let faults: Vec<String> = texts.iter().filter_map(|t| fault(cluster, t)).collect();
    note(format!("{} policies", texts.len()));
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What is wrong with how the API server takes a policy that the reader takes.
fn fault(cluster: &Cluster, text: &str) -> Option<String> {
    let expected = good_text(text);
    let object = object(text);
    let answer = try_object(cluster, &object);
    let short: String = text.chars().take(600).collect();
    if !answer.is_good() {
        return Some(format!("{}\n    {short}", answer.message()));
    }
    if !answer.warnings.is_empty() {
        return Some(format!("{:?}\n    {short}", answer.warnings));
    }
    let (given, own) = (good(&answer.body), good(&object));
    let same = given.hash == own.hash && own.hash == expected.hash;
    (!same).then(|| format!("came back as {}\n    {short}", answer.body["spec"]))
}

/// Values at the edge of their forms, a `spec` a line.
const MORE: &str = r#"
{boundaries: [{name: a, namespaces: [b, c]}], rules: {tier-unknown: deny, ask-invalid: null}}
{tiers: [{name: a, isolation: none, strategies: [mps], coTenancy: null, share: null, runAsUser: null}]}
{tiers: [{name: a, isolation: none, strategies: [mps], share: {memory: null, fraction: null}}], defaultTier: a}
{tiers: [{name: a, isolation: none, strategies: [mps], share: {memory: +1e3, fraction: "1.000"}}]}
{tiers: [{name: a, isolation: none, strategies: [mps], share: {memory: ".001m", fraction: "00.5"}}]}
{tiers: [{name: a, isolation: none, strategies: [mps], share: {memory: "1.", fraction: ".000000000000000000000000000001"}}]}
{tiers: [{name: a, isolation: none, strategies: [mps], share: {memory: 12E, fraction: "0.2500000000000000000000000000000000"}}]}
{tiers: [{name: "1", isolation: dedicated, strategies: [exclusive], coTenancy: any}], defaultTier: "1"}
{placement: {tolerations: [{operator: Exists, key: null, value: null, effect: null, tolerationSeconds: null}]}}
{placement: {tolerations: [{operator: Exists, key: "", value: "", effect: ""}, {key: a/b, operator: ""}]}}
{placement: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: -9223372036854775808}]}}
{placement: {tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 9223372036854775807}]}}
{placement: {schedulers: ["  Kai Scheduler "], boundary: null, packing: null, hideGpus: null, tolerations: null}}
{supply: {remember: 1s1h0m, pools: [{name: A_b.c, allocatable: {a.b/C_d: "-0", x: 0, y: "1e-3"}, labels: null, taints: null}]}}
{supply: {pools: [{name: a, allocatable: {a: 1}, labels: {a: 7, b: ""}, taints: [{key: a.b/c, value: null, effect: NoSchedule}]}]}}
{mode: null, namespaceDefault: null, defaultTier: null, podOptOut: null, outsiders: null, boundaries: null, rules: null}
{foreignSharing: null, tiers: null, placement: null, supply: null}
{tiers: null, defaultTier: batch}
{defaultTier: regulated}
"#;

pub fn no_value_that_the_reader_takes_is_refused_whatever_its_form(stage: &mut Stage) {
    let cluster = defined(stage);
    let mut random = Random::from_environment();
    let mut taken = 0;
    for form in FORMS {
        let good = |value: &String| read("p", &(form.policy)(value).to_string()).is_ok();
        let mut values: Vec<String> = (0..2_000)
            .map(|_| {
                let parts = 1 + random.below(form.parts);
                (0..parts).map(|_| *random.choose(form.words)).collect()
            })
            .filter(good)
            .collect();
        values.sort_unstable();
        values.dedup();
        for length in [62, 63, 64, 252, 253, 254, 317, 318, 319, 320, 321] {
            values.extend(
                [format!("1{}", "0".repeat(length - 1))]
                    .into_iter()
                    .filter(good),
            );
        }
        assert!(values.len() > 10, "{}: {values:?}", form.name);
        values.truncate(60 * form.at_once);
        taken += values.len();
        for some in values.chunks(form.at_once) {
            let policies: Vec<Value> = some.iter().map(|v| (form.policy)(v)).collect();
            let answer = try_object(cluster, &(form.together)(&policies));
            assert!(answer.is_good(), "{}: {}", form.name, answer.message());
        }
    }
    note(format!("{taken} values"));
}

/// A kind of text in a policy.
struct Form {
    name: &'static str,
    /// What such texts are made of, and of how many at most.
    words: &'static [&'static str],
    parts: usize,
    /// How many one policy holds.
    at_once: usize,
    /// A policy with one.
    policy: fn(&str) -> Value,
    /// One with those of several.
    together: fn(&[Value]) -> Value,
}

const FORMS: [Form; 7] = [
    Form {
        name: "quantity",
        words: &[
            "0", "1", "7", ".", "-", "+", "e", "E", "m", "k", "K", "i", "G", "n", "P", "00",
        ],
        parts: 6,
        at_once: 200,
        policy: |v| pool(&json!({"allocatable": {"a": v}})),
        together: |all| joined(all, "/spec/supply/pools"),
    },
    Form {
        name: "memory",
        words: &[
            "0", "1", "7", ".", "-", "+", "e", "E", "m", "k", "K", "i", "G", "n", "P", "00",
        ],
        parts: 6,
        at_once: 200,
        policy: |v| tier(&json!({"share": {"memory": v}})),
        together: |all| joined(all, "/spec/tiers"),
    },
    Form {
        name: "fraction",
        words: &["0", "1", ".", "5", "00000000000000", "9999999999999"],
        parts: 6,
        at_once: 200,
        policy: |v| tier(&json!({"share": {"fraction": v}})),
        together: |all| joined(all, "/spec/tiers"),
    },
    Form {
        name: "duration",
        words: &["0", "1", "h", "m", "s", "12", "d"],
        parts: 8,
        at_once: 1,
        policy: |v| policy(&json!({"supply": {"remember": v}})),
        together: |all| all[0].clone(),
    },
    Form {
        name: "label",
        words: &["a", "Z", "0", "-", "_", ".", "/"],
        parts: 6,
        at_once: 200,
        policy: |v| pool(&json!({"allocatable": {"a": 1}, "labels": {"a": v}})),
        together: |all| joined(all, "/spec/supply/pools"),
    },
    Form {
        name: "key",
        words: &["a", "Z", "0", "-", "_", ".", "/", "a.b/"],
        parts: 7,
        at_once: 200,
        policy: |v| policy(&json!({"placement": {"tolerations": [{"key": v}]}})),
        together: |all| joined(all, "/spec/placement/tolerations"),
    },
    Form {
        name: "tier",
        words: &["a", "0", "-", "z", "A", "."],
        parts: 5,
        at_once: 200,
        policy: |v| {
            policy(&json!({"tiers": [{"name": v, "isolation": "none", "strategies": ["mps"]}]}))
        },
        together: |all| joined(all, "/spec/tiers"),
    },
];

fn policy(spec: &Value) -> Value {
    json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
        "metadata": {"name": "default"}, "spec": spec})
}

fn tier(fields: &Value) -> Value {
    let mut tier = json!({"name": "a", "isolation": "none", "strategies": ["mps"]});
    tier["share"] = fields["share"].clone();
    policy(&json!({"tiers": [tier]}))
}

fn pool(fields: &Value) -> Value {
    let mut pool = fields.clone();
    pool["name"] = "a".into();
    policy(&json!({"supply": {"pools": [pool]}}))
}

/// The lists of several policies as one, with names of their own where all are called `a`.
fn joined(policies: &[Value], list: &str) -> Value {
    let of = |policy: &Value| policy.pointer(list).and_then(|l| l.get(0)).cloned();
    let mut items: Vec<Value> = policies.iter().filter_map(of).collect();
    if items.len() > 1 && items.iter().all(|i| i["name"] == "a") {
        for (index, item) in items.iter_mut().enumerate() {
            item["name"] = format!("a{index}").into();
        }
    }
    let mut policy = policies[0].clone();
    if let Some(place) = policy.pointer_mut(list) {
        *place = items.into();
    }
    policy
}

pub fn what_the_api_server_refuses_is_what_the_reader_refuses(stage: &mut Stage) {
    let cluster = defined(stage);
    let mut tables: Vec<(String, String)> = Vec::new();
    for (table, wrap) in [
        (KEYS, with_spec as fn(&str) -> String),
        (FIELDS, with_spec),
        (TIERS, with_tier),
        (PLACEMENT, |t| with_spec(&format!("{{placement: {{{t}}}}}"))),
        (SUPPLY, |t| with_spec(&format!("{{supply: {{{t}}}}}"))),
    ] {
        let texts = table.lines().filter(|l| !l.is_empty()).step_by(2);
        tables.extend(texts.map(|t| (t.to_owned(), wrap(t))));
    }
    let more = STILL_FOR_THE_READER.lines().filter(|l| !l.is_empty());
    tables.extend(more.clone().map(|t| (t.to_owned(), with_spec(t))));
    let (mut taken, mut refused) = (Vec::new(), 0);
    for (text, policy) in &tables {
        let input = documents::parse("policy", policy);
        let Some(document) = input.documents.first().filter(|_| input.errors.is_empty()) else {
            continue;
        };
        let mut object = document.value.clone();
        object["metadata"]["name"] = "default".into();
        if read("p", &object.to_string()).is_ok() {
            // What is wrong with it is how it is written, which is gone.
            continue;
        }
        let answer = try_object(cluster, &object);
        if std::env::var_os("SHOW").is_some() {
            note(format!("{text}\n        {}", answer.message()));
        }
        match answer.status {
            200..300 => {
                taken.push(text.as_str());
                let is_bad = read_object("p", &answer.body.to_string()).is_err();
                assert_eq!(is_bad, !DROPPED.contains(&text.as_str()), "{text}");
            }
            400 | 422 => refused += 1,
            _ => panic!("{text}: {}", answer.body),
        }
    }
    let left: Vec<&str> = FOR_THE_READER.into_iter().chain(more).collect();
    assert_eq!(taken, left, "what is left to the reader");
    assert!(refused > 60, "{refused}");
    note(format!(
        "{refused} refused by the API server, {} by the reader alone",
        left.len()
    ));
}

pub fn a_refusal_says_what_would_be_right_and_what_nobody_knows_is_refused_or_dropped_aloud(
    stage: &mut Stage,
) {
    let cluster = defined(stage);
    let mut lines = REFUSALS.lines().filter(|l| !l.is_empty());
    while let (Some(spec), Some(said)) = (lines.next(), lines.next()) {
        let text = with_spec(spec);
        assert!(read("p", &text).is_err(), "{spec}");
        let answer = try_object(cluster, &object(&text));
        assert_eq!(answer.status, 422, "{spec}: {}", answer.body);
        let message = answer.message();
        assert!(message.contains(said.trim_start()), "{spec}: {message}");
    }
    // Forms that YAML knows without quotes and JSON does not.
    for (spec, field) in [
        ("{mode: false}", "mode"),
        ("{rules: {mps-user: false}}", "mps-user"),
        ("{boundaries: [{name: 5, namespaces: [a]}]}", "name"),
        (
            "{tiers: [{name: a, isolation: none, strategies: [mig], share: {fraction: 0.25}}]}",
            "fraction",
        ),
        (
            "{supply: {pools: [{name: a, allocatable: {a: 1}, labels: {b: true}}]}}",
            "labels.b",
        ),
    ] {
        let text = with_spec(spec);
        good_text(&text);
        let mut unquoted = documents::parse("p", &text).documents.swap_remove(0).value;
        unquoted["metadata"] = json!({"name": "default"});
        let message = try_object(cluster, &unquoted).message().to_owned();
        assert!(message.contains("must be of type"), "{spec}: {message}");
        assert!(message.contains(&format!("{field}: ")), "{spec}: {message}");
    }
    let unknown = with_spec("{mode: dry-run, outsider: label}");
    let path = TRY.replace("Strict", "Warn");
    let answer = cluster.api().send("POST", &path, Some(&object(&unknown)));
    let [warning] = answer.warnings.as_slice() else {
        panic!("{:?}", answer.warnings);
    };
    assert!(warning.contains("unknown field") && warning.contains("spec.outsider"));
    let known = with_spec("{mode: dry-run}");
    assert_eq!(good(&answer.body).hash, good_text(&known).hash);
}

/// A `spec` and what the API server says of it.
const REFUSALS: &str = r#"
{defaultTier: gold}
    spec.defaultTier: Invalid value: gold is none of the tiers; name one of them, add it or remove this
{mode: enforced}
    spec.mode: Unsupported value: "enforced": supported values: "enforce", "dry-run", "off"
{rules: {shm-conflicts: warn}}
    spec.rules: Invalid value: no such rule; slicegate rules lists them
{rules: {ask-invalid: warn}}
    always deny, because nothing sound can be decided without them; remove them
{rules: {tier-unknown: "off"}}
    always deny, because nothing sound can be decided without them; remove them
{tiers: [{name: a, isolation: hardware, strategies: [mig, mps]}]}
    spec.tiers[0].strategies: Invalid value: a strategy gives weaker isolation than the tier's; remove it or lower
{tiers: [{name: a, isolation: none, strategies: [mps], coTenancy: any}]}
    spec.tiers[0].strategies: Invalid value: mps cannot go with coTenancy: any, because a process can drop its own limits
{tiers: [{name: a, isolation: none, strategies: [mig, mig]}]}
    spec.tiers[0].strategies: Invalid value: the same entry is given twice; rename or remove one
{tiers: [{name: a, isolation: none, strategies: [mig]}, {name: a, isolation: none, strategies: [mps]}]}
    spec.tiers: Invalid value: the same name is given twice; rename or remove one
{placement: {tolerations: [{key: a}, {key: b, effect: NoSchedule, tolerationSeconds: 1}]}}
    spec.placement.tolerations[1].tolerationSeconds: Invalid value: only with effect NoExecute; remove it or write
{placement: {tolerations: [{operator: Exists, value: a}]}}
    spec.placement.tolerations[0].value: Invalid value: a value with operator Exists; remove it or write operator: Equal
"#;

pub fn the_status_is_taken_and_shown(stage: &mut Stage) {
    let cluster = defined(stage);
    let path = format!("{POLICIES}/default");
    let mut object = cluster.create(POLICIES, &object(DEFAULT_TEXT));
    let problems = (0..2000).map(|n| Problem {
        line: None,
        path: format!("spec.tiers[{n}].name"),
        message: "is no good; write another \u{1F600}".to_owned(),
    });
    let bad = PolicyErrors {
        r#source: "p".to_owned(),
        problems: problems.collect(),
    };
    let good = good(&object);
    for (read, now, shown) in [
        (Ok(&good), "2026-01-02T03:04:05Z", ["True", "InForce"]),
        (Err(&bad), "2026-01-02T03:04:06Z", ["False", "Invalid"]),
    ] {
        let status = status(PolicyObject::of(&object), read, now).expect("something new");
        let changed = cluster.change(&format!("{path}/status"), &json!({"status": status}));
        assert_eq!(changed["status"], status, "nothing is dropped");
        assert_eq!(
            changed["metadata"]["generation"],
            object["metadata"]["generation"]
        );
        object = changed;
        let again = self::status(PolicyObject::of(&object), read, "2026-01-02T03:04:07Z");
        assert_eq!(again, None, "said once is enough");
        let line = cluster.kubectl.run(&["get", "sharingpolicies"]).good().out;
        let row = line.lines().nth(1).unwrap_or_default();
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(
            words[..4],
            ["default", "enforce", shown[0], shown[1]],
            "{line}"
        );
    }
    let spec = json!({"spec": {"mode": "dry-run"}, "status": {"conditions": null}});
    let changed = cluster.change(&path, &spec);
    assert_eq!(
        changed["status"], object["status"],
        "status is a matter of its own"
    );
    let status = status(
        PolicyObject::of(&changed),
        Err(&bad),
        "2026-01-02T03:04:08Z",
    );
    let status = status.expect("another generation");
    let condition = &status["conditions"][0];
    assert_eq!(
        condition["observedGeneration"],
        changed["metadata"]["generation"]
    );
    assert_eq!(condition["lastTransitionTime"], "2026-01-02T03:04:06Z");
}

/// What an API server takes and slicegate then refuses, by the condition `Accepted`.
const FOR_THE_READER: [&str; 6] = [
    "{boundaries: [{name: a, namespaces: [b, b]}]}",
    DROPPED[0],
    "sandboxes: [kata, kata]",
    "schedulers: [a, a]",
    DROPPED[1],
    "pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: {a/b/c: d}}]",
];

/// But for these, of which nothing is left: they are null.
const DROPPED: [&str; 2] = [
    "{rules: {nonsense: null}}",
    "pools: [{name: p, allocatable: {nvidia.com/gpu: 8}, labels: {a: }}]",
];

/// Each a `spec`.
const STILL_FOR_THE_READER: &str = r#"
{supply: {remember: 2562048h}}
{supply: {pools: [{name: p, allocatable: {nvidia.com/gpu: "-8"}}]}}
{supply: {pools: [{name: p, allocatable: {nvidia.com/gpu/x: 8}}]}}
{supply: {pools: [{name: p, allocatable: {a: "1e99999999999999999999"}}]}}
{placement: {tolerations: [{key: a..b/c}]}}
{placement: {schedulers: ["\u00a0"]}}
"#;

fn try_object(cluster: &Cluster, object: &Value) -> Answer {
    cluster.api().send("POST", TRY, Some(object))
}

/// The cluster of these tests, with the kind and without an object of it.
#[track_caller]
fn defined(stage: &mut Stage) -> &Cluster {
    let cluster = stage.shared(boot);
    cluster.delete(&format!("{POLICIES}/default"));
    cluster
}

fn boot(assets: &Assets) -> Cluster {
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(assets, bare);
    let file = root().join("webhook-config/05-sharing-policy.yaml");
    let file = file.display().to_string();
    let arguments = ["create", "--validate=strict", "-f", &file];
    let created = cluster.kubectl.run(&arguments).good();
    assert_eq!(created.err, "", "nothing to warn of");
    cluster.wait_for("the kind to be there", seconds(30), || {
        let definition = cluster.get(DEFINITION);
        let conditions = definition["status"]["conditions"].clone();
        let is = |kind: &str, status: &str| {
            let mut all = conditions.as_array().into_iter().flatten();
            all.any(|c| c["type"] == kind && c["status"] == status)
        };
        let structural = !is("NonStructuralSchema", "True");
        let good = is("Established", "True") && is("NamesAccepted", "True") && structural;
        let listed = cluster.api().try_send("GET", POLICIES, None)?;
        (good && listed.is_good())
            .then_some(())
            .ok_or(conditions.to_string())
    });
    cluster
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A policy as JSON with a name, and with texts where YAML had none but JSON needs them.
fn object(text: &str) -> Value {
    let mut input = documents::parse("policy", text);
    assert!(input.errors.is_empty(), "{:?}\n{text}", input.errors);
    let mut object = input.documents.swap_remove(0).value;
    if object["metadata"]["name"].is_null() {
        object["metadata"]["name"] = "default".into();
    }
    if object["metadata"].get("managedFields").is_some() {
        // Not for a client to write.
        object["metadata"] = json!({"name": "default", "annotations": {}});
    }
    quote("", &mut object);
    object
}

fn quote(key: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, v)| quote(key, v)),
        Value::Array(items) => items.iter_mut().for_each(|v| quote(key, v)),
        Value::Bool(_) if key == "podOptOut" => {}
        Value::Bool(_) => *value = value.to_string().into(),
        Value::Number(n) if !n.is_i64() => *value = n.to_string().into(),
        _ => {}
    }
}

#[track_caller]
fn good(object: &Value) -> Policy {
    read_object("p", &object.to_string()).unwrap_or_else(|errors| panic!("{errors}\n{object}"))
}

#[track_caller]
fn good_text(text: &str) -> Policy {
    read("p", text).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// As much of everything as a policy may say.
fn large() -> String {
    let many = |what: &dyn Fn(usize) -> Value| (0..256).map(what).collect::<Value>();
    let name = |n: usize| format!("{n:0>63}");
    let pairs = |value: &str| {
        let pair = |n: usize| (format!("{n:0>63}"), Value::from(value));
        (0..256).map(pair).collect::<Map<_, _>>()
    };
    let pool = |n: usize| match n {
        0 => json!({"name": name(n), "allocatable": pairs("1"), "labels": pairs("x")}),
        _ => json!({"name": name(n), "allocatable": {"nvidia.com/gpu": 8}}),
    };
    let namespaces = |n: usize| match n {
        0 => many(&|n| name(n).into()),
        _ => json!(["a"]),
    };
    let tier = |n: usize| {
        json!({"name": name(n), "isolation": "none", "strategies": ["mps", "mig", "exclusive", "time-slicing"],
            "share": {"fraction": format!("{:0>317}.25", ""), "memory": format!("{:0>320}", 1)}})
    };
    let toleration =
        |n: usize| json!({"key": name(n), "effect": "NoExecute", "tolerationSeconds": 1});
    let rules = slicegate::engine::rules::ALL.iter();
    json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy", "spec": {
        "defaultTier": name(255),
        "tiers": many(&tier),
        "boundaries": many(&|n| json!({"name": name(n), "namespaces": namespaces(n)})),
        "placement": {
            "schedulers": many(&|n| format!("{n:0>320}").into()),
            "tolerations": many(&toleration),
        },
        "supply": {"pools": many(&pool)},
        "rules": rules.map(|r| (r.id.to_owned(), "deny".into())).collect::<Map<_, _>>(),
    }})
    .to_string()
}

/// The policies of the acceptance suite that are to be taken, where it is at hand.
fn of_the_acceptance_suite(stage: &mut Stage) -> Vec<String> {
    let Some(folder) = stage.given_besides(shared::find("acceptance/world")) else {
        return Vec::new();
    };
    let files = fs::read_dir(folder).expect("a folder");
    let paths = files.map(|f| f.expect("an entry").path());
    let names = |p: &PathBuf| {
        let name = p.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("policy") && name.ends_with(".yaml")
    };
    let texts = paths
        .filter(names)
        .map(|p| fs::read_to_string(p).expect("text"));
    let good: Vec<String> = texts.filter(|text| read("p", text).is_ok()).collect();
    assert!(good.len() > 5, "only {} are to be taken", good.len());
    good
}
