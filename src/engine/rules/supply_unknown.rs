//! `supply-unknown`: warns where too little is known of the nodes that a pod may reach.

use crate::engine::line::PlacementQuery;
use crate::engine::supply::{Group, Knowledge, UnknownResource};
use crate::engine::vocabulary::{Findings, Rule};

/// The rule.
pub static RULE: Rule = Rule::warns("supply-unknown", include_str!("supply_unknown.md"));

/// Warns of label keys that no known node carries.
pub fn keys(keys: &[&str], findings: &mut Findings<'_>) {
    let message = format!(
        "no known node carries the label {}, so whether this pod finds one cannot be said",
        listed(keys)
    );
    let fix =
        "check the spelling; for nodes that are not there yet declare supply.pools in the policy";
    findings.add(&RULE, "/spec", (message, fix));
}

/// The first keys that are no longer than a key can be, and how many more there are.
fn listed(keys: &[&str]) -> String {
    const MOST: usize = 10;
    const LONGEST: usize = 317;
    let shown = keys.iter().filter(|key| key.len() <= LONGEST).take(MOST);
    let shown: Vec<&str> = shown.copied().collect();
    match keys.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Warns of GPU nodes that do not say what they advertise: each reason with one of its nodes.
pub fn nodes(query: &PlacementQuery<'_, '_>, groups: &[&Group], findings: &mut Findings<'_>) {
    const MOST: usize = 3;
    // Each reason with one of its nodes and how many nodes have it.
    let mut reasons: Vec<(&UnknownResource, &str, usize)> = Vec::new();
    for group in groups {
        for unknown in group.unknown.iter().filter(|u| query.may_request(u)) {
            let is_alike =
                |u: &UnknownResource| u.resource == unknown.resource && u.why == unknown.why;
            let count = query.supply.nodes_in(group);
            if let Some((_, _, nodes)) = reasons.iter_mut().find(|(u, ..)| is_alike(u)) {
                *nodes += count;
            } else {
                let node = query.supply.node_names(group).next().unwrap_or_default();
                reasons.push((unknown, node, count));
            }
        }
    }
    reasons.truncate(MOST);
    let mut fixes: Vec<&str> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for (unknown, node, nodes) in reasons {
        let others = match nodes {
            0 | 1 => String::new(),
            2 => " and 1 more node".to_owned(),
            n => format!(" and {} more nodes", n - 1),
        };
        words.push(format!(
            "{} on {node}{others}: {}",
            unknown.resource,
            unknown.message()
        ));
        if !fixes.contains(&unknown.why.fix()) {
            fixes.push(unknown.why.fix());
        }
    }
    if words.is_empty() {
        let message = "GPU nodes are there, and none in the pod's reach says that it hands out what is asked for";
        let fix = "widen the node selectors, or declare the nodes to come under supply.pools of the policy";
        findings.add(&RULE, "", (message, fix));
    } else {
        let message = format!("nothing can be said of {}", words.join("; "));
        findings.add(&RULE, "", (message, fixes.join("; ")));
    }
}

/// Warns where nothing is known of any node.
pub fn no_nodes(knowledge: Knowledge, findings: &mut Findings<'_>) {
    let text = if knowledge == Knowledge::Assumed {
        (
            "no nodes were given, and the fleet that is assumed has nothing for this ask",
            "give the cluster's nodes with --nodes (kubectl get nodes -o yaml)",
        )
    } else {
        (
            "no node has a GPU, so nothing can be said about this ask",
            "declare the nodes to come under supply.pools of the policy",
        )
    };
    findings.add(&RULE, "", text);
}
