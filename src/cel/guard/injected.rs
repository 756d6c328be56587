//! Annotations that inject devices or mounts, in CEL.

use super::object::{Validation, Variable};
use super::rule;
use crate::cel::expressions::{begins_one, quoted};
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::rules::visible_devices;
use crate::engine::vocabulary::names;
use crate::engine::{Policy, Strategy};

/// `injected`: annotations that inject devices, but for GKE's that list no more than the whole GPUs a pod holds, where
/// these are all of a node.
pub(super) fn variables(policy: &Policy) -> [Variable; 2] {
    let exclusive = quoted(Strategy::Exclusive.word());
    let count = format!("c.?resources.?limits[?{}].orValue('0')", quoted(names::GPU));
    let whole = format!(
        "variables.strategy != {exclusive} ? 0\n: (object.spec.containers + object.spec.?initContainers.orValue([])\
        .filter(c, c.?restartPolicy.orValue('') == 'Always'))\n  \
        .map(c, {count}).filter(q, quantity(q).isInteger()).map(q, quantity(q).asInteger()).sum()"
    );
    let value = "object.metadata.annotations[k]";
    let line = format!(
        "- path: /dev/(nvidia[0-9]+|{})",
        visible_devices::BESIDE.join("|")
    );
    let list = format!("'^([ \\\\t\\\\r]*({line})?[ \\\\t\\\\r]*(\\\\n|$))*$'");
    let longest = visible_devices::LONGEST_LIST;
    let (key, all) = visible_devices::OF_A_NODE;
    let (key, is_injecting) = (quoted(key), is_injecting("k", policy));
    let injected = format!(
        "object.metadata.?annotations.orValue({{}}).filter(k, {is_injecting}\n  && !(k.startsWith({key}) \
        && variables.wholeGpus >= {all} && size({value}) <= {longest}\n    && {value}.matches({list})\n    \
        && size({value}.findAll('/dev/nvidia[0-9]')) > 0 \
        && size({value}.findAll('/dev/nvidia[0-9]')) <= variables.wholeGpus))"
    );
    [("wholeGpus", whole), ("injected", injected)]
}

/// Whether a key is one by which devices are injected into this pod, under a policy that leaves some systems alone.
pub(super) fn is_injecting(key: &str, policy: &Policy) -> String {
    let judged = INJECTING
        .iter()
        .filter(|word| !policy.leaves_alone(word.systems));
    let keys = |own| {
        let words = judged.clone().filter(move |word| word.own == own);
        begins_one(key, words.map(|word| word.key))
    };
    let mut clauses = vec![keys(None)];
    let mut owners: Vec<&str> = judged.clone().filter_map(|word| word.own).collect();
    owners.dedup();
    for own in owners {
        let pod = "(object.spec.containers + object.spec.?initContainers.orValue([]))";
        let named = format!("m.orValue({{}}).exists(r, r.startsWith({}))", quoted(own));
        clauses.push(format!(
            "{} && !{pod}.exists(c, [c.?resources.?limits, c.?resources.?requests].exists(m, {named}))",
            keys(Some(own))
        ));
    }
    format!("({})", clauses.join("\n  || "))
}

/// None of them is there.
pub(super) fn validation() -> Validation {
    let holds = "!variables.judged || size(variables.injected) == 0";
    let found = "'/metadata/annotations: ' + variables.injected[0] + ' injects devices or mounts past every request'";
    let fix = "remove it; ask for devices as resources";
    rule::validation(&visible_devices::RULE, holds, Some(found), fix)
}
