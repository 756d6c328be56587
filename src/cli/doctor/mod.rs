//! `slicegate doctor`: asks a cluster, and says whether slicegate works there and the boundary is guaranteed.

mod gather;

use anyhow::Context as _;

use super::args::DoctorArgs;
use super::live::{connect, runtime};
use super::progress::Progress;
use super::{DENIED, DONE, UNUSABLE, output, render};
use crate::doctor::{self, Severity};
use crate::report::doctor::{Caller, DoctorReport};

pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let policy = args.policy.as_ref().map(|path| {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("--policy: failed to read {path}"))?;
        anyhow::Ok((path.clone(), text))
    });
    let policy = policy.transpose()?;
    let (gathered, caller) = runtime()?.block_on(async {
        let cluster = connect(&args.cluster).await?;
        let source = cluster.address();
        let _progress = Progress::start(format!("asking {source}"));
        let gathered = gather::all(&cluster, &args.namespace, policy).await?;
        let caller = Caller {
            server: source.to_owned(),
            by: cluster.user().to_owned(),
            user: None,
        };
        anyhow::Ok((gathered, caller))
    })?;
    let lines = doctor::examine(&gathered);
    let grant = doctor::grant(&gathered, &lines);
    let report = DoctorReport::of(caller, &gathered, &lines, grant.as_ref());
    output::value(&report, args.output, || {
        render::doctor::render(&report, &lines, grant.as_ref())
    })?;
    let worst = lines.iter().map(|line| line.finding.severity).max();
    Ok(match worst {
        // Nothing is known to be well.
        _ if grant.is_some_and(|grant| grant.is_blind) => UNUSABLE,
        Some(Severity::Fail) => DENIED,
        _ => DONE,
    })
}
