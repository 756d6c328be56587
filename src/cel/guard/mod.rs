//! The guard: admission policies for the API server. Without a running slicegate they close enforced namespaces and
//! protect labels, and do not affect other pods.
//!
//! Everything is generated from the data the decision uses, for one policy; `tests/guard_twin` says the same
//! in Rust. Other namespaces and the fleet are not seen from here, so a claim on another's boundary that lacks
//! consent, and whatever depends on supply, is the webhook's alone.

mod bypass;
mod current;
mod ephemeral;
mod injected;
mod labels;
mod live;
mod markers;
mod object;
mod paths;
mod privileges;
mod receipt;
mod rule;
mod runtime;
mod scope;
mod selectors;
mod tenancy;

use serde_json::Value;

use crate::engine::{ExcludedNamespaces, Policy, RuntimeClasses};

pub use current::{is_current, says};

/// What Kubernetes 1.30 and newer take: policies that refuse, each with its binding. Namespaces that are never asked
/// about are open here too. `classes` are the RuntimeClasses of the cluster, whose handlers CEL cannot see.
pub fn validating(
    policy: &Policy,
    excluded: &ExcludedNamespaces,
    classes: &RuntimeClasses,
) -> Vec<Value> {
    let enforced = scope::enforced(policy, excluded);
    let policies = [
        markers::policy(policy, &enforced),
        bypass::policy(policy, &enforced, classes),
        ephemeral::policy(policy, &enforced, classes),
        labels::policy(policy, &enforced),
        live::policy(policy, enforced),
    ];
    let objects = policies.map(|admission| admission.objects(policy, excluded));
    objects.into_iter().flatten().collect()
}

/// What Kubernetes 1.36 and newer take besides: the policy that removes receipts from what users send.
///
/// Apart from the others because an older API server does not know the kind, and would take nothing of the file.
pub fn mutating(policy: &Policy) -> Vec<Value> {
    receipt::objects(policy)
}
