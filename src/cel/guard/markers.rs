//! A pod of an enforced namespace that takes a stock resource carries slicegate's markers: receipt, boundary label
//! and, where its device may be shared, the boundary's terms.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::scope::{self, asks, is_gpu_resource, noted, one_of};
use super::tenancy;
use crate::cel::relevance;
use crate::cel::{TERMS, quoted};
use crate::engine::rules::{boundary_not_yours, node_name, protected_metadata};
use crate::engine::vocabulary::{BoundaryPlacement, Mode, names};
use crate::engine::{ExcludedNamespaces, Policy, Strategy};

/// The policy `slicegate-stamp`.
pub(super) fn policy(policy: &Policy, never: &ExcludedNamespaces) -> Admission {
    let mut variables = vec![scope::enforced(policy, never), scope::too_large()];
    variables.extend(scope::containers());
    variables.extend([scope::taking(), scope::foreign(policy), scope::strategy()]);
    variables.extend(tenancy::boundary(policy));
    variables.extend(sharing());
    variables.push(users());
    variables.push(("judged", judged()));
    variables.push((
        "stamped",
        "variables.judged && !variables.foreign".to_owned(),
    ));
    Admission {
        name: "slicegate-stamp",
        on: ("CREATE", &["pods"]),
        everywhere: false,
        needs: Mode::Enforce,
        conditions: vec![scope::no_mirror(), ("takes-a-gpu", names_a_gpu())],
        variables,
        validations: validations(policy),
    }
}

/// Narrower than the relevance expression, and true for pods that are too large to be read.
fn names_a_gpu() -> String {
    let names = |list: &str| {
        format!(
            "c.?resources.?{list}.orValue({{}}).exists(k, {})",
            is_gpu_resource("k")
        )
    };
    format!(
        "{}\n|| {}.exists(l, l.exists(c,\n  {}\n  || {}))",
        relevance::crowded(),
        crate::cel::LISTS,
        names("limits"),
        names("requests")
    )
}

fn judged() -> String {
    "variables.enforced && !variables.tooLarge && size(variables.taking) > 0".to_owned()
}

fn validations(policy: &Policy) -> Vec<Validation> {
    let mps = quoted(Strategy::Mps.word());
    let mut validations = vec![
        scope::not_too_large(),
        has_a_boundary(),
        has_a_receipt(),
        bears_its_boundary(),
        Validation::new(
            unless(
                "stamped",
                &format!(
                    "!variables.mayShare || variables.boundary == ''\n|| {}",
                    apart(policy)
                ),
            ),
            lacking("the terms that keep other trust boundaries off the pod's node are not in it"),
        ),
        Validation::new(
            unless(
                "stamped",
                &format!("variables.strategy != {mps}\n|| {}", apart_from_users()),
            ),
            lacking(
                "the label and the term that keep other MPS users off the pod's node are not in it",
            ),
        ),
    ];
    if denies(policy, &node_name::RULE) {
        validations.push(names_no_node());
    }
    if denies(policy, &protected_metadata::RULE) {
        let fix = "leave slicegate's labels out; slicegate writes them where they belong";
        let holds = unless("judged", &others());
        validations.push(rule::validation(
            &protected_metadata::RULE,
            &holds,
            None,
            fix,
        ));
    }
    validations
}

/// A pod that names its node skips the scheduler, and with it every anti-affinity.
fn names_no_node() -> Validation {
    let node = "object.spec.?nodeName.orValue('')";
    let holds = unless("stamped", &format!("{node} == '' || !variables.mayShare"));
    let found = format!(
        "'/spec/nodeName: ' + {node} + ' skips the scheduler, and so the rules that keep trust boundaries apart'"
    );
    let fix = "select the node with nodeSelector kubernetes.io/hostname instead";
    rule::validation(&node_name::RULE, &holds, Some(&found), fix)
}

