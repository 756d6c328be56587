//! Policy, fleet and namespaces of a command, from files or built in.

use anyhow::Context as _;

use super::args::WorldArgs;
use crate::admission::World;
use crate::config::{fleet, policy};
use crate::engine::{Namespaces, Policy, RuntimeClasses};

/// Reads what a judgement is made against.
pub(crate) fn world(args: &WorldArgs) -> anyhow::Result<World> {
    let policy = self::policy(args.policy.as_deref())?;
    let (supply, classes) = match &args.nodes {
        Some(path) => fleet::from_file(path, &policy).context("--nodes")?,
        None => (fleet::assumed(&policy)?, RuntimeClasses::default()),
    };
    let namespaces = match &args.namespaces {
        Some(path) => fleet::namespaces(path).context("--namespaces")?,
        None => Namespaces::assumed(),
    };
    let never = args.never_match.clone().unwrap_or_default();
    let namespaces = namespaces.with_never_matched(never);
    Ok(World::new(policy, supply, namespaces).with_runtime_classes(classes))
}

/// The policy of a file, or the built-in one.
pub(crate) fn policy(path: Option<&str>) -> anyhow::Result<Policy> {
    let Some(path) = path else {
        return Ok(policy::built_in()?);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("--policy: failed to read {path}"))?;
    Ok(policy::read(path, &text)?)
}
