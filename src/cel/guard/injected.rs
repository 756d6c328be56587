//! Annotations that inject devices or mounts, in CEL.

use super::object::{Validation, Variable};
use super::rule;
use crate::cel::{begins_one, quoted};
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::rules::visible_devices;
use crate::engine::vocabulary::names;
use crate::engine::{Policy, Strategy};

/// `injected`: annotations that inject devices, but for GKE's that list no more than the whole GPUs a pod holds, where
/// these are all of a node.
pub(super) fn variables(policy: &Policy) -> Vec<Variable> {
    let beside = "(object.spec.containers + object.spec.?initContainers.orValue([])\
        .filter(c, c.?restartPolicy.orValue('') == 'Always'))";
    let gpu = quoted(names::GPU);
    let count = format!("c.?resources.?limits[?{gpu}].orValue('0')");
    let whole = format!(
        "variables.strategy != {} ? 0\n: {beside}\n  .map(c, {count}).filter(q, quantity(q).isInteger()).map(q, quantity(q).asInteger()).sum()",
        quoted(Strategy::Exclusive.word())
    );
    let value = "object.metadata.annotations[k]";
    let line = format!(
        "- path: /dev/(nvidia[0-9]+|{})",
        visible_devices::BESIDE.join("|")
    );
    let list = format!("'^([ \\\\t\\\\r]*({line})?[ \\\\t\\\\r]*(\\\\n|$))*$'");
    let longest = visible_devices::LONGEST_LIST;
    let (key, all) = visible_devices::OF_A_NODE;
    let key = quoted(key);
    let injected = format!(
        "object.metadata.?annotations.orValue({{}}).filter(k, {}\n  && !(k.startsWith({key}) \
        && variables.wholeGpus >= {all} && size({value}) <= {longest}\n    && {value}.matches({list})\n    \
        && size({value}.findAll('/dev/nvidia[0-9]')) > 0 \
        && size({value}.findAll('/dev/nvidia[0-9]')) <= variables.wholeGpus))",
        is_injecting("k", policy)
    );
    vec![("wholeGpus", whole), ("injected", injected)]
}

/// Whether a key is one by which devices are injected into this pod, under a policy that leaves some systems alone.
pub(super) fn is_injecting(key: &str, policy: &Policy) -> String {
    let said = || {
        INJECTING
            .iter()
            .filter(|word| !policy.leaves_alone(word.systems))
    };
    let always = said()
        .filter(|word| word.own.is_none())
        .map(|word| word.key);
    let mut clauses = vec![begins_one(key, always)];
    let mut owners: Vec<&str> = said().filter_map(|word| word.own).collect();
    owners.dedup();
    for own in owners {
        let keys = said()
            .filter(|word| word.own == Some(own))
            .map(|word| word.key);
        let pod = "(object.spec.containers + object.spec.?initContainers.orValue([]))";
        let named = format!("m.orValue({{}}).exists(r, r.startsWith({}))", quoted(own));
        clauses.push(format!(
            "{} && !{pod}.exists(c, [c.?resources.?limits, c.?resources.?requests].exists(m, {named}))",
            begins_one(key, keys)
        ));
    }
    format!("({})", clauses.join("\n  || "))
}

/// None of them is there.
pub(super) fn validation() -> Validation {
    rule::validation(
        &visible_devices::RULE,
        "!variables.judged || size(variables.injected) == 0",
        Some(
            "'/metadata/annotations: ' + variables.injected[0] + ' injects devices or mounts past every request'",
        ),
        "remove it; ask for devices as resources",
    )
}
