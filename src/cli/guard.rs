//! `slicegate guard`: the admission policies for one SharingPolicy, for kubectl apply.

use anyhow::Context as _;

use super::args::GuardArgs;
use super::{DONE, output, state};
use crate::cel::guard;
use crate::config::fleet;
use crate::engine::RuntimeClasses;

pub(crate) fn run(args: &GuardArgs) -> anyhow::Result<u8> {
    let policy = state::policy(args.policy.as_deref())?;
    let never = args.never_match.clone().unwrap_or_default();
    let classes = match &args.runtime_classes {
        Some(path) => fleet::runtime_classes(&state::file(path)).context("--runtime-classes")?,
        None => RuntimeClasses::default(),
    };
    let mut objects = guard::validating(&policy, &never, &classes);
    // Last, because an API server before 1.36 does not know the kind.
    objects.extend(guard::mutating(&policy));
    output::print(&output::manifests(&objects, args.output)?)?;
    Ok(DONE)
}
