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
        "check the spelling; for nodes that are not there yet declare supply.pools in the policy"
            .to_owned();
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
    let mut reasons: Vec<Reason<'_>> = Vec::new();
    for group in groups {
        for unknown in group.unknown.iter().filter(|u| query.may_be(u)) {
            let count = query.supply.nodes_in(group);
            match reasons.iter_mut().find(|r| r.is_alike(unknown)) {
                Some(reason) => reason.nodes += count,
                None => reasons.push(Reason {
                    unknown,
                    node: query.supply.node_names(group).next().unwrap_or_default(),
                    nodes: count,
                }),
            }
        }
    }
    let told: Vec<String> = reasons.iter().take(MOST).map(Reason::said).collect();
    let message = match told.as_slice() {
        [] => "GPU nodes are there, and none in the pod's reach says that it hands out what is asked for".to_owned(),
        _ => format!("nothing can be said of {}", told.join("; ")),
    };
    let mut fixes: Vec<&str> = Vec::new();
    for reason in reasons.iter().take(MOST) {
        let fix = reason.unknown.why.fix();
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    let fix = match fixes.as_slice() {
        [] => "widen the node selectors, or declare the nodes to come under supply.pools of the policy".to_owned(),
        fixes => fixes.join("; "),
    };
    findings.add(&RULE, "", (message, fix));
}

/// A reason, with one of its nodes.
struct Reason<'a> {
    unknown: &'a UnknownResource,
    node: &'a str,
    nodes: usize,
}

impl Reason<'_> {
    fn is_alike(&self, unknown: &UnknownResource) -> bool {
        self.unknown.resource == unknown.resource && self.unknown.why == unknown.why
    }

    fn said(&self) -> String {
        let others = match self.nodes {
            0 | 1 => String::new(),
            2 => " and 1 more node".to_owned(),
            n => format!(" and {} more nodes", n - 1),
        };
        let resource = &self.unknown.resource;
        format!(
            "{resource} on {}{others}: {}",
            self.node,
            self.unknown.message()
        )
    }
}

/// Warns where nothing is known of any node.
pub fn no_nodes(knowledge: Knowledge, findings: &mut Findings<'_>) {
    let (message, fix) = match knowledge {
        Knowledge::Assumed => (
            "no nodes were given, and the fleet that is assumed has nothing for this ask",
            "give the cluster's nodes with --nodes (kubectl get nodes -o yaml)",
        ),
        _ => (
            "no node has a GPU, so nothing can be said about this ask",
            "declare the nodes to come under supply.pools of the policy",
        ),
    };
    findings.add(&RULE, "", (message.to_owned(), fix.to_owned()));
}
