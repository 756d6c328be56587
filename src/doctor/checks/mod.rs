//! The checks: a function each, and the table that says what they are called. A new one is a line there.

mod api_server;
mod boundaries;
mod certificate;
mod closed;
mod deployment;
mod guard;
mod installed;
mod keys;
mod namespaces;
mod neighbours;
mod nodes;
mod placement;
mod policies;
mod quotas;
mod reached;
mod registration;
mod rights;
mod service;
mod starting;
mod tiers;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::Findings;
use crate::doctor::finding::Group::{self, Boundary, Guard, Installation, Policy, Supply};

pub(super) use installed::is_not_here;

/// One check.
pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) group: Group,
    pub(super) title: &'static str,
    pub(super) run: fn(&Assessment<'_>) -> Findings,
}

const fn check(
    id: &'static str,
    group: Group,
    title: &'static str,
    run: fn(&Assessment<'_>) -> Findings,
) -> Check {
    Check {
        id,
        group,
        title,
        run,
    }
}

/// What is of use before slicegate is there.
pub(super) const WITHOUT: [&str; 5] = [
    "api-server",
    "installed",
    "gpu-nodes",
    "silent-nodes",
    "tiers",
];

/// All of them, group by group; what others depend on comes first.
#[rustfmt::skip]
pub(super) static ALL: &[Check] = &[
    check("api-server", Installation, "API server", api_server::version),
    check("clock", Installation, "Clock", api_server::clock),
    check("installed", Installation, "Installed", installed::installed),
    check("namespace", Installation, "Own namespace", deployment::namespace),
    check("deployment", Installation, "Deployment", deployment::deployment),
    check("availability", Installation, "Availability", deployment::availability),
    check("sources", Installation, "What it reads", deployment::sources),
    check("rights", Installation, "Rights", rights::rights),
    check("service", Installation, "Service", service::service),
    check("endpoints", Installation, "Endpoints", service::endpoints),
    check("mutating-webhook", Installation, "Mutating webhook", registration::mutating),
    check("validating-webhook", Installation, "Validating webhook", registration::validating),
    check("other-webhooks", Installation, "Other webhooks", registration::others),
    check("certificate-authority", Installation, "Trusted authority", certificate::authority),
    check("certificate", Installation, "Certificate", certificate::certificate),
    check("reached", Installation, "Asked about pods", reached::webhook),
    check("policy", Policy, "Policy in force", policies::in_force),
    check("other-policies", Policy, "Other policies", policies::others),
    check("namespace-modes", Policy, "Modes", namespaces::modes),
    check("namespace-keys", Policy, "Keys", keys::written),
    check("namespace-tiers", Policy, "Tiers asked for", keys::tiers),
    check("closed-namespaces", Policy, "Closed namespaces", closed::namespaces),
    check("namespace-boundaries", Policy, "Boundary names", boundaries::claims),
    check("boundary-members", Policy, "Boundary members", boundaries::members),
    check("gpu-quotas", Policy, "GPU quotas", quotas::names),
    check("affinity-quotas", Policy, "Affinity quotas", quotas::affinity),
    check("guard-objects", Guard, "Guard's objects", guard::objects),
    check("guard-in-force", Guard, "Guard in force", reached::guard),
    check("guard-receipts", Guard, "Forged receipts", guard::receipts),
    check("gpu-nodes", Supply, "GPU nodes", nodes::known),
    check("silent-nodes", Supply, "Device plugin", nodes::silent),
    check("mig-state", Supply, "MIG manager", nodes::mig_state),
    check("renamed-shares", Supply, "Names of shares", nodes::renamed),
    check("node-labels", Supply, "Node labels", placement::node_labels),
    check("tiers", Supply, "Tiers", tiers::served),
    check("enforced", Boundary, "Enforced namespaces", namespaces::enforced),
    check("breaches", Boundary, "Breaches", neighbours::breaches),
    check("uncovered-pods", Boundary, "Uncovered pods", neighbours::uncovered),
    check("outsiders", Boundary, "Outsiders", neighbours::outsiders),
    check("closed-nodes", Boundary, "Closed nodes", neighbours::closed),
    check("schedulers", Boundary, "Schedulers", placement::schedulers),
];
