//! `slicegate doctor`: asks a cluster, and says whether slicegate works there and the boundary is guaranteed.

mod gather;
mod report;
mod text;

use anyhow::Context as _;

use super::args::DoctorArgs;
use super::live::{connect, runtime};
use super::progress::Progress;
use super::{DENIED, DONE, UNUSABLE, output};
use crate::doctor::{self, Severity};

/// Runs it and returns the exit status.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let policy = args.policy.as_ref().map(|path| {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("--policy: failed to read {path}"))?;
        anyhow::Ok((path.clone(), text))
    });
    let policy = policy.transpose()?;
    let (gathered, asked) = runtime()?.block_on(async {
        let cluster = connect(&args.cluster).await?;
        let source = cluster.address();
        let _progress = Progress::start(format!("asking {source}"));
        let gathered = gather::all(&cluster, &args.namespace, policy).await?;
        anyhow::Ok((gathered, report::Asked::of(&cluster)))
    })?;
    let lines = doctor::examine(&gathered);
    let grant = doctor::grant(&gathered, &lines);
    let report = report::Report::of(asked, &gathered, &lines, grant.as_ref());
    output::value(&report, args.output, || {
        text::render(&report, &lines, grant.as_ref())
    })?;
    let worst = lines.iter().map(|line| line.finding.severity).max();
    Ok(match worst {
        // Nothing is known to be well.
        _ if grant.is_some_and(|grant| grant.is_blind) => UNUSABLE,
        Some(Severity::Fail) => DENIED,
        _ => DONE,
    })
}
