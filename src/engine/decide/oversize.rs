//! The decision about a pod that exceeds a limit. No other rule is applied.

use crate::engine::line::{Decision, Reason};
use crate::engine::relevance::pod_size::Excess;
use crate::engine::rules::too_large;
use crate::engine::vocabulary::pod_limits::PATCH;
use crate::engine::vocabulary::{Finding, Findings, Mode, Policy, Severity};

pub(super) fn oversize<'a>(excess: Excess, policy: &Policy, mode: Mode) -> Decision<'a> {
    let mut findings = Findings::new(policy);
    too_large::refuse(excess, &mut findings);
    Decision::new(mode, findings.into_list(), Vec::new(), Reason::Findings)
}

/// Turns a decision into a denial because its patch has too many bytes.
pub fn unwritable<'a>(decision: Decision<'a>, bytes: usize) -> Decision<'a> {
    let (message, fix) = too_large::text(Excess {
        limit: &PATCH,
        found: Some(bytes),
    });
    let mut findings = decision.findings;
    findings.push(Finding {
        rule: &too_large::RULE,
        severity: Severity::Deny,
        path: String::new(),
        message,
        fix,
    });
    Decision {
        tier: decision.tier,
        boundary: decision.boundary,
        ..Decision::new(decision.mode, findings, Vec::new(), Reason::Findings)
    }
}
