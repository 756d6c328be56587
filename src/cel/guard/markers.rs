//! A pod of an enforced namespace that takes a stock resource carries slicegate's markers: receipt, boundary label
//! and, where its device may be shared, the boundary's terms.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::scope::{self, is_gpu_resource, metadata, requests};
use super::tenancy;
use crate::cel::expressions::{LISTS, NODE_TERMS, TERMS, one_of, quoted};
use crate::cel::relevance;
use crate::engine::rules::{boundary_not_yours, node_name, protected_metadata};
use crate::engine::vocabulary::{BoundaryPlacement, Mode, names};
use crate::engine::{Policy, Strategy};

/// The policy `slicegate-stamp`.
pub(super) fn policy(policy: &Policy, enforced: &Variable) -> Admission {
    let mut variables = scope::variables(policy, enforced, scope::too_large());
    variables.extend(tenancy::boundary(policy));
    variables.extend(sharing());
    let judged = "variables.enforced && !variables.tooLarge && size(variables.taking) > 0";
    variables.extend([
        users(),
        ("judged", judged.to_owned()),
        (
            "stamped",
            "variables.judged && !variables.foreign".to_owned(),
        ),
    ]);
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
    let (oversize, is_gpu) = (relevance::oversize(), is_gpu_resource("k"));
    let names = |list| format!("c.?resources.?{list}.orValue({{}}).exists(k, {is_gpu})");
    let (limits, requests) = (names("limits"), names("requests"));
    format!("{oversize}\n|| {LISTS}.exists(l, l.exists(c,\n  {limits}\n  || {requests}))")
}

fn validations(policy: &Policy) -> Vec<Validation> {
    let apart = format!(
        "!variables.mayShare || variables.boundary == ''\n|| {}",
        apart(policy)
    );
    let mps = quoted(Strategy::Mps.word());
    let apart_from_users = format!("variables.strategy != {mps}\n|| {}", apart_from_users());
    let mut validations = vec![
        scope::not_too_large(),
        has_a_boundary(),
        has_a_receipt(),
        has_its_boundary(),
        Validation::new(
            unless("stamped", &apart),
            missing("the terms that keep other trust boundaries off the pod's node are not in it"),
        ),
        Validation::new(
            unless("stamped", &apart_from_users),
            missing(
                "the label and the term that keep other MPS users off the pod's node are not in it",
            ),
        ),
    ];
    if denies(policy, &node_name::RULE) {
        validations.push(names_no_node());
    }
    if denies(policy, &protected_metadata::RULE) {
        let holds = unless("judged", &others());
        let validation = rule::validation(&protected_metadata::RULE, &holds, None, rule::LEAVE_OUT);
        validations.push(validation);
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
    let message = missing("this pod takes a GPU, and slicegate did not decide about it");
    Validation::new(unless("stamped", &is_there), message)
}

fn has_its_boundary() -> Validation {
    let label = metadata("object", "labels", names::TRUST_BOUNDARY);
    let holds = format!("variables.boundary == '' || {label} == variables.boundary");
    let message = missing("the label slicegate.dev/trust-boundary is not the pod's own boundary");
    let expression = format!(
        "'slicegate: /metadata/labels/slicegate.dev~1trust-boundary has to be ' + variables.boundary \
        + ({label} == '' ? ', and is not there' : ', and is ' + {label}) + {}",
        quoted(AWAY)
    );
    Validation {
        message_expression: Some(expression),
        ..Validation::new(unless("judged", &holds), message)
    }
}

/// What holds unless a variable is true.
fn unless(condition: &str, holds: &str) -> String {
    format!("!variables.{condition}\n|| {holds}")
}

fn missing(what: &str) -> String {
    format!("slicegate: {what}{AWAY}")
}

/// The end of the messages: the fix.
const AWAY: &str = "; slicegate may be away: try again when it is back";

/// `terms`: what the pod requires of its node, term by term. `mayShare`: whether the device may be shared. For a pod
/// that a DaemonSet's controller pinned to its node only resource and label count, because the guard does not know the
/// node.
pub(super) fn sharing() -> [Variable; 2] {
    let is_renamed = format!("k.endsWith({})", quoted(names::SHARED_SUFFIX));
    let renamed = requests(&format!("({} && {is_renamed})", is_gpu_resource("k")));
    let strategies = |is_shared| {
        let all = Strategy::ALL
            .into_iter()
            .filter(move |s| s.is_shared() == is_shared);
        one_of("variables.strategy", all.map(Strategy::word))
    };
    let (shared, apart, pinned) = (strategies(true), strategies(false), pinned());
    let may_share = format!(
        "variables.taking.exists(c, {renamed})\n|| {shared}\n|| !({apart})\n  && !({pinned})"
    );
    [("terms", NODE_TERMS.to_owned()), ("mayShare", may_share)]
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
        "{selected}\n  || size(variables.terms) > 0 && variables.terms.all(t,\n    \
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
    let label = metadata("object", "labels", names::MPS_USER);
    let (image, repels) = (quoted(names::IMAGE), repels(names::MPS_USER, &label));
    format!(
        "{label} == (variables.users[0] >= 0 && variables.users.all(u, u == variables.users[0]) \
        ? string(variables.users[0]) : {image})\n&& {repels}"
    )
}

/// slicegate's labels that this pod does not get.
fn others() -> String {
    let labels = "object.metadata.?labels.orValue({})";
    let (strategy, user) = (quoted(names::STRATEGY), quoted(names::MPS_USER));
    let (mps, all) = (
        quoted(Strategy::Mps.word()),
        Strategy::ALL.map(Strategy::word),
    );
    let is_known = one_of("variables.strategy", all);
    format!(
        "(variables.foreign\n  ? !({strategy} in {labels}) && !({user} in {labels})\n  \
        : (!({strategy} in {labels}) || {is_known})\n    && (!({user} in {labels}) || variables.strategy == {mps}))"
    )
}
