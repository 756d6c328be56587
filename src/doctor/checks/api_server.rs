//! The API server: its version and its clock.

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Clocks, seen, unusable};

/// The first version with ValidatingAdmissionPolicy v1.
const OLDEST: u32 = 30;

/// Certificates are compared with clocks; logs and events, too.
const APART: i64 = 60;

pub(super) fn version(assessment: &Assessment<'_>) -> Findings {
    let version = seen(&assessment.gathered.version)?;
    let called = version["gitVersion"].as_str().unwrap_or("no version");
    let minor = assessment
        .minor()
        .ok_or_else(|| unusable(format!("its version is {called}, which is not understood")))?;
    let finding = if minor >= OLDEST {
        Finding::ok(called)
    } else {
        Finding::fail(
            format!("{called}: the guard needs 1.{OLDEST}"),
            "upgrade the cluster; until then nothing is closed while slicegate is down",
        )
    };
    Ok(vec![finding])
}

pub(super) fn clock(assessment: &Assessment<'_>) -> Findings {
    let Clocks { server, here } = *seen(&assessment.gathered.clocks)?;
    let ahead = server - here;
    let finding = if ahead.abs() < APART {
        Finding::ok("this machine and the API server agree on the time")
    } else {
        Finding::warn(
            format!(
                "the API server is {} s {} this machine",
                ahead.abs(),
                if ahead > 0 { "ahead of" } else { "behind" }
            ),
            "set both by the same time service: certificates of one side may not be valid yet for \
             the other",
        )
    };
    Ok(vec![finding])
}
