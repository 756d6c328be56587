//! The table of all checks, each of them a function. A new check is a function and a line of the table.

mod api_server;
mod boundaries;
mod certificate;
mod closed;
mod deployment;
mod guard;
mod installed;
mod keys;
mod neighbours;
mod nodes;
mod policies;
mod quotas;
mod reached;
mod registration;
mod service;

use super::assessment::Assessment;
use super::causes;
use super::finding::Group::{self, Boundary, Guard, Installation, Policy, Supply};
use super::finding::{Finding, Line};
use super::gathered::{Gathered, Observation};
use Run::{Many, One};
use registration::{MUTATING, VALIDATING};

/// Every check of a cluster, in the order of the groups.
pub fn examine(gathered: &Gathered) -> Vec<Line> {
    let assessment = Assessment::of(gathered);
    let is_here = !installed::is_not_here(&assessment);
    let mut lines = Vec::new();
    for &(check, group, title, ref run) in ALL {
        if !is_here && !WITHOUT.contains(&check) {
            continue;
        }
        let findings = match run {
            One(run) => run(&assessment).map(|finding| vec![finding]),
            Many(run) => run(&assessment),
        };
        let findings = findings.unwrap_or_else(|unseen| vec![unseen.into()]);
        lines.extend(findings.into_iter().map(|finding| Line {
            check,
            group,
            title,
            finding,
            follows: None,
        }));
    }
    causes::trace(&assessment, &mut lines);
    lines
}

/// Id, group, title and function.
pub(super) type Check = (&'static str, Group, &'static str, Run);

/// The function of a check: it finds one thing, or at least one.
pub(super) enum Run {
    One(fn(&Assessment<'_>) -> Observation<Finding>),
    Many(fn(&Assessment<'_>) -> Observation<Vec<Finding>>),
}

/// The checks that are useful before slicegate is installed.
pub(super) const WITHOUT: [&str; 5] = [
    "api-server",
    "installed",
    "gpu-nodes",
    "silent-nodes",
    "tiers",
];

/// All checks, group by group. A check comes after those that it depends on.
#[rustfmt::skip]
pub(super) static ALL: &[Check] = &[
    ("api-server", Installation, "API server", One(api_server::version)),
    ("clock", Installation, "Clock", One(api_server::clock)),
    ("installed", Installation, "Installed", One(installed::installed)),
    ("namespace", Installation, "Own namespace", One(deployment::namespace)),
    ("deployment", Installation, "Deployment", One(deployment::deployment)),
    ("availability", Installation, "Availability", Many(deployment::availability)),
    ("sources", Installation, "What it reads", One(deployment::sources)),
    ("rights", Installation, "Rights", Many(deployment::rights)),
    ("service", Installation, "Service", One(service::service)),
    ("endpoints", Installation, "Endpoints", One(service::endpoints)),
    ("mutating-webhook", Installation, "Mutating webhook", Many(|a| registration::registered(a, &MUTATING))),
    ("validating-webhook", Installation, "Validating webhook", Many(|a| registration::registered(a, &VALIDATING))),
    ("other-webhooks", Installation, "Other webhooks", One(registration::others)),
    ("certificate-authority", Installation, "Trusted authority", One(certificate::authority)),
    ("certificate", Installation, "Certificate", One(certificate::certificate)),
    ("reached", Installation, "Asked about pods", One(reached::webhook)),
    ("policy", Policy, "Policy in force", One(policies::in_force)),
    ("other-policies", Policy, "Other policies", Many(policies::others)),
    ("namespace-modes", Policy, "Modes", Many(keys::modes)),
    ("namespace-keys", Policy, "Keys", Many(keys::written)),
    ("namespace-tiers", Policy, "Tiers asked for", Many(keys::tiers)),
    ("closed-namespaces", Policy, "Closed namespaces", Many(closed::namespaces)),
    ("namespace-boundaries", Policy, "Boundary names", Many(boundaries::claims)),
    ("boundary-members", Policy, "Boundary members", Many(boundaries::members)),
    ("gpu-quotas", Policy, "GPU quotas", Many(quotas::names)),
    ("affinity-quotas", Policy, "Affinity quotas", Many(quotas::affinity)),
    ("guard-objects", Guard, "Guard's objects", Many(guard::objects)),
    ("guard-in-force", Guard, "Guard in force", One(reached::guard)),
    ("guard-receipts", Guard, "Forged receipts", Many(guard::receipts)),
    ("gpu-nodes", Supply, "GPU nodes", Many(nodes::known)),
    ("silent-nodes", Supply, "Device plugin", One(nodes::silent)),
    ("mig-state", Supply, "MIG manager", Many(nodes::mig_state)),
    ("renamed-shares", Supply, "Names of shares", One(nodes::renamed)),
    ("node-labels", Supply, "Node labels", One(nodes::node_labels)),
    ("tiers", Supply, "Tiers", One(nodes::tiers)),
    ("enforced", Boundary, "Enforced namespaces", One(keys::enforced)),
    ("breaches", Boundary, "Breaches", Many(neighbours::breaches)),
    ("uncovered-pods", Boundary, "Uncovered pods", Many(neighbours::uncovered)),
    ("outsiders", Boundary, "Outsiders", Many(neighbours::outsiders)),
    ("closed-nodes", Boundary, "Closed nodes", One(neighbours::closed)),
    ("schedulers", Boundary, "Schedulers", One(nodes::schedulers)),
];
