//! Every rule has a file of its own, is in the list, is explained, and its examples do what they are for.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use slicegate::config::{documents, policy};
use slicegate::engine::rules::ALL;
use slicegate::engine::rules::check::{Check, PodContext};
use slicegate::engine::rules::document::Document;
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::vocabulary::{Findings, Rule, names};
use slicegate::engine::{
    ClusterState, DecisionInput, NamespaceView, Namespaces, Outcome, Policy, QuotaView, Supply,
    Workload, decide,
};
use slicegate::facts::{Node, Pod, ResourceQuota};

/// The rule whose bad example cannot fire in a decision about one created pod: it comes with an update of
/// `pods/ephemeralcontainers`.
const ELSEWHERE: &str = "ephemeral-gpu";

/// Rules that only warn: their bad example is admitted.
fn is_refused(rule: &Rule) -> bool {
    rule.default == slicegate::engine::Severity::Deny
}

struct Example {
    pod: String,
    workload: Workload,
    namespace: String,
    view: NamespaceView,
}

/// Reads an example. Its first comment may say what the namespace is annotated with, and what follows the pod may be a
/// quota of the namespace.
fn example(text: &str) -> Example {
    let input = documents::parse("example", text);
    assert!(input.errors.is_empty(), "{:?}\n{text}", input.errors);
    let object = &input.documents[0].value;
    let mut view = NamespaceView {
        mode: Some("enforce".to_owned()),
        ..NamespaceView::default()
    };
    let said = text.lines().find_map(|l| l.strip_prefix("# namespace: "));
    for (key, value) in said
        .into_iter()
        .flat_map(|l| l.split(", "))
        .filter_map(|e| e.split_once(": "))
    {
        let value = Some(value.to_owned());
        match key {
            names::TIER => view.tier = value,
            names::MODE => view.mode = value,
            names::TRUST_BOUNDARY => view.trust_boundary = value,
            names::BOUNDARY_MEMBERS => view.boundary_members.extend(value),
            _ => panic!("an annotation nobody reads: {key}"),
        }
    }
    for quota in &input.documents[1..] {
        let text = quota.value.to_string();
        let quota: ResourceQuota<'_> = serde_json::from_str(&text).expect("a quota");
        view.quotas.extend(QuotaView::of(&quota));
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    // A namespace is judged by a GPU pod in it.
    if kind == "Namespace" {
        view.mode = object
            .pointer("/metadata/annotations/slicegate.dev~1mode")
            .and_then(|m| m.as_str())
            .map(str::to_owned);
        return Example {
            pod: r#"{"spec":{"containers":[{"name":"main","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}}"#.to_owned(),
            workload: Workload::Pod,
            namespace: "team-a".to_owned(),
            view,
        };
    }
    let (path, workload) = match kind {
        "Pod" => ("", Workload::Pod),
        "DaemonSet" => ("/spec/template", Workload::DaemonSet),
        _ => ("/spec/template", Workload::Template),
    };
    let pod = object.pointer(path).expect("a pod or a template");
    Example {
        pod: pod.to_string(),
        workload,
        namespace: object
            .pointer("/metadata/namespace")
            .and_then(|n| n.as_str())
            .unwrap_or("default")
            .to_owned(),
        view,
    }
}

struct World {
    policy: Arc<Policy>,
    supply: Arc<Supply>,
}

impl World {
    /// The built-in policy, and a fleet with one node of each mechanism, one of them named as an example names it.
    fn new() -> Self {
        let policy = policy::built_in().expect("the built-in policy is valid");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/_world/nodes.yaml");
        let text = fs::read_to_string(path).expect("the fleet can be read");
        let mut fleet = FleetBuilder::new(policy.supply.declared);
        for document in
            documents::parse("nodes", &text.replace(": mps-a100", ": n-mps-a100")).documents
        {
            let text = document.value.to_string();
            let node: Node<'_> = serde_json::from_str(&text).expect("a node");
            // The node that says nothing would have every refusal say so as well.
            if &*node.metadata.name == "silent" {
                continue;
            }
            fleet.add(NodeView::of_node(&node));
        }
        Self {
            policy: Arc::new(policy),
            supply: Arc::new(fleet.build()),
        }
    }

    /// The outcome of an example and the rules that found something.
    fn judge(&self, example: &Example) -> (Outcome, BTreeSet<&'static str>) {
        let pod: Pod<'_> = serde_json::from_str(&example.pod).expect("a pod");
        let views = HashMap::from([
            (example.namespace.clone(), example.view.clone()),
            ("team-b".to_owned(), NamespaceView::default()),
        ]);
        let namespaces = Namespaces::known(views);
        let state = ClusterState::new(
            Arc::clone(&self.policy),
            Arc::clone(&self.supply),
            namespaces,
        );
        let decision = decide(&DecisionInput {
            workload: example.workload,
            ..state.input(&example.namespace, &pod)
        });
        (
            decision.outcome,
            decision.findings.iter().map(|f| f.rule.id).collect(),
        )
    }
}

#[test]
fn every_rule_has_a_file_of_its_name_and_every_file_a_rule_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/rules");
    let mut with_rule = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the rules can be listed") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .replace('_', "-");
        if text.contains("pub static RULE: Rule") {
            assert!(
                text.contains(&format!("\"{name}\"")),
                "{name} has another id"
            );
            let opening = format!("//! `{name}`: ");
            assert!(text.starts_with(&opening), "{name} opens otherwise");
            with_rule.insert(name);
        }
    }
    let listed: BTreeSet<String> = ALL.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(with_rule, listed);
    assert_eq!(ALL.len(), listed.len(), "a rule is listed twice");
}