fn has_a_boundary() -> Validation {
    let found = "'this pod may not have the trust boundary ' + variables.claimed \
        + (variables.part == '' ? '' : '.' + variables.part)";
    let fix = "its namespace has to name a boundary it may use, and the pod a free name inside it";
    let holds = unless("judged", "variables.boundary != ''");
    rule::validation(&boundary_not_yours::RULE, &holds, Some(found), fix)
}

fn has_a_receipt() -> Validation {
    let receipt = quoted(names::DECISION);
    let is_there = format!("{receipt} in object.metadata.?annotations.orValue({{}})");
    let message = lacking("this pod takes a GPU, and slicegate did not decide about it");
    Validation::new(unless("stamped", &is_there), message)
}

fn bears_its_boundary() -> Validation {
    let label = noted("object", "labels", names::TRUST_BOUNDARY);
    let holds = format!("variables.boundary == '' || {label} == variables.boundary");
    let message = lacking("the label slicegate.dev/trust-boundary is not the pod's own boundary");
    Validation::new(unless("judged", &holds), message).telling(format!(
        "'slicegate: /metadata/labels/slicegate.dev~1trust-boundary has to be ' + variables.boundary \
        + ({label} == '' ? ', and is not there' : ', and is ' + {label}) + {}",
        quoted(AWAY)
    ))
}

/// What holds unless a variable is true.
fn unless(condition: &str, holds: &str) -> String {
    format!("!variables.{condition}\n|| {holds}")
}

fn lacking(what: &str) -> String {
    format!("slicegate: {what}{AWAY}")
}

/// The end of the messages: the fix.
const AWAY: &str = "; slicegate may be away: try again when it is back";

/// `terms` and `mayShare`.
pub(super) fn sharing() -> [Variable; 2] {
    [terms(), may_share()]
}

/// `terms`: what the pod requires of its node, term by term.
fn terms() -> Variable {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms =
        format!("object.spec.?affinity.?nodeAffinity.?{required}.?nodeSelectorTerms.orValue([])");
    ("terms", terms)
}

/// `mayShare`: whether the device may be shared. For a pod that a DaemonSet's controller pinned to its node
/// only resource and label count, because the guard does not know the node.
fn may_share() -> Variable {
    let shared = format!(
        "{} && k.endsWith({})",
        is_gpu_resource("k"),
        quoted(names::SHARED_SUFFIX)
    );
    let is = |strategy: &Strategy| strategy.is_shared();
    let (meet, apart): (Vec<Strategy>, Vec<Strategy>) = Strategy::ALL.into_iter().partition(is);
    let of = |list: &[Strategy]| {
        let list: Vec<&str> = list.iter().map(|s| s.word()).collect();
        one_of("variables.strategy", &list)
    };
    let expression = format!(
        "variables.taking.exists(c, {})\n|| {}\n|| !({})\n  && !({})",
        asks("c", &format!("({shared})")),
        of(&meet),
        of(&apart),
        pinned()
    );
    ("mayShare", expression)
}

/// Whether its DaemonSet's controller pinned the pod to a node. `matchFields` do not apply to a pod with `nodeName`.
pub(super) fn pinned() -> String {
    "object.spec.?nodeName.orValue('') == ''\n  \
    && object.metadata.?ownerReferences.orValue([]).exists(o, o.kind == 'DaemonSet' \
    && o.apiVersion.startsWith('apps/') && o.?controller.orValue(false))\n    \
    && size(variables.terms) == 1 && size(variables.terms[0].?matchFields.orValue([])) == 1\n    \
    && variables.terms[0].matchFields.all(f, f.key == 'metadata.name' && f.operator == 'In' \
    && size(f.?values.orValue([])) == 1)"
        .to_owned()
}

