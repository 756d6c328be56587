//! `slicegate review`: the whole decision, offline, on manifests.

use super::args::ReviewArgs;
use super::{DENIED, DONE, UNUSABLE, input, output, report};
use crate::config::documents;

/// Runs it and returns the exit status.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    let world = input::world(&args.world)?;
    let mut assumptions = Vec::new();
    if args.world.nodes.is_none() {
        assumptions
            .push("no --nodes: an assumed fleet is used (slicegate catalog prints it)".to_owned());
    }
    if args.world.namespaces.is_none() {
        assumptions.push("no --namespaces: every namespace counts as enforce".to_owned());
    }
    let report = report::build(&world, documents::read(&args.files), assumptions);
    report::print(&report, args.output)?;
    for problem in &report.unreadable {
        output::complain(problem);
    }
    Ok(
        match (report.unreadable.is_empty(), report.summary.denied) {
            (false, _) => UNUSABLE,
            (true, 0) => DONE,
            (true, _) => DENIED,
        },
    )
}
