//! `slicegate catalog`: what slicegate knows without being told.

use super::args::ListArgs;
use super::{DONE, output, render};
use crate::config::{fleet, policy};
use crate::report::catalog::Catalog;

pub(crate) fn run(args: &ListArgs) -> anyhow::Result<u8> {
    let catalog = Catalog::of(&fleet::assumed(&policy::built_in()?)?);
    output::value(&catalog, args.output, || render::catalog::render(&catalog))?;
    Ok(DONE)
}
