//! The API server: its version and its clock.

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::Finding;
use crate::doctor::gathered::{Clocks, Observation, Unseen};

/// The first version with ValidatingAdmissionPolicy v1.
const OLDEST: u32 = 30;

/// Clocks may differ by fewer seconds: certificates, logs and events depend on them.
const APART: i64 = 60;

pub(super) fn version(assessment: &Assessment<'_>) -> Observation<Finding> {
    let version = assessment.gathered.version.as_ref()?;
    let called = version["gitVersion"].as_str().unwrap_or("no version");
    let Some(minor) = assessment.minor() else {
        let problem = format!("its version is {called}, which is not understood");
        return Err(Unseen::unusable(problem));
    };
    if minor >= OLDEST {
        return Ok(Finding::ok(called));
    }
    let message = format!("{called}: the guard needs 1.{OLDEST}");
    let fix = "upgrade the cluster; until then nothing is closed while slicegate is down";
    Ok(Finding::fail(message, fix))
}

pub(super) fn clock(assessment: &Assessment<'_>) -> Observation<Finding> {
    let Clocks { server, here } = assessment.gathered.clocks.as_ref()?;
    let ahead = server - here;
    if ahead.abs() < APART {
        let message = "this machine and the API server agree on the time";
        return Ok(Finding::ok(message));
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let message = format!("the API server is {} s {side} this machine", ahead.abs());
    let fix = "set both by the same time service: certificates of one side may not be valid yet for the other";
    Ok(Finding::warn(message, fix))
}