#[test]
fn every_rule_has_a_document_with_all_its_parts() {
    for rule in ALL {
        let id = rule.id;
        let title = format!("# {id}: ");
        assert!(rule.document.starts_with(&title), "{id} has another title");
        let headings = rule.document.lines().filter(|l| l.starts_with("## "));
        let expected = ["Cause", "Risk", "Fix", "Fires on", "Does not fire on"];
        assert!(
            headings.eq(expected.map(|heading| format!("## {heading}"))),
            "{id} has other sections"
        );
        let Document {
            refuses,
            cause,
            risk,
            fix,
            bad,
            good,
        } = Document::of(rule);
        assert!(
            !refuses.ends_with('.') && (10..=100).contains(&refuses.len()),
            "{id}: {refuses}"
        );
        for text in [cause, risk, fix] {
            assert!(text.len() > 20 && text.ends_with('.'), "{id}: {text:?}");
        }
        for example in [bad, good] {
            assert!(
                example.starts_with("# ") || example.starts_with("apiVersion: "),
                "{id}: {example:?}"
            );
        }
        assert_ne!(bad, good, "{id}");
    }
}

#[test]
fn a_new_rule_needs_nothing_but_its_id_its_document_and_its_check() {
    const DOCUMENT: &str = "# no-monday: a pod of a Monday\n\n## Cause\n\nIt has the\nlabel.\n";
    static RULE: Rule = Rule::warns("no-monday", DOCUMENT);
    fn look(question: &DecisionInput<'_>, _: PodContext<'_>, findings: &mut Findings<'_>) {
        if question.pod.label("monday").is_some() {
            let text = ("it is Monday".to_owned(), "wait a day".to_owned());
            findings.add(&RULE, "/metadata/labels/monday", text);
        }
    }
    let world = World::new();
    let pod = r#"{"metadata":{"labels":{"monday":""}}}"#;
    let pod: Pod<'_> = serde_json::from_str(pod).expect("a pod");
    let namespaces = Namespaces::known(HashMap::new());
    let state = ClusterState::new(
        Arc::clone(&world.policy),
        Arc::clone(&world.supply),
        namespaces,
    );
    let question = state.input("default", &pod);
    let mut findings = Findings::new(&world.policy);
    let Check::Pod(_, check) = Check::Pod(1, look) else {
        panic!("another shape");
    };
    check(&question, PodContext::default(), &mut findings);
    let found: Vec<&str> = findings.into_list().iter().map(|f| f.rule.id).collect();
    assert_eq!(found, ["no-monday"]);
    let page = crate::rules_page::page(&[&RULE]);
    for part in [
        "\n| [`no-monday`](#no-monday) | a pod of a Monday | warn |\n",
        "\n## no-monday\n",
        "\n**Cause.** It has the label.\n",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
}

#[test]
fn every_bad_example_fires_its_rule_and_no_other() {
    let world = World::new();
    let mut faults = Vec::new();
    for rule in ALL.iter().filter(|rule| rule.id != ELSEWHERE) {
        let (outcome, found) = world.judge(&example(Document::of(rule).bad));
        if found != BTreeSet::from([rule.id]) {
            faults.push(format!("{} fires {found:?}", rule.id));
        }
        if is_refused(rule) != (outcome == Outcome::Denied) {
            faults.push(format!(
                "{}: its bad example is {}",
                rule.id,
                outcome.word()
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_good_example_is_denied_or_fires_its_rule() {
    let world = World::new();
    let mut faults = Vec::new();
    for rule in ALL {
        let (outcome, found) = world.judge(&example(Document::of(rule).good));
        if outcome == Outcome::Denied || found.contains(rule.id) {
            faults.push(format!("{} is {} with {found:?}", rule.id, outcome.word()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn what_the_contract_calls_a_warning_is_one_by_default() {
    let warnings: BTreeSet<&str> = ALL
        .iter()
        .filter(|r| !is_refused(r))
        .map(|r| r.id)
        .collect();
    let expected = [
        "supply-unknown",
        "privileged-gpu",
        "mps-user",
        "quota-escape",
        "parallelism",
        "memory-fraction",
        "declared-not-enforced",
        "daemonset-share",
        "unknown-key",
        "narrowed",
        "mode-unknown",
        "opt-out-ignored",
    ];
    assert_eq!(warnings, BTreeSet::from(expected));
    let always: Vec<&str> = ALL
        .iter()
        .filter(|r| r.always_denies)
        .map(|r| r.id)
        .collect();
    let expected = [
        "tier-unknown",
        "ask-invalid",
        "tier-missing",
        "mig-profile-unknown",
        "too-large",
    ];
    assert_eq!(BTreeSet::from_iter(always), BTreeSet::from(expected));
}
