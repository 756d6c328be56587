//! The API server: its version and its clock.

use super::super::finding::Finding;
use super::super::gathered::Clocks;
use super::super::scene::{Scene, seen, unusable};
use super::Findings;

/// The first version with ValidatingAdmissionPolicy v1.
const OLDEST: u32 = 30;

/// Certificates are compared with clocks; logs and events, too.
const APART: i64 = 60;

pub(super) fn version(scene: &Scene<'_>) -> Findings {
    let version = seen(&scene.gathered.version)?;
    let called = version["gitVersion"].as_str().unwrap_or("no version");
    let minor = scene
        .minor()
        .ok_or_else(|| unusable(format!("its version is {called}, which is not understood")))?;
    let finding = match minor >= OLDEST {
        true => Finding::ok(called),
        false => Finding::fail(
            format!("{called}: the guard needs 1.{OLDEST}"),
            "upgrade the cluster; until then nothing is closed while slicegate is down",
        ),
    };
    Ok(vec![finding])
}

pub(super) fn clock(scene: &Scene<'_>) -> Findings {
    let Clocks { server, here } = *seen(&scene.gathered.clocks)?;
    let ahead = server - here;
    let finding = match ahead.abs() < APART {
        true => Finding::ok("this machine and the API server agree on the time"),
        false => Finding::warn(
            format!(
                "the API server is {} s {} this machine",
                ahead.abs(),
                if ahead > 0 { "ahead of" } else { "behind" }
            ),
            "set both by the same time service: certificates of one side may not be valid yet for \
             the other",
        ),
    };
    Ok(vec![finding])
}