/// The boundary's terms, by the policy's `placement.boundary`.
fn apart(policy: &Policy) -> String {
    let somewhere = on_nodes(
        names::HOSTNAME,
        None,
        "e.operator in ['Exists', 'Gt', 'Lt'] || e.operator == 'In' && size(e.?values.orValue([])) > 0",
    );
    let by = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => repels(names::TRUST_BOUNDARY, "variables.boundary"),
        BoundaryPlacement::NodeLabel => on_nodes(
            names::NODE_BOUNDARY,
            Some("variables.boundary"),
            "e.operator == 'In' && size(e.?values.orValue([])) > 0 && e.values.all(v, v == variables.boundary)",
        ),
    };
    format!("({somewhere})\n&& ({by})")
}

/// Whether the pod can only run on nodes with a matching label `key`; an empty term matches no node.
fn on_nodes(key: &str, value: Option<&str>, required: &str) -> String {
    let key = quoted(key);
    let selected = match value {
        Some(value) => format!("object.spec.?nodeSelector[?{key}].orValue('') == {value}"),
        None => format!("{key} in object.spec.?nodeSelector.orValue({{}})"),
    };
    format!(
        "{selected}\n  \
        || size(variables.terms) > 0 && variables.terms.all(t,\n    \
        size(t.?matchExpressions.orValue([])) + size(t.?matchFields.orValue([])) == 0\n    \
        || t.?matchExpressions.orValue([]).exists(e, e.key == {key} && ({required})))"
    )
}

/// Whether pods whose `label` has another value than `own` are kept off the pod's node, whatever their namespace.
fn repels(label: &str, own: &str) -> String {
    format!("{TERMS}.exists(t,\n    {})", is_own_term(label, own))
}

/// Whether the required term `t` is the one that slicegate writes for a label of the value `own`.
pub(super) fn is_own_term(label: &str, own: &str) -> String {
    format!(
        "t.topologyKey == {}\n    \
        && size(t.?namespaces.orValue([])) == 0 && has(t.namespaceSelector)\n    \
        && size(t.namespaceSelector.?matchLabels.orValue({{}})) + size(t.namespaceSelector.?matchExpressions.orValue([])) == 0\n    \
        && !has(t.matchLabelKeys) && !has(t.mismatchLabelKeys)\n    \
        && size(t.?labelSelector.?matchLabels.orValue({{}})) == 0\n    \
        && size(t.?labelSelector.?matchExpressions.orValue([])) == 2\n    \
        && t.labelSelector.matchExpressions.all(e, e.key == {})\n    \
        && t.labelSelector.matchExpressions.exists(e, e.operator == 'Exists')\n    \
        && t.labelSelector.matchExpressions.exists(e, e.operator == 'NotIn' && e.?values.orValue([]) == [{own}])",
        quoted(names::HOSTNAME),
        quoted(label)
    )
}

/// `users`: the user IDs of the containers that take a share, -1 where only the image sets it.
fn users() -> Variable {
    let users = "variables.taking.map(c, c.?securityContext.?runAsUser.orValue(\
        object.spec.?securityContext.?runAsUser.orValue(-1)))";
    ("users", users.to_owned())
}

fn apart_from_users() -> String {
    let label = noted("object", "labels", names::MPS_USER);
    let image = quoted(names::IMAGE);
    format!(
        "{label} == (variables.users[0] >= 0 && variables.users.all(u, u == variables.users[0]) \
        ? string(variables.users[0]) : {image})\n&& {}",
        repels(names::MPS_USER, &label)
    )
}

/// slicegate's labels that this pod does not get.
fn others() -> String {
    let labels = "object.metadata.?labels.orValue({})";
    let (strategy, user) = (quoted(names::STRATEGY), quoted(names::MPS_USER));
    let known: Vec<&str> = Strategy::ALL.iter().map(|s| s.word()).collect();
    format!(
        "(variables.foreign\n  ? !({strategy} in {labels}) && !({user} in {labels})\n  \
        : (!({strategy} in {labels}) || {})\n    && (!({user} in {labels}) || variables.strategy == {}))",
        one_of("variables.strategy", &known),
        quoted(Strategy::Mps.word())
    )
}
