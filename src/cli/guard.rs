//! `slicegate guard`: the admission policies for one SharingPolicy, for kubectl apply.

use super::args::GuardArgs;
use super::{DONE, input, output};
use crate::guard;

/// Prints the objects and returns the exit status.
pub(crate) fn run(args: &GuardArgs) -> anyhow::Result<u8> {
    let policy = input::policy(args.policy.as_deref())?;
    let never = args.never_match.clone().unwrap_or_default();
    let mut objects = guard::validating(&policy, &never);
    // Last, because an API server before 1.36 does not know the kind.
    objects.extend(guard::mutating(&policy));
    output::print(&output::manifests(&objects, args.output)?)?;
    Ok(DONE)
}
