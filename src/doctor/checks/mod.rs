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
mod placement;
mod policies;
mod quotas;
mod reached;
mod registration;
mod service;
mod starting;

use super::assessment::Assessment;
use super::causes;
use super::finding::Group::{self, Boundary, Guard, Installation, Policy, Supply};
use super::finding::{Finding, Line};
use super::gathered::{Gathered, Observation};

use Run::{Many, One};

/// Every check of a cluster, in the order of the groups.
pub fn examine(gathered: &Gathered) -> Vec<Line> {
    let assessment = Assessment::of(gathered);
    let is_here = !installed::is_not_here(&assessment);
    let mut lines = Vec::new();
    for check in ALL {
        if !is_here && !WITHOUT.contains(&check.id) {
            continue;
        }
        let findings = match check.run {
            One(run) => run(&assessment).map(|finding| vec![finding]),
            Many(run) => run(&assessment),
        };
        let findings = findings.unwrap_or_else(|unseen| vec![unseen.into()]);
        lines.extend(findings.into_iter().map(|finding| Line {
            check: check.id,
            group: check.group,
            title: check.title,
            finding,
            follows: None,
        }));
    }
    causes::trace(&assessment, &mut lines);
    lines
}

/// One check.
pub(super) struct Check {
    pub(super) id: &'static str,
    group: Group,
    title: &'static str,
    run: Run,
}

/// The function of a check: it finds one thing, or at least one.
enum Run {
    One(fn(&Assessment<'_>) -> Observation<Finding>),
    Many(fn(&Assessment<'_>) -> Observation<Vec<Finding>>),
}

const fn check(id: &'static str, group: Group, title: &'static str, run: Run) -> Check {
    Check {
        id,
        group,
        title,
        run,
    }
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
    check("api-server", Installation, "API server", One(api_server::version)),
    check("clock", Installation, "Clock", One(api_server::clock)),
    check("installed", Installation, "Installed", One(installed::installed)),
    check("namespace", Installation, "Own namespace", One(deployment::namespace)),
    check("deployment", Installation, "Deployment", One(deployment::deployment)),
    check("availability", Installation, "Availability", Many(deployment::availability)),
    check("sources", Installation, "What it reads", One(deployment::sources)),
    check("rights", Installation, "Rights", Many(deployment::rights)),
    check("service", Installation, "Service", One(service::service)),
    check("endpoints", Installation, "Endpoints", One(service::endpoints)),
    check("mutating-webhook", Installation, "Mutating webhook", Many(registration::mutating)),
    check("validating-webhook", Installation, "Validating webhook", Many(registration::validating)),
    check("other-webhooks", Installation, "Other webhooks", One(registration::others)),
    check("certificate-authority", Installation, "Trusted authority", One(certificate::authority)),
    check("certificate", Installation, "Certificate", One(certificate::certificate)),
    check("reached", Installation, "Asked about pods", One(reached::webhook)),
    check("policy", Policy, "Policy in force", One(policies::in_force)),
    check("other-policies", Policy, "Other policies", Many(policies::others)),
    check("namespace-modes", Policy, "Modes", Many(keys::modes)),
    check("namespace-keys", Policy, "Keys", Many(keys::written)),
    check("namespace-tiers", Policy, "Tiers asked for", Many(keys::tiers)),
    check("closed-namespaces", Policy, "Closed namespaces", Many(closed::namespaces)),
    check("namespace-boundaries", Policy, "Boundary names", Many(boundaries::claims)),
    check("boundary-members", Policy, "Boundary members", Many(boundaries::members)),
    check("gpu-quotas", Policy, "GPU quotas", Many(quotas::names)),
    check("affinity-quotas", Policy, "Affinity quotas", Many(quotas::affinity)),
    check("guard-objects", Guard, "Guard's objects", Many(guard::objects)),
    check("guard-in-force", Guard, "Guard in force", One(reached::guard)),
    check("guard-receipts", Guard, "Forged receipts", Many(guard::receipts)),
    check("gpu-nodes", Supply, "GPU nodes", Many(nodes::known)),
    check("silent-nodes", Supply, "Device plugin", One(nodes::silent)),
    check("mig-state", Supply, "MIG manager", Many(nodes::mig_state)),
    check("renamed-shares", Supply, "Names of shares", One(nodes::renamed)),
    check("node-labels", Supply, "Node labels", One(placement::node_labels)),
    check("tiers", Supply, "Tiers", One(nodes::tiers)),
    check("enforced", Boundary, "Enforced namespaces", One(keys::enforced)),
    check("breaches", Boundary, "Breaches", Many(neighbours::breaches)),
    check("uncovered-pods", Boundary, "Uncovered pods", Many(neighbours::uncovered)),
    check("outsiders", Boundary, "Outsiders", Many(neighbours::outsiders)),
    check("closed-nodes", Boundary, "Closed nodes", One(neighbours::closed)),
    check("schedulers", Boundary, "Schedulers", One(placement::schedulers)),
];
